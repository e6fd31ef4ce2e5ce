"""Where the shop's pictures are."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

from fastapi import APIRouter

from services.gateway.access import Gateway, Reader, problems
from shared.contracts.api import Status
from shared.contracts.routes import Service
from shared.errors import Retryable

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get("/status", summary="Counts of items and pictures, and what waits", responses=problems())
def get_status(caller: Reader, gateway: Gateway) -> Status:
    """`outbox`: messages of this shop whose outcome has not come back. `queues` is empty while the broker is away."""
    status = gateway.listing.status(caller.tenant)
    try:
        status.queues = {queue: asdict(gateway.broker.depth(queue)) for queue in get_args(Service)}
    except Retryable:
        status.queues = {}
    return status
