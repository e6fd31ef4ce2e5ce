"""The inventory: what lies where, and the movements that it follows from."""

from __future__ import annotations

from collections.abc import Sequence

from loupe.client.calls import Call, Form, Pages, answer, given, json_body, paged
from loupe.client.pictures import Picture
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.inventory import (
    CountsIn,
    InventorySummary,
    MovementPage,
    MovementsAccepted,
    MovementShown,
    MovementsImported,
    MovementsIn,
    PiecesSold,
    StockedItem,
    StockedItemDetail,
    StockedItemPage,
    StockState,
)
from shared.contracts.stock import Movement, MovementKind


def inventory_summary() -> Call[InventorySummary]:
    """The stock as a whole."""
    return Call("GET", "/v1/inventory/summary", answer(InventorySummary))


def pieces_sold() -> Call[PiecesSold]:
    """How many pieces of each item were sold in the last 90 days."""
    return Call("GET", "/v1/inventory/sold", answer(PiecesSold))


def inventory_items(
    *, state: StockState | None = None, location: str | None = None, page: int = MAX_LIMIT
) -> Pages[StockedItem]:
    """Items with their stock, in order of SKU. `page`: how many are fetched at a time."""
    return paged(StockedItemPage, "items", "/v1/inventory/items", page, state=state, location=location)


def inventory_item(sku: str) -> Call[StockedItemDetail]:
    """An item's stock by location, and its newest movements."""
    return Call("GET", "/v1/inventory/items/{sku}", answer(StockedItemDetail), {"sku": sku})


def movements(
    *,
    sku: str | None = None,
    location: str | None = None,
    kind: MovementKind | None = None,
    page: int = MAX_LIMIT,
) -> Pages[MovementShown]:
    """Movements, the newest first. `page`: how many are fetched at a time."""
    return paged(
        MovementPage, "movements", "/v1/inventory/movements", page, **given(sku=sku, location=location, kind=kind)
    )


def send_movements(movements: Sequence[Movement]) -> Call[MovementsAccepted]:
    """Tell what came, went and was counted, up to 1,000 at once; the same id again changes nothing."""
    told = json_body(MovementsIn(movements=list(movements)))
    return Call("POST", "/v1/inventory/movements", answer(MovementsAccepted), body=told)


def send_counts(counts: CountsIn) -> Call[MovementsAccepted]:
    """Tell what somebody counted at a location."""
    return Call("POST", "/v1/inventory/counts", answer(MovementsAccepted), body=json_body(counts))


def movements_csv() -> Call[bytes]:
    """All movements as a CSV, in the order in which they were told."""
    return Call("GET", "/v1/inventory/movements.csv", lambda response: response.content)


def import_movements(file: Picture) -> Call[MovementsImported]:
    """Import movements from a CSV: a path, bytes, or an open file."""
    return Call("POST", "/v1/inventory/movements.csv", answer(MovementsImported), body=Form("file", [file]))
