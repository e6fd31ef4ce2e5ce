"""What to show to shoppers, on the shop's pages and in letters, and the shop's experiment on how it is ranked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query

from services.gateway import metrics
from services.gateway.access import Admin, Gateway, Parts, Reader, problems
from services.gateway.cursors import place_of
from services.gateway.impressions import Whose, shown
from services.gateway.results import results_of, results_of_lists
from services.gateway.spoken import Spoken
from shared.contracts.fields import MAX_LIMIT, SessionId, Sku, UserId
from shared.contracts.internal import (
    MAX_CONTEXT_SKUS,
    Context,
    Experiment,
    ExperimentOf,
    HitList,
    SuggestBatchRequest,
    SuggestRequest,
)
from shared.contracts.references import Language
from shared.contracts.search import Result, Suggestions, SuggestionsBatch, SuggestionsBatchAnswer, UserSuggestions
from shared.errors import InvalidInput, NotFound

router = APIRouter(prefix="/v1", tags=["shoppers"])

_LETTERS = {"a letter to two": {"value": {"user_ids": ["anna", "boris"], "limit": 5}}}
_HALVES = {
    "learned against by hand": {
        "value": {
            "name": "ranking-2",
            "variants": {
                "by-hand": {"share": 0.5, "policy": "plain"},
                "learned": {"share": 0.5, "policy": "learned", "explore": 0.1},
            },
        }
    }
}


@dataclass(frozen=True, slots=True)
class Page:
    """The page of the shop that shows the list: its kind, what is looked at there, and the room for suggestions."""

    context: Context
    skus: list[str]
    limit: int


def page_of(
    context: Annotated[Context, Query(description="The page that shows the list.")] = "home",
    sku: Annotated[
        list[Sku] | None,
        Query(max_length=MAX_CONTEXT_SKUS, description="Of an item's page the item, of a cart's what is in it."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> Page:
    """Raises `InvalidInput` where the context and the items do not go together."""
    skus = list(dict.fromkeys(sku or ()))
    if context == "home" and skus:
        raise _bad("sku is what an item's or a cart's page shows: add context=item or context=cart, or leave sku away.")
    if context != "home" and not skus:
        raise _bad(f"context={context} needs what that page shows: add sku=..., again for each further item.")
    return Page(context, skus, limit)


def _bad(words: str) -> InvalidInput:
    return InvalidInput(words, errors=[{"path": "query.sku", "message": words}])


Shown = Annotated[Page, Depends(page_of)]


@router.get(
    "/users/{user_id}/suggestions",
    summary="What to show to a shopper",
    response_model_exclude_none=True,
    responses=problems(422, 503),
)
async def get_suggestions(
    user_id: UserId, caller: Reader, gateway: Gateway, page: Shown, language: Spoken
) -> Suggestions:
    """Each with its true reason. Who is not known yet (`cold`) gets what is popular and new."""
    return await _suggested(gateway, caller.tenant, Whose(user_id=user_id), page, language)


@router.get(
    "/sessions/{session_id}/suggestions",
    summary="What to show to a visitor who is not logged in",
    response_model_exclude_none=True,
    responses=problems(422, 503),
)
async def get_session_suggestions(
    session_id: SessionId, caller: Reader, gateway: Gateway, page: Shown, language: Spoken
) -> Suggestions:
    """By what was done in the visit; once somebody has logged in during it, by all that this user did."""
    return await _suggested(gateway, caller.tenant, Whose(session_id=session_id), page, language)


@router.post(
    "/suggestions:batch",
    summary="What to write to many shoppers",
    response_model_exclude_none=True,
    responses=problems(400, 422, 503),
)
async def post_suggestions(
    body: Annotated[SuggestionsBatch, Body(openapi_examples=_LETTERS)],
    caller: Reader,
    gateway: Gateway,
    language: Spoken,
) -> SuggestionsBatchAnswer:
    """As on the shop's first page, for up to 100 users: one entry each, in the order in which they were asked for."""
    tenant = caller.tenant
    asked = SuggestBatchRequest(tenant=tenant, user_ids=body.user_ids, limit=body.limit)
    found = (await gateway.recommender.suggest_batch(asked)).lists
    lists = await asyncio.to_thread(results_of_lists, gateway.listing, tenant, [one.hits for one in found], language)
    users = []
    for user_id, hits, suggestions in zip(body.user_ids, found, lists, strict=True):
        answer = _noted(gateway, tenant, "e-mail", hits, suggestions, Whose(user_id=user_id))
        users.append(UserSuggestions(user_id=user_id, **dict(answer)))
    return SuggestionsBatchAnswer(users=users)


@router.get("/experiment", summary="The experiment that runs", responses=problems(404, 503))
async def get_experiment(caller: Admin, gateway: Gateway) -> Experiment:
    experiment = (await gateway.recommender.experiment(caller.tenant)).experiment
    if experiment is None:
        raise NotFound("No experiment runs: all shoppers are ranked alike. PUT /v1/experiment starts one.")
    return experiment


@router.put("/experiment", summary="Compare ways to rank suggestions", responses=problems(400, 422, 503))
async def put_experiment(
    body: Annotated[Experiment, Body(openapi_examples=_HALVES)], caller: Admin, gateway: Gateway
) -> Experiment:
    """In place of the one that runs. A user stays in one variant as long as the name and the shares stay."""
    await gateway.recommender.put_experiment(ExperimentOf(tenant=caller.tenant, experiment=body))
    return body


@router.delete("/experiment", summary="Stop the experiment at once", status_code=204, responses=problems(503))
async def delete_experiment(caller: Admin, gateway: Gateway) -> None:
    """The kill switch: from the next call on all shoppers are ranked alike. It is no failure that none runs."""
    await gateway.recommender.put_experiment(ExperimentOf(tenant=caller.tenant))


async def _suggested(gateway: Parts, tenant: str, whose: Whose, page: Page, language: Language) -> Suggestions:
    found = await gateway.recommender.suggest(
        SuggestRequest(
            tenant=tenant,
            user_id=whose.user_id,
            session_id=whose.session_id,
            context=page.context,
            skus=page.skus,
            limit=page.limit,
        )
    )
    suggestions = await asyncio.to_thread(results_of, gateway.listing, tenant, found.hits, language)
    return _noted(gateway, tenant, "for-you", found, suggestions, whose)


def _noted(
    gateway: Parts,
    tenant: str,
    where: Literal["for-you", "e-mail"],
    found: HitList,
    suggestions: list[Result],
    whose: Whose,
) -> Suggestions:
    """The answer, as it is about to be shown."""
    place = place_of(gateway.signer, None)
    gateway.impressions.note(tenant, shown(place, where, suggestions, found, whose))
    metrics.count_suggested([hit.propensity for hit in found.hits])
    return Suggestions(
        suggestions=suggestions, cold=found.cold, search_id=place.search_id, variant=found.variant or None
    )
