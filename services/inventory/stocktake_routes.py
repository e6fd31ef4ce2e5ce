"""Stock-takes over HTTP: asked by the gateway, which has the photos analysed and saves the counts."""

from __future__ import annotations

from fastapi import APIRouter

from services.inventory.stocktake.taking import Stocktakes
from shared.contracts.fields import TenantId
from shared.contracts.stocktakes import (
    CloserPhoto,
    Stocktake,
    StocktakeAsked,
    StocktakeConfirmation,
    StocktakeId,
)


def stocktake_router(stocktakes: Stocktakes) -> APIRouter:
    api = APIRouter()

    @api.post("/stocktakes", summary="What lies on the photos of trays, against what should")
    def post_stocktake(asked: StocktakeAsked) -> Stocktake:
        return stocktakes.take(asked)

    @api.get("/stocktakes/{stocktake_id}", summary="A stock-take")
    def get_stocktake(stocktake_id: StocktakeId, tenant: TenantId) -> Stocktake:
        return stocktakes.get(tenant, stocktake_id)

    @api.post("/stocktakes/{stocktake_id}/closer", summary="Look again at one piece, by a photo from nearer")
    def post_closer(stocktake_id: StocktakeId, asked: CloserPhoto) -> Stocktake:
        return stocktakes.closer(stocktake_id, asked)

    @api.post("/stocktakes/{stocktake_id}/plan", summary="What a confirmation would count")
    def post_plan(stocktake_id: StocktakeId, tenant: TenantId, said: StocktakeConfirmation) -> Stocktake:
        return stocktakes.plan(tenant, stocktake_id, said.counts)

    @api.post("/stocktakes/{stocktake_id}/confirm", summary="Note that these counts were saved")
    def post_confirm(stocktake_id: StocktakeId, tenant: TenantId, counts: StocktakeConfirmation) -> Stocktake:
        return stocktakes.confirm(tenant, stocktake_id, counts.counts)

    return api
