"""The inventory, as the public HTTP API tells it, and as the inventory tells the gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.fields import Sku, Timestamp
from shared.contracts.stock import MAIN, MAX_MOVEMENTS, Kept, Location, Movement, MovementKind, Reason

MAX_CSV_MOVEMENTS = 50_000
"""Rows of one file of movements."""
MAX_CSV_ERRORS = 1_000
MOVEMENT_COLUMNS = (
    "id",
    "sku",
    "kind",
    "quantity",
    "location",
    "to_location",
    "occurred_at",
    "unit_price",
    "reason",
    "order_id",
)
"""Of a file of movements, in their order."""

StockState = Literal["in-stock", "out-of-stock", "below-zero", "uncounted"]
CountName = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]


class MovementsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    movements: list[Movement] = Field(min_length=1, max_length=MAX_MOVEMENTS)


class MovementRefused(BaseModel):
    """One movement that was not taken: its place in what was sent, its id if it has one, why, and the bad field."""

    index: int
    id: str | None = None
    reason: str
    path: str


class MovementsAccepted(BaseModel):
    """Accepted means kept: the ledger has them in a moment, and what was known by its id already changes nothing."""

    accepted: int
    rejected: list[MovementRefused] = Field(default_factory=list)


class Counted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Kept = Field(examples=[3])


class CountsIn(BaseModel):
    """What somebody counted at a location. `id` is the shop's own, and makes a repeat harmless."""

    model_config = ConfigDict(extra="forbid")

    id: CountName | None = None
    location: Location = MAIN
    counted_at: Timestamp | None = Field(None, description="Absent: now.")
    reason: Reason | None = None
    counts: list[Counted] = Field(min_length=1, max_length=MAX_MOVEMENTS)


class MovementRowRefused(BaseModel):
    """A row of a file that was not taken; `line` is where it begins, the header's is 1."""

    line: int
    id: str | None = None
    column: str | None = None
    reason: str


class MovementsImported(BaseModel):
    """How many rows of a file were accepted and rejected; `errors` tell of the first 1,000 of those."""

    accepted: int
    rejected: int
    errors: list[MovementRowRefused] = Field(default_factory=list)


class MovementShown(BaseModel):
    """A movement as it was told. Of a count, `adjustment` is what it says beyond what the books said then."""

    id: str
    sku: str
    kind: MovementKind
    quantity: int | None = None
    location: str
    to_location: str | None = None
    occurred_at: Timestamp
    recorded_at: Timestamp
    unit_price: float | None = None
    reason: str | None = None
    order_id: str | None = None
    adjustment: int | None = None


class MovementPage(BaseModel):
    movements: list[MovementShown]
    next_cursor: str | None = None


class StockedItem(BaseModel):
    """An item's stock by the ledger: `on_hand` in all, and `locations` where it is counted. Absent: not counted.

    Below zero more went than ever came: something is still to be told, or to be counted.
    """

    sku: str
    title: str = ""
    price: float | None = None
    currency: str | None = None
    on_hand: int | None = None
    locations: dict[str, int] = Field(default_factory=dict)
    sold_at: Timestamp | None = None
    received_at: Timestamp | None = None
    image_url: str | None = None


class StockedItemPage(BaseModel):
    items: list[StockedItem]
    next_cursor: str | None = None


class PlaceShown(BaseModel):
    """An item at one location; `counted_at` is of the last count."""

    location: str
    on_hand: int | None = None
    counted_at: Timestamp | None = None
    moved_at: Timestamp


class StockedItemDetail(StockedItem):
    """`movements` are the newest 50; all of them are at `GET /v1/inventory/movements?sku=...`."""

    places: list[PlaceShown] = Field(default_factory=list)
    movements: list[MovementShown] = Field(default_factory=list)


class LocationSummary(BaseModel):
    """`items`: of how many there are pieces here; `pieces`: how many."""

    location: str
    items: int
    pieces: int


class FlowSummary(BaseModel):
    """Pieces of the last `days`, by what became of them."""

    days: int
    received: int = 0
    sold: int = 0
    returned: int = 0


class PiecesSold(BaseModel):
    """How many pieces of each item were sold in the last `days`, returned ones among them. Columns of one length, in
    order of SKU, of the 100,000 first items; one of which nobody ever told a movement is in none of them."""

    days: int
    skus: list[str] = Field(default_factory=list)
    sold: list[int] = Field(default_factory=list)


class InventorySummary(BaseModel):
    """The items of the shop by their stock, what lies where, and what it is worth at the items' prices.

    `value` is by currency, of the items that have a price.
    """

    items: int
    in_stock: int
    out_of_stock: int
    below_zero: int
    uncounted: int
    pieces: int
    value: dict[str, float] = Field(default_factory=dict)
    locations: list[LocationSummary] = Field(default_factory=list)
    flow: FlowSummary
