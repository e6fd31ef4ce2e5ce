"""Copies found, over HTTP: asked by the gateway, not reachable by shops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.authenticity.copies.consents import Consents
from services.authenticity.copies.queue import Queue
from shared.contracts.fields import MAX_LIMIT, TenantId
from shared.contracts.lookalikes import (
    ConsentSaid,
    DecisionSaid,
    Degree,
    Lookalike,
    LookalikeConsent,
    LookalikeId,
    LookalikePage,
    LookalikeState,
    LookalikeThresholds,
)

_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
_Before = Annotated[int | None, Query(ge=1, lt=2**63)]


def copies_router(queue: Queue, consents: Consents) -> APIRouter:
    api = APIRouter()

    @api.get("/lookalikes", summary="What was found for a shop")
    def get_lookalikes(
        tenant: TenantId,
        limit: _Limit,
        before: _Before = None,
        state: LookalikeState | None = None,
        degree: Degree | None = None,
    ) -> LookalikePage:
        return queue.page(tenant, limit, before, state, degree)

    @api.get("/lookalikes/{lookalike_id}", summary="One of them")
    def get_lookalike(lookalike_id: LookalikeId, tenant: TenantId) -> Lookalike:
        return queue.get(tenant, lookalike_id)

    @api.post("/lookalikes/{lookalike_id}/decision", summary="What a person says of it")
    def post_decision(lookalike_id: LookalikeId, tenant: TenantId, said: DecisionSaid) -> Lookalike:
        return queue.decide(tenant, lookalike_id, said.decision)

    @api.get("/lookalike-consent", summary="Whether a shop consents")
    def get_consent(tenant: TenantId) -> LookalikeConsent:
        return consents.get(tenant)

    @api.put("/lookalike-consent", summary="A shop consents, or takes it back")
    def put_consent(tenant: TenantId, said: ConsentSaid) -> LookalikeConsent:
        return consents.put(tenant, said.consents)

    @api.get("/lookalike-thresholds", summary="From which score on a shop hears of something")
    def get_thresholds(tenant: TenantId) -> LookalikeThresholds:
        return queue.thresholds(tenant)

    return api
