"""Forecasts and advice over HTTP: asked by the gateway."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.inventory.advice.telling import AdviceTelling
from shared.contracts.advice import Advice, AdviceKind, AdviceOf, AdvicePage, Forecast, ForecastKind
from shared.contracts.fields import TenantId

MAX_ADVICE = 1_000
"""Of one page; the gateway's CSV reads so many at a time."""
_After = Annotated[int, Query(ge=0, le=2**31, description="next_cursor of the page before")]
_Limit = Annotated[int, Query(ge=1, le=MAX_ADVICE)]
_Name = Annotated[str, Query(max_length=128)]


def advice_router(telling: AdviceTelling) -> APIRouter:
    api = APIRouter()

    @api.get("/advice", summary="What to do, what weighs most first")
    def get_advice(
        tenant: TenantId, of: AdviceOf = "piece", kind: AdviceKind | None = None, after: _After = 0, limit: _Limit = 20
    ) -> AdvicePage:
        return telling.page(tenant, of, kind, after, limit)

    @api.get("/advice/{of}", summary="What is advised of one piece or style, with its numbers")
    def get_one(of: AdviceOf, name: _Name, tenant: TenantId) -> Advice:
        return telling.advice(tenant, of, name)

    @api.get("/forecasts", summary="The forecast of a piece, a style, a type or the shop")
    def get_forecast(tenant: TenantId, of: ForecastKind = "shop", name: _Name = "") -> Forecast:
        return telling.forecast(tenant, of, name)

    return api
