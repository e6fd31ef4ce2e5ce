"""Movements as they were told, out of the rows that they became, and what each count adjusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.orm import Session

from services.inventory.tables import MovementRow
from shared import times
from shared.contracts.inventory import MovementPage, MovementShown
from shared.contracts.stock import MovementKind
from shared.database import Database

Place = tuple[int, int]
"""Where a movement stands in the order of time: when it was, and its number."""
_ORDER = (MovementRow.occurred_at, MovementRow.id)


class Book:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        tenant: str,
        limit: int,
        before: Place | None = None,
        sku: str | None = None,
        location: str | None = None,
        kind: MovementKind | None = None,
    ) -> MovementPage:
        """The newest by when they were, those before a place; `next_cursor` is the place of the last one."""
        with self._database.read() as session:
            found = shown(session, tenant, limit=limit, before=before, sku=sku, location=location, kind=kind)
        last = "{}:{}".format(*found[-1][0]) if len(found) == limit else None
        return MovementPage(movements=[one for _, one in found], next_cursor=last)

    def recorded(self, tenant: str, after: int, limit: int) -> MovementPage:
        """In the order in which they were recorded, those after a number; `next_cursor` is that of the last one."""
        ours = select(MovementRow).where(MovementRow.tenant == tenant, MovementRow.id > after, MovementRow.leg == 0)
        with self._database.read() as session:
            rows = session.execute(ours.order_by(MovementRow.id).limit(limit)).scalars().all()
        last = str(rows[-1].id) if len(rows) == limit else None
        return MovementPage(movements=[_told(row) for row in rows], next_cursor=last)


def shown(
    session: Session,
    tenant: str,
    *,
    limit: int,
    before: Place | None = None,
    sku: str | None = None,
    location: str | None = None,
    kind: MovementKind | None = None,
) -> Sequence[tuple[Place, MovementShown]]:
    """The newest movements, with their places. At a location a transfer is in the list of both ends."""
    wanted = select(MovementRow).where(MovementRow.tenant == tenant)
    wanted = wanted.where(MovementRow.location == location) if location else wanted.where(MovementRow.leg == 0)
    if sku:
        wanted = wanted.where(MovementRow.sku == sku)
    if kind:
        wanted = wanted.where(MovementRow.kind == kind)
    if before:
        wanted = wanted.where(tuple_(*_ORDER) < before)
    newest = wanted.order_by(MovementRow.occurred_at.desc(), MovementRow.id.desc()).limit(limit)
    rows = session.execute(newest).scalars().all()
    connection = session.connection()
    return [((row.occurred_at, row.id), _told(row, _adjustment(connection, row))) for row in rows]


def _told(row: MovementRow, adjustment: int | None = None) -> MovementShown:
    into = row.leg == 1
    as_told: Any = row.kind
    quantity = row.quantity
    if row.kind in ("sold", "moved") and quantity is not None:
        quantity = abs(quantity)
    return MovementShown(
        id=row.movement_id,
        sku=row.sku,
        kind=as_told,
        quantity=quantity,
        location=str(row.other_location) if into else row.location,
        to_location=row.location if into else row.other_location,
        occurred_at=times.moment_of(row.occurred_at),
        recorded_at=times.moment_of(row.recorded_at),
        unit_price=row.unit_price,
        reason=row.reason,
        order_id=row.order_id,
        adjustment=adjustment,
    )


def _adjustment(rows: Connection, row: MovementRow) -> int | None:
    """What a count found beyond the book of that moment, as it is known now; None where nothing was counted before."""
    if row.kind != "counted" or row.quantity is None:
        return None
    here = (MovementRow.tenant == row.tenant, MovementRow.sku == row.sku, MovementRow.location == row.location)
    earlier = (*here, tuple_(*_ORDER) < (row.occurred_at, row.id))
    counts = select(MovementRow.occurred_at, MovementRow.id, MovementRow.quantity).where(*earlier)
    newest = counts.where(MovementRow.kind == "counted").order_by(*(column.desc() for column in _ORDER)).limit(1)
    last = rows.execute(newest).one_or_none()
    came = select(func.sum(MovementRow.quantity), func.count()).where(*earlier, MovementRow.kind != "counted")
    if last is not None:
        if last.quantity is None:
            return None
        came = came.where(tuple_(*_ORDER) > (last.occurred_at, last.id))
    total, number = rows.execute(came).one()
    if last is None and not number:
        return None
    return row.quantity - (last.quantity if last else 0) - int(total or 0)
