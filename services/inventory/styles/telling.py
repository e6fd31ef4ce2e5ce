"""What is told of styles, and of the retail dimensions beside them: live pieces only, with what lies of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.engine import Connection

from services.inventory.style_tables import PlacedRow, StylePieceRow, StyleRow, StyleTurn
from services.inventory.tables import ItemRow, ItemStock
from shared.contracts.styles import (
    Dimension,
    DimensionName,
    DimensionValue,
    OfStyle,
    Style,
    StyleDetail,
    StylePage,
    StylePiece,
)
from shared.database import Database
from shared.errors import NotFound

_MOST_VALUES = 1_000
_live = and_(StylePieceRow.tenant == ItemRow.tenant, StylePieceRow.sku == ItemRow.sku, ~ItemRow.removed)
_stock = and_(ItemStock.tenant == ItemRow.tenant, ItemStock.sku == ItemRow.sku)
_lies: ColumnElement[Any] = func.coalesce(func.sum(ItemStock.on_hand).filter(ItemStock.on_hand > 0), 0)


class Telling:
    """Reads what the last run left. A piece that was removed since is told of nowhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def styles(self, tenant: str, after: str, limit: int) -> StylePage:
        """The styles that follow the one at place `after` ("" the first; a place is a style's size and id).

        `next_cursor` is the place of the last one, where there are more.
        """
        with self._database.read() as session:
            rows = session.connection()
            wanted = _styles(tenant).order_by(StyleRow.pieces.desc(), StyleRow.style_id).limit(limit + 1)
            if after:
                size, _, style_id = after.partition(":")
                same = and_(StyleRow.pieces == int(size), StyleRow.style_id > style_id)
                wanted = wanted.where(or_(StyleRow.pieces < int(size), same))
            found = rows.execute(wanted).all()
            made_at = rows.execute(select(StyleTurn.made_at).where(StyleTurn.tenant == tenant)).scalar()
            more = f"{found[limit - 1].size}:{found[limit - 1].style_id}" if len(found) > limit else None
            return StylePage(
                styles=[Style(**told) for told in _shown(rows, tenant, found[:limit])],
                made_at=_aware(made_at),
                of_no_style=_of_no_style(rows, tenant),
                next_cursor=more,
            )

    def style(self, tenant: str, style_id: str, after: str, limit: int) -> StyleDetail:
        """A style with the members that follow the place `after`. Raises `NotFound`."""
        with self._database.read() as session:
            rows = session.connection()
            row = rows.execute(_styles(tenant).where(StyleRow.style_id == style_id)).one_or_none()
            if row is None:
                raise NotFound(
                    f"There is no style {style_id}. GET /v1/inventory/styles lists those that there are: one whose "
                    "pieces are gone ends."
                )
            (told,) = _shown(rows, tenant, [row])
            members = _members(rows, tenant, style_id, after, limit + 1)
        more = f"{members[limit - 1].share!r}:{members[limit - 1].sku}" if len(members) > limit else None
        return StyleDetail(**told, members=members[:limit], next_cursor=more)

    def dimension(self, tenant: str, by: DimensionName) -> Dimension:
        """The live pieces by one dimension; pieces that styles were never made of count as unknown."""
        if by == "style":
            value: Any = StylePieceRow.style_id
            source = _items(tenant).outerjoin(StylePieceRow, and_(_live, StylePieceRow.rank == 0))
        else:
            value = getattr(PlacedRow, by)
            placed = and_(PlacedRow.tenant == ItemRow.tenant, PlacedRow.sku == ItemRow.sku)
            source = _items(tenant).outerjoin(PlacedRow, placed)
        counted = source.with_only_columns(value.label("value"), func.count().label("pieces"), _lies.label("lies"))
        with self._database.read() as session:
            grouped = counted.group_by(value).order_by(func.count().desc(), value).limit(_MOST_VALUES)
            found = session.execute(grouped).all()
            names = _names(session.connection(), tenant) if by == "style" else {}
        values = [DimensionValue(value=v, name=names.get(v or ""), pieces=n, on_hand=int(lies)) for v, n, lies in found]
        return Dimension(by=by, values=values)


def _items(tenant: str) -> Select[Any]:
    wanted: Select[Any] = select(ItemRow).outerjoin(ItemStock, _stock)
    return wanted.where(ItemRow.tenant == tenant, ~ItemRow.removed)


