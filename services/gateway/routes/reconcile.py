"""The comparison of the shop's stores."""

from __future__ import annotations

from fastapi import APIRouter

from services.gateway.access import Admin, Gateway, problems
from shared.contracts.api import ReconcileReport

router = APIRouter(prefix="/v1/admin", tags=["operations"])


@router.post(
    "/reconcile",
    summary="Compare catalogue, object store and index now, and repair what differs",
    status_code=202,
    responses=problems(),
)
def post_reconcile(caller: Admin, gateway: Gateway) -> ReconcileReport:
    """Goes on by itself; ask for the report with GET. When one is running already, this is it."""
    return gateway.reconciler.start(caller.tenant)


@router.get("/reconcile", summary="The newest comparison", responses=problems(404))
def get_reconcile(caller: Admin, gateway: Gateway) -> ReconcileReport:
    return gateway.reconciler.report(caller.tenant)
