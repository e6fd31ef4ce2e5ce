"""What the books say, for the HTTP API. Items that the catalogue does not have any more are in no list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from services.inventory.book import shown
from services.inventory.tables import ItemRow, ItemStock, Level, MovementRow
from shared import times
from shared.contracts.inventory import (
    FlowSummary,
    InventorySummary,
    LocationSummary,
    PiecesSold,
    PlaceShown,
    StockedItem,
    StockedItemDetail,
    StockedItemPage,
    StockState,
)
from shared.database import Database
from shared.errors import NotFound

_DETAIL_MOVEMENTS = 50
_FLOW_DAYS = 30
_SOLD_DAYS = 90
_MOST_SOLD = 100_000
_DAY = 86_400_000
_of_item = and_(ItemStock.tenant == ItemRow.tenant, ItemStock.sku == ItemRow.sku)
_STATES: dict[StockState, ColumnElement[bool]] = {
    "in-stock": ItemStock.on_hand > 0,
    "out-of-stock": ItemStock.on_hand <= 0,
    "below-zero": ItemStock.on_hand < 0,
    "uncounted": ItemStock.on_hand.is_(None),
}
_COLUMNS = (
    ItemRow.sku,
    ItemRow.title,
    ItemRow.price,
    ItemRow.currency,
    ItemStock.on_hand,
    ItemStock.sold_at,
    ItemStock.received_at,
)


class Reading:
    def __init__(self, database: Database) -> None:
        self._database = database

    def items(
        self, tenant: str, after: str, limit: int, state: StockState | None = None, location: str | None = None
    ) -> StockedItemPage:
        """Up to `limit` items in order of SKU; `location`: those of which something is counted there."""
        wanted = _live(tenant).where(ItemRow.sku > after)
        if state:
            wanted = wanted.where(_STATES[state])
        if location:
            there = and_(Level.tenant == ItemRow.tenant, Level.sku == ItemRow.sku, Level.location == location)
            wanted = wanted.where(select(Level.sku).where(there, Level.on_hand.is_not(None)).exists())
        with self._database.read() as session:
            rows = session.execute(wanted.order_by(ItemRow.sku).limit(limit)).all()
            places = _places(session, tenant, [row.sku for row in rows])
        return StockedItemPage(items=[StockedItem(**_fields(row, places[row.sku])) for row in rows])

    def item(self, tenant: str, sku: str) -> StockedItemDetail:
        """Raises `NotFound` for one that the catalogue does not have, or that the inventory has not heard of yet."""
        with self._database.read() as session:
            row = session.execute(_live(tenant).where(ItemRow.sku == sku)).one_or_none()
            if row is None:
                raise NotFound(f"There is no item {sku!r} in this shop. Put it first: PUT /v1/items/{{sku}}.")
            places = _places(session, tenant, [sku])[sku]
            movements = shown(session, tenant, sku=sku, limit=_DETAIL_MOVEMENTS)
        return StockedItemDetail(
            **_fields(row, places),
            places=[
                PlaceShown(
                    location=place.location,
                    on_hand=place.on_hand,
                    counted_at=_moment(place.counted_at),
                    moved_at=times.moment_of(place.moved_at),
                )
                for place in places
            ],
            movements=[one for _, one in movements],
        )

    def summary(self, tenant: str) -> InventorySummary:
        with self._database.read() as session:
            counts = session.execute(_counts(tenant)).one()
            worth = _worth(tenant)
            value = {currency: round(float(total), 2) for currency, total in session.execute(worth)}
            held = _held(tenant)
            locations = [LocationSummary(location=at, items=n, pieces=int(p)) for at, n, p in session.execute(held)]
            flow: dict[str, int] = {kind: int(total or 0) for kind, total in session.execute(_flow(tenant))}
        return InventorySummary(
            items=counts.items,
            in_stock=counts.in_stock or 0,
            out_of_stock=counts.out_of_stock or 0,
            below_zero=counts.below_zero or 0,
            uncounted=counts.uncounted or 0,
            pieces=int(counts.pieces or 0),
            value=value,
            locations=locations,
            flow=FlowSummary(
                days=_FLOW_DAYS,
                received=flow.get("received", 0),
                sold=-flow.get("sold", 0),
                returned=flow.get("returned", 0),
            ),
        )

    def sold(self, tenant: str) -> PiecesSold:
        """What was sold of each item that there ever was a movement of."""
        row = MovementRow
        lately = (row.tenant == tenant, row.occurred_at >= times.now() - _SOLD_DAYS * _DAY, row.kind == "sold")
        of_each = select(row.sku, func.sum(row.quantity).label("moved")).where(*lately).group_by(row.sku).subquery()
        wanted = (
            select(ItemRow.sku, func.coalesce(-of_each.c.moved, 0))
            .join(ItemStock, _of_item)
            .outerjoin(of_each, of_each.c.sku == ItemRow.sku)
            .where(ItemRow.tenant == tenant, ItemRow.removed.is_(False))
            .order_by(ItemRow.sku)
            .limit(_MOST_SOLD)
        )
        with self._database.read() as session:
            rows = session.execute(wanted).all()
        return PiecesSold(days=_SOLD_DAYS, skus=[sku for sku, _ in rows], sold=[int(sold) for _, sold in rows])


def _live(tenant: str) -> Select[*tuple[Any, ...]]:
    there = (ItemRow.tenant == tenant, ItemRow.removed.is_(False))
    return select(*_COLUMNS).outerjoin(ItemStock, _of_item).where(*there)


def _counts(tenant: str) -> Select[*tuple[Any, ...]]:
    numbers = {name.replace("-", "_"): func.sum(case((holds, 1), else_=0)) for name, holds in _STATES.items()}
    pieces = func.sum(case((ItemStock.on_hand > 0, ItemStock.on_hand), else_=0)).label("pieces")
    named = [number.label(name) for name, number in numbers.items()]
    wanted = select(func.count().label("items"), pieces, *named).select_from(ItemRow).outerjoin(ItemStock, _of_item)
    return wanted.where(ItemRow.tenant == tenant, ItemRow.removed.is_(False))


def _worth(tenant: str) -> Select[*tuple[Any, ...]]:
    worth = func.sum(ItemStock.on_hand * ItemRow.price)
    wanted = select(func.coalesce(ItemRow.currency, ""), worth).join(ItemStock, _of_item)
    there = (ItemRow.tenant == tenant, ItemRow.removed.is_(False), ItemRow.price.is_not(None), ItemStock.on_hand > 0)
    return wanted.where(*there).group_by(func.coalesce(ItemRow.currency, ""))


def _held(tenant: str) -> Select[*tuple[Any, ...]]:
    of_item = and_(Level.tenant == ItemRow.tenant, Level.sku == ItemRow.sku)
    wanted = select(Level.location, func.count(), func.sum(Level.on_hand)).join(ItemRow, of_item)
    there = (ItemRow.tenant == tenant, ItemRow.removed.is_(False), Level.on_hand > 0)
    return wanted.where(*there).group_by(Level.location).order_by(Level.location).limit(1_000)


def _flow(tenant: str) -> Select[*tuple[Any, ...]]:
    since = times.now() - _FLOW_DAYS * _DAY
    lately = (MovementRow.tenant == tenant, MovementRow.occurred_at >= since)
    return select(MovementRow.kind, func.sum(MovementRow.quantity)).where(*lately).group_by(MovementRow.kind)


def _places(session: Session, tenant: str, skus: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    ours = select(Level).where(Level.tenant == tenant, Level.sku.in_(skus)).order_by(Level.sku, Level.location)
    for level in session.execute(ours).scalars():
        found[level.sku].append(level)
    return found


def _fields(row: Any, places: Sequence[Any]) -> dict[str, Any]:
    return {
        "sku": row.sku,
        "title": row.title,
        "price": row.price,
        "currency": row.currency,
        "on_hand": row.on_hand,
        "locations": {place.location: place.on_hand for place in places if place.on_hand is not None},
        "sold_at": _moment(row.sold_at),
        "received_at": _moment(row.received_at),
    }


def _moment(number: int | None) -> Any:
    return None if number is None else times.moment_of(number)
