"""What shoppers do, and what is suggested to them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.access import Gateway, Reader, Teller, problems
from services.gateway.cursors import place_of
from services.gateway.impressions import shown
from services.gateway.results import results_of
from shared.contracts.api import EventsAccepted, EventsIn
from shared.contracts.fields import MAX_LIMIT, UserId
from shared.contracts.internal import SuggestRequest
from shared.contracts.search import Suggestions

router = APIRouter(prefix="/v1", tags=["shoppers"])


@router.post(
    "/events",
    summary="Tell what shoppers did",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(400, 422),
)
def post_events(body: EventsIn, caller: Teller, gateway: Gateway) -> EventsAccepted:
    """`id` is yours; the same id again is counted once. An event for an item that the shop never had is refused."""
    return gateway.catalogue.accept_events(caller.tenant, body.events)


@router.get(
    "/users/{user_id}/suggestions",
    summary="What to show to a shopper",
    response_model_exclude_none=True,
    responses=problems(422, 503),
)
async def get_suggestions(
    user_id: UserId, caller: Reader, gateway: Gateway, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20
) -> Suggestions:
    """Each with its true reason. Who is not known yet (`cold`) gets what is popular and new."""
    found = await gateway.recommender.suggest(SuggestRequest(tenant=caller.tenant, user_id=user_id, limit=limit))
    suggestions = await asyncio.to_thread(results_of, gateway.listing, caller.tenant, found.hits)
    place = place_of(gateway.signer, None)
    gateway.impressions.note(caller.tenant, shown(place, "for-you", suggestions, found, user_id))
    return Suggestions(suggestions=suggestions, cold=found.cold, search_id=place.search_id)
