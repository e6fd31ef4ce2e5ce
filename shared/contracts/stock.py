"""Movements of stock, and what is told of them between the gateway and the inventory, which keeps the ledger."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.fields import NO_TEXT, EventId, Price, Sku, Timestamp
from shared.contracts.messages import Message

MAX_MOVEMENTS = 1_000
"""Of one request, and of one message."""
MAIN = "main"
"""The location of what is told without one."""
MAX_PIECES_MOVED = 1_000_000_000

_LOCATION = r"^[^\s\x85\ufeff/\\\x00-\x1f\x7f]([^/\\\x00-\x1f\x7f]{0,61}[^\s\x85\ufeff/\\\x00-\x1f\x7f])?$"
Location = Annotated[str, StringConstraints(pattern=_LOCATION)]
"""Where pieces lie, by the shop's own name: 1 to 63 characters; no slash or control character, no space at an end."""

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
OrderName = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
MovementKind = Literal["received", "sold", "returned", "counted", "moved", "adjusted"]
Quantity = Annotated[int, Field(ge=-MAX_PIECES_MOVED, le=MAX_PIECES_MOVED), NO_TEXT]
Kept = Annotated[int, Field(ge=0, le=MAX_PIECES_MOVED), NO_TEXT]


def _of(kinds: list[str], quantity: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"required": ["kind", "quantity"], "properties": {"kind": {"enum": kinds}, "quantity": quantity, **others}}


_NO_PLACE: dict[str, Any] = {"to_location": {"type": "null"}}
_MOST = {"type": "integer", "maximum": MAX_PIECES_MOVED}
_KINDS: dict[str, Any] = {
    "oneOf": [
        _of(["received", "sold", "returned"], {"minimum": 1} | _MOST, **_NO_PLACE),
        _of(["counted"], {"anyOf": [{"minimum": 0} | _MOST, {"type": "null"}]}, **_NO_PLACE),
        _of(["adjusted"], {"not": {"const": 0}, "minimum": -MAX_PIECES_MOVED} | _MOST, **_NO_PLACE),
        _of(["moved"], {"minimum": 1} | _MOST, to_location={"type": "string"})
        | {"required": ["kind", "quantity", "to_location"]},
    ]
}
"""What `Movement` checks over several fields, but that a transfer goes elsewhere, for who reads its schema."""


class Movement(BaseModel):
    """Pieces of one item that came, went, or were counted. `id` is the shop's own, and makes a repeat harmless.

    `quantity`: of `received`, `sold`, `returned` and `moved` how many, 1 or more; of `adjusted` the difference, below
    zero when pieces are missing; of `counted` how many lay there at that moment, null where nobody counts them from
    then on. `moved` takes them from `location` to `to_location`. `unit_price`: of one piece, as sold, or its cost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_KINDS)

    id: EventId
    sku: Sku
    kind: MovementKind
    quantity: Quantity | None
    location: Location = MAIN
    to_location: Location | None = None
    occurred_at: Timestamp
    unit_price: Price | None = None
    reason: Reason | None = None
    order_id: OrderName | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "counted":
            if self.quantity is not None and self.quantity < 0:
                raise ValueError("a count is of 0 pieces or more")
        elif self.quantity is None:
            raise ValueError(f"{self.kind} needs a quantity; null is of counted alone")
        elif self.kind == "adjusted":
            if self.quantity == 0:
                raise ValueError("an adjustment by 0 changes nothing: leave it away")
        elif self.quantity < 1:
            raise ValueError(f"{self.kind} is of 1 piece or more")
        if (self.kind == "moved") != (self.to_location is not None):
            raise ValueError("to_location is of moved, and moved needs it")
        if self.to_location == self.location:
            raise ValueError("a transfer goes from one location to another one")
        return self


class StockMoved(Message):
    """Movements that the gateway accepted. Its outcome, `stock.level` of the same `batch_id`, says they are kept."""

    name = "stock.moved"

    batch_id: str
    movements: list[Movement] = Field(min_length=1, max_length=MAX_MOVEMENTS)


class ItemLevel(BaseModel):
    """Stock of an item, by the ledger: in all, and at each location where it is counted. None: it is not counted.

    Below zero more went than ever came: data is late. `sequence` grows with each change of the item's stock.
    `revision`: the item's highest that the inventory has heard of, 0 of none.
    """

    model_config = ConfigDict(frozen=True)

    sku: Sku
    on_hand: int | None
    locations: dict[str, int] = Field(default_factory=dict)
    sequence: int = Field(ge=1)
    revision: int = Field(0, ge=0)


class StockLevel(Message):
    """The levels of the items of a batch of movements, which the ledger keeps: the outcome of `stock.moved`."""

    name = "stock.level"

    batch_id: str
    levels: list[ItemLevel] = Field(max_length=MAX_MOVEMENTS)


AlertKind = Literal["out-of-stock", "back-in-stock", "low-stock", "overstock", "dead-stock"]
AlertId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class StockAlert(Message):
    """Stock of an item crossed a line. Told once a crossing; its outcome is `alert.told`. `why` has its numbers."""

    name = "stock.alert"

    alert_id: AlertId
    sku: Sku
    kind: AlertKind
    on_hand: int | None
    why: str = Field("", max_length=500)
    crossed_at: Timestamp


class AlertTold(Message):
    """The shop hears of the alert: it is kept with what goes to the shop bus and to webhooks."""

    name = "alert.told"

    alert_id: AlertId


def stock_of(on_hand: int | None) -> int | None:
    """How many pieces can be sold: what is below zero is late data, and none."""
    return None if on_hand is None else min(max(on_hand, 0), MAX_PIECES_MOVED)
