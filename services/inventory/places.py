"""What lies at one place, one item at one location, by its movements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, tuple_

from services.inventory.tables import MovementRow

_OPENING = ("received", "adjusted", "moved")
"""Kinds that tell that pieces are counted, even before the first count: what was sold alone tells it of none."""

_of_place = (
    MovementRow.tenant == bindparam("of_tenant"),
    MovementRow.sku == bindparam("of_sku"),
    MovementRow.location == bindparam("of_location"),
)
_order = (MovementRow.occurred_at, MovementRow.id)
_last_count = (
    select(MovementRow.id, MovementRow.occurred_at, MovementRow.quantity)
    .where(*_of_place, MovementRow.kind == "counted")
    .order_by(MovementRow.occurred_at.desc(), MovementRow.id.desc())
    .limit(1)
)
_sum_after = select(func.sum(MovementRow.quantity)).where(
    *_of_place, MovementRow.kind != "counted", tuple_(*_order) > tuple_(bindparam("at"), bindparam("number"))
)
_sum_of_all = select(
    func.sum(MovementRow.quantity), func.count().filter(MovementRow.kind.in_(_OPENING)), func.max(_order[0])
).where(*_of_place)


@dataclass(slots=True)
class Place:
    """`on_hand` is None where it is not counted; `counted_at` is of its last count, `moved_at` of its last movement.

    On hand is what the last count in time said, and what came and went after it. What comes late and is dated before
    that count is kept and changes nothing: who counted saw it.
    """

    on_hand: int | None = None
    counted_at: int | None = None
    moved_at: int = 0
    unsure: bool = False
    """Only all of its movements tell what lies there now."""

    def add(self, kind: str, quantity: int | None, at: int) -> None:
        """The next movement that was recorded, whenever it was."""
        if kind == "counted":
            if at >= self.moved_at:
                self.on_hand, self.counted_at = quantity, at
            else:
                self.unsure = True
        elif self.counted_at is not None and at < self.counted_at:
            pass
        elif self.on_hand is not None:
            self.on_hand += quantity or 0
        elif self.counted_at is None and kind in _OPENING:
            self.unsure = True
        self.moved_at = max(self.moved_at, at)


def recomputed(rows: Connection, tenant: str, sku: str, location: str) -> Place:
    """The place as all of its movements make it."""
    where: dict[str, Any] = {"of_tenant": tenant, "of_sku": sku, "of_location": location}
    total, opened, moved_at = rows.execute(_sum_of_all, where).one()
    count = rows.execute(_last_count, where).one_or_none()
    if count is None:
        return Place(int(total or 0) if opened else None, None, moved_at or 0)
    if count.quantity is None:
        return Place(None, count.occurred_at, moved_at)
    since = rows.execute(_sum_after, {**where, "at": count.occurred_at, "number": count.id}).scalar_one()
    return Place(count.quantity + int(since or 0), count.occurred_at, moved_at)
