"""What shoppers do."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from services.gateway.access import CHANGES, Admin, Gateway, Teller, problems
from services.gateway.impressions import Whose
from services.gateway.routes.forms import events_body, is_json
from services.gateway.told_events import take_events
from shared.contracts.api import EventsAccepted
from shared.contracts.fields import SessionId, UserId
from shared.errors import BadRequest

router = APIRouter(prefix="/v1", tags=["shoppers"])


@router.post(
    "/events",
    summary="Tell what shoppers did",
    status_code=202,
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses=problems(400, 413, 422),
    openapi_extra=events_body(),
)
async def post_events(request: Request, caller: Teller, gateway: Gateway) -> EventsAccepted:
    """`id` is yours; the same id again is counted once. Each event is taken or refused by itself: the answer tells of
    each that is not, with its place in the batch, why, and the path of the bad field. When none is taken it is 422.

    An event with `user_id` and `session_id` tells that the visit is this user's, once for all: what was done in it
    without a `user_id`, before and after, counts as the user's. An event of an item that the shop never had is refused.
    """
    if not is_json(request):
        raise BadRequest("The body is no JSON. Send UTF-8 JSON with Content-Type application/json.")
    return await asyncio.to_thread(take_events, gateway.shoppers, caller.tenant, await request.body())


@router.delete(
    "/users/{user_id:shopper}",
    summary="Erase a shopper",
    status_code=202,
    response_class=Response,
    responses=problems(503),
)
def delete_user(user_id: UserId, caller: Admin, gateway: Gateway) -> None:
    """All that is kept of the user goes within moments: what they did, in visits that were theirs too, and what they
    were shown. Who comes again by the same name is somebody new. It is no failure that nothing was kept.
    """
    gateway.erasures.ask(caller.tenant, Whose(user_id=user_id))


@router.delete(
    "/sessions/{session_id:shopper}",
    summary="Erase a visit",
    status_code=202,
    response_class=Response,
    responses=problems(503),
)
def delete_session(session_id: SessionId, caller: Admin, gateway: Gateway) -> None:
    """All that is kept of a visit of somebody who is not logged in goes within moments, and whose visit it was. What
    was done in it by who had logged in is that user's, and goes with the user.
    """
    gateway.erasures.ask(caller.tenant, Whose(session_id=session_id))
