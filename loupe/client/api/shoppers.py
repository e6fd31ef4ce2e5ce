"""What shoppers do, and what to show to them."""

from __future__ import annotations

from collections.abc import Sequence

from loupe.client.calls import Call, answer, json_body, nothing
from shared.contracts.api import EventsAccepted, EventsIn
from shared.contracts.internal import Context, Experiment
from shared.contracts.search import Suggestions, SuggestionsBatch, SuggestionsBatchAnswer
from shared.contracts.user_events import UserEvent


def send_events(events: Sequence[UserEvent]) -> Call[EventsAccepted]:
    """Tell up to 1,000 things that shoppers did. What is accepted is kept; `rejected` says which were not, and why.

    Raises `Invalid` when none is taken. The same `id` again is counted once.
    """
    body = json_body(EventsIn(events=list(events)))
    return Call("POST", "/v1/events", answer(EventsAccepted), body=body)


def suggestions(
    user_id: str, *, limit: int = 20, context: Context = "home", skus: Sequence[str] = ()
) -> Call[Suggestions]:
    """What a page shows to a user; `skus` are what an item's or a cart's page shows beside."""
    params = {"limit": limit, "context": context, "sku": list(skus)}
    return Call("GET", "/v1/users/{user_id}/suggestions", answer(Suggestions), {"user_id": user_id}, params)


def session_suggestions(
    session_id: str, *, limit: int = 20, context: Context = "home", skus: Sequence[str] = ()
) -> Call[Suggestions]:
    """As `suggestions`, for a visitor who is not logged in."""
    params = {"limit": limit, "context": context, "sku": list(skus)}
    return Call("GET", "/v1/sessions/{session_id}/suggestions", answer(Suggestions), {"session_id": session_id}, params)


def suggestions_for_many(user_ids: Sequence[str], *, limit: int = 20) -> Call[SuggestionsBatchAnswer]:
    """What to write to up to 100 users: one entry each, in their order."""
    body = json_body(SuggestionsBatch(user_ids=list(user_ids), limit=limit))
    return Call("POST", "/v1/suggestions:batch", answer(SuggestionsBatchAnswer), body=body, reads=True)


def erase_user(user_id: str) -> Call[None]:
    """Forget all that is kept of a user. Accepted: it is done soon, whatever happens."""
    return Call("DELETE", "/v1/users/{user_id}", nothing, {"user_id": user_id})


def erase_session(session_id: str) -> Call[None]:
    """Forget all that is kept of a visit. Accepted: it is done soon, whatever happens."""
    return Call("DELETE", "/v1/sessions/{session_id}", nothing, {"session_id": session_id})


def experiment() -> Call[Experiment]:
    """The experiment that runs; `NotFound` when none does."""
    return Call("GET", "/v1/experiment", answer(Experiment))


def put_experiment(experiment: Experiment) -> Call[Experiment]:
    """Compare ways to rank suggestions, in place of the experiment that runs."""
    return Call("PUT", "/v1/experiment", answer(Experiment), body=json_body(experiment))


def stop_experiment() -> Call[None]:
    """Rank for all shoppers alike, from the next call on."""
    return Call("DELETE", "/v1/experiment", nothing)
