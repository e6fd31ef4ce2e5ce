"""Where the shop's pictures are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import get_args

from fastapi import APIRouter

from services.gateway.access import Gateway, Reader, problems
from shared.contracts.api import Status
from shared.contracts.routes import Service
from shared.contracts.usage import Usage
from shared.errors import Retryable

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get("/status", summary="Counts of items and pictures, and what waits", responses=problems())
def get_status(caller: Reader, gateway: Gateway) -> Status:
    """`outbox`: messages of this shop whose outcome has not come back. `queues`, which all shops share, is for keys
    with the scope `operator`, and empty for others and while the broker is away."""
    status = gateway.listing.status(caller.tenant)
    if "operator" not in caller.scopes:
        return status
    try:
        status.queues = {queue: asdict(gateway.broker.depth(queue)) for queue in get_args(Service)}
    except Retryable:
        status.queues = {}
    return status


@router.get("/usage", summary="What the shop has, and may have", response_model_exclude_none=True, responses=problems())
async def get_usage(caller: Reader, gateway: Gateway) -> Usage:
    """Each as it is `used`, with the `limit` where there is one. What would pass a limit is refused with 403 and the
    type `quota-exceeded`, requests with 429."""
    uses = await asyncio.to_thread(gateway.quotas.uses, caller.tenant)
    return Usage(**uses, requests=await gateway.limiter.today(caller.tenant, caller.daily_limit))