def _styles(tenant: str) -> Select[Any]:
    first = and_(
        StylePieceRow.tenant == StyleRow.tenant, StylePieceRow.style_id == StyleRow.style_id, StylePieceRow.rank == 0
    )
    prices = func.min(ItemRow.price).label("price_min"), func.max(ItemRow.price).label("price_max")
    counts = func.count(ItemRow.sku).label("pieces"), _lies.label("on_hand")
    own = (StyleRow.style_id, StyleRow.name, StyleRow.sku, StyleRow.image_id, StyleRow.created_at)
    wanted = select(*own, StyleRow.pieces.label("size"), *counts, *prices)
    joined = wanted.join(StylePieceRow, first).join(ItemRow, _live).outerjoin(ItemStock, _stock)
    return joined.where(StyleRow.tenant == tenant, StyleRow.ended_at.is_(None)).group_by(*own, StyleRow.pieces)


def _shown(rows: Connection, tenant: str, found: Sequence[Any]) -> list[dict[str, Any]]:
    """A style whose most typical piece was removed since the last run is shown by the piece that is most of it."""
    skus = [row.sku for row in found]
    live = select(ItemRow.sku).where(ItemRow.tenant == tenant, ItemRow.sku.in_(skus), ~ItemRow.removed)
    there = set(rows.execute(live).scalars())
    told = [_told(row) for row in found]
    for one in told:
        if one["sku"] not in there:
            one["sku"], one["image_id"] = _members(rows, tenant, one["style_id"], "", 1)[0].sku, None
    return told


def _told(row: Any) -> dict[str, Any]:
    return {
        "style_id": row.style_id,
        "name": row.name,
        "sku": row.sku,
        "image_id": row.image_id,
        "pieces": row.pieces,
        "on_hand": int(row.on_hand),
        "price_min": row.price_min,
        "price_max": row.price_max,
        "since": _aware(row.created_at),
    }


def _members(rows: Connection, tenant: str, style_id: str, after: str, limit: int) -> list[StylePiece]:
    wanted = (
        select(
            StylePieceRow.sku,
            StylePieceRow.rank,
            StylePieceRow.share,
            PlacedRow.type,
            PlacedRow.metal,
            PlacedRow.stone,
            PlacedRow.price_band,
            ItemStock.on_hand,
        )
        .join(ItemRow, _live)
        .join(PlacedRow, and_(PlacedRow.tenant == ItemRow.tenant, PlacedRow.sku == ItemRow.sku))
        .outerjoin(ItemStock, _stock)
        .where(StylePieceRow.tenant == tenant, StylePieceRow.style_id == style_id)
        .order_by(StylePieceRow.share.desc(), StylePieceRow.sku)
        .limit(limit)
    )
    if after:
        share, _, sku = after.partition(":")
        same = and_(StylePieceRow.share == float(share), StylePieceRow.sku > sku)
        wanted = wanted.where(or_(StylePieceRow.share < float(share), same))
    found = rows.execute(wanted).all()
    others = select(StylePieceRow.sku, StylePieceRow.style_id, StylePieceRow.share).where(
        StylePieceRow.tenant == tenant,
        StylePieceRow.sku.in_([row.sku for row in found]),
        StylePieceRow.style_id != style_id,
    )
    also = {sku: OfStyle(style_id=other, share=share) for sku, other, share in rows.execute(others)}
    return [
        StylePiece(
            sku=row.sku,
            share=row.share,
            also=also.get(row.sku),
            type=row.type,
            metal=row.metal,
            stone=row.stone,
            price_band=row.price_band,
            on_hand=row.on_hand,
        )
        for row in found
    ]


def _of_no_style(rows: Connection, tenant: str) -> int:
    """The live pieces that the last run saw, and put nowhere."""
    placed = and_(PlacedRow.tenant == ItemRow.tenant, PlacedRow.sku == ItemRow.sku)
    without = (
        select(func.count())
        .select_from(ItemRow)
        .join(PlacedRow, placed)
        .outerjoin(StylePieceRow, and_(_live, StylePieceRow.rank == 0))
        .where(ItemRow.tenant == tenant, ~ItemRow.removed, StylePieceRow.sku.is_(None))
    )
    return int(rows.execute(without).scalar_one())


def _names(rows: Connection, tenant: str) -> dict[str, str]:
    named = select(StyleRow.style_id, StyleRow.name).where(StyleRow.tenant == tenant, StyleRow.ended_at.is_(None))
    return dict(rows.execute(named).all())


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
