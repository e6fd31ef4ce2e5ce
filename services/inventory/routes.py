"""The inventory's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.inventory.book import Book
from services.inventory.reading import Reading
from shared.contracts.fields import Sku, TenantId
from shared.contracts.inventory import (
    InventorySummary,
    MovementPage,
    PiecesSold,
    StockedItemDetail,
    StockedItemPage,
    StockState,
)
from shared.contracts.stock import Location, MovementKind

Limit = Annotated[int, Query(ge=1, le=1_001)]


def router(reading: Reading, book: Book) -> APIRouter:
    api = APIRouter()

    @api.get("/summary", summary="The shop's stock as a whole")
    def get_summary(tenant: TenantId) -> InventorySummary:
        return reading.summary(tenant)

    @api.get("/sold", summary="How many pieces of each item were sold lately")
    def get_sold(tenant: TenantId) -> PiecesSold:
        return reading.sold(tenant)

    @api.get("/items", summary="Items with their stock, in order of SKU")
    def get_items(
        tenant: TenantId,
        limit: Limit,
        after: Annotated[str, Query(max_length=128)] = "",
        state: StockState | None = None,
        location: Location | None = None,
    ) -> StockedItemPage:
        return reading.items(tenant, after, limit, state, location)

    @api.get("/item", summary="An item's stock, by location, with its newest movements")
    def get_item(tenant: TenantId, sku: Sku) -> StockedItemDetail:
        return reading.item(tenant, sku)

    @api.get("/movements", summary="Movements, the newest by when they were")
    def get_movements(
        tenant: TenantId,
        limit: Limit,
        before: Annotated[str | None, Query(pattern=r"^-?\d{1,18}:\d{1,18}$")] = None,
        sku: Sku | None = None,
        location: Location | None = None,
        kind: MovementKind | None = None,
    ) -> MovementPage:
        at, _, number = (before or "").partition(":")
        return book.page(tenant, limit, (int(at), int(number)) if before else None, sku, location, kind)

    @api.get("/recorded", summary="Movements in the order in which they were recorded")
    def get_recorded(tenant: TenantId, limit: Limit, after: Annotated[int, Query(ge=0, lt=2**63)] = 0) -> MovementPage:
        return book.recorded(tenant, after, limit)

    return api
