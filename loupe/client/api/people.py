"""What shoppers may ask of a shop: that all which is kept of them goes, or is told."""

from __future__ import annotations

import time
from collections.abc import Sequence

from loupe.client.calls import Call, Pause, Steps, answer, json_body, nothing
from loupe.client.errors import NoAnswer
from shared.contracts.people import Erasure, ErasureIn, Export

_LOOK_SECONDS = 0.5


def start_erasing_user(user_id: str, *, also: Sequence[str] = ()) -> Call[Erasure]:
    """As `erase_user`, and it tells how far it is. `also`: other words that name them, as an e-mail address."""
    body = json_body(ErasureIn(also=list(also)))
    return Call("POST", "/v1/users/{user_id}:erase", answer(Erasure), {"user_id": user_id}, body=body)


def start_erasing_session(session_id: str, *, also: Sequence[str] = ()) -> Call[Erasure]:
    """As `erase_session`, and it tells how far it is."""
    body = json_body(ErasureIn(also=list(also)))
    return Call("POST", "/v1/sessions/{session_id}:erase", answer(Erasure), {"session_id": session_id}, body=body)


def forget_visitor(visitor_id: str) -> Call[None]:
    """Forget a browser by the name that our page made for it: `page-` and 24 hexadecimal digits."""
    return Call("POST", "/v1/visitors/{visitor_id}:forget", nothing, {"visitor_id": visitor_id})


def erasure(erasure_id: str) -> Call[Erasure]:
    """How far an erasure is; once it is done, with its signed receipt."""
    return Call("GET", "/v1/erasures/{erasure_id}", answer(Erasure), {"erasure_id": erasure_id})


def wait_for_erasure(erasure_id: str, *, seconds: float = 60.0) -> Steps[Erasure]:
    """The erasure once it is done. Raises `NoAnswer` after `seconds`."""
    until = time.monotonic() + seconds
    while (now := (yield erasure(erasure_id))).state == "running":
        if time.monotonic() > until:
            raise NoAnswer(f"Erasure {erasure_id} is still running after {seconds:g} s. Ask again later.")
        yield Pause(_LOOK_SECONDS)
    done: Erasure = now
    return done


def export_user(user_id: str) -> Call[Export]:
    """Have all that is kept of a user gathered; `export` says when it is there."""
    return Call("POST", "/v1/users/{user_id}:export", answer(Export), {"user_id": user_id})


def export_session(session_id: str) -> Call[Export]:
    """Have all that is kept of a visit gathered."""
    return Call("POST", "/v1/sessions/{session_id}:export", answer(Export), {"session_id": session_id})


def export(export_id: str) -> Call[Export]:
    """How far an export is."""
    return Call("GET", "/v1/exports/{export_id}", answer(Export), {"export_id": export_id})


def export_data(export_id: str) -> Call[bytes]:
    """A zip of JSON Lines, for a day."""
    route = "/v1/exports/{export_id}/data"
    return Call("GET", route, lambda response: response.content, {"export_id": export_id})
