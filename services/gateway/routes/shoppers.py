"""What shoppers do."""

from __future__ import annotations

from fastapi import APIRouter

from services.gateway.access import Gateway, Teller, problems
from shared.contracts.api import EventsAccepted, EventsIn

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
