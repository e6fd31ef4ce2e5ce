"""A shop's ledger as weeks of sales and stock, and what its pieces are: what forecasts are made of.

Weeks are of seven days and end with the day before the run, in UTC, so that no night waits for a Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from services.inventory.batching import batches
from services.inventory.forecast.demand import Dimensions
from services.inventory.forecast.groups import Groups, Neighbours
from services.inventory.forecast.sales import Days, Floats, Ints, Sales, weekly
from services.inventory.style_tables import PlacedRow, StylePieceRow
from services.inventory.tables import ItemRow, ItemStock, MovementRow
from shared import times

MAX_WEEKS = 156
_DAY = 86_400_000
_ROWS = 20_000
_PIECES = 2_000
_UNIQUE = {"unique", "one of a kind", "one-of-a-kind"}
_YES = {"yes", "true", "1"}
_NEVER = 9_999.0
_OPENING = ("received", "adjusted", "moved")


@dataclass(frozen=True, slots=True)
class Books:
    """All live pieces of a shop, in order of SKU. `begins`: the first day that is forecast.

    `on_hand`, `price` and `lead_days` are NaN where not told; `sold_days` and `known_days`: how long ago it last sold,
    and how long it has been known.
    """

    sales: Sales
    begins: date
    of: Dimensions
    on_hand: Floats
    price: Floats
    lead_days: Floats
    unique: np.ndarray[tuple[int], np.dtype[np.bool_]]
    sold_days: Floats
    known_days: Floats


def read(rows: Connection, tenant: str, now: datetime) -> Books:
    """All of it as of the end of the day before `now`, but stock as it is."""
    begins = now.astimezone(UTC).date()
    items = rows.execute(
        select(ItemRow.sku, ItemRow.price, ItemRow.created_at, ItemRow.fields, ItemStock.on_hand, ItemStock.sold_at)
        .outerjoin(ItemStock, (ItemStock.tenant == ItemRow.tenant) & (ItemStock.sku == ItemRow.sku))
        .where(ItemRow.tenant == tenant, ~ItemRow.removed)
        .order_by(ItemRow.sku)
    ).all()
    skus = [item.sku for item in items]
    place = {sku: at for at, sku in enumerate(skus)}
    known = np.array([_days(item.created_at, begins) for item in items], float)
    weeks = _weeks(rows, tenant, begins)
    monday = begins - timedelta(weeks=weeks)
    sales = _sales(rows, tenant, place, skus, monday, weeks, known)
    sold = [_NEVER if item.sold_at is None else _since(times.moment_of(item.sold_at), now) for item in items]
    return Books(
        sales=sales,
        begins=begins,
        of=_dimensions(rows, tenant, place),
        on_hand=np.array([np.nan if item.on_hand is None else item.on_hand for item in items], float),
        price=np.array([np.nan if item.price is None else item.price for item in items], float),
        lead_days=np.array([_lead(item.fields) for item in items], float),
        unique=np.array([_unique(item.fields) for item in items], bool),
        sold_days=np.array(sold, float),
        known_days=known,
    )


def _weeks(rows: Connection, tenant: str, begins: date) -> int:
    """So many whole weeks as there have been movements for, one at least."""
    first = rows.execute(select(func.min(MovementRow.occurred_at)).where(MovementRow.tenant == tenant)).scalar()
    if first is None:
        return 1
    days = (begins - times.moment_of(first).date()).days
    return min(max(1, -(-days // 7)), MAX_WEEKS)


def _sales(
    rows: Connection, tenant: str, place: dict[str, int], skus: Sequence[str], monday: date, weeks: int, known: Floats
) -> Sales:
    start = times.number_of(datetime(monday.year, monday.month, monday.day, tzinfo=UTC))
    days: list[Days] = []
    uncounted = np.ones(len(skus), bool)
    for part in batches(skus, _PIECES):
        moved = _moved(rows, tenant, part)
        if moved is None:
            continue
        counted, told = _days_of(*moved, place, start, weeks * 7)
        uncounted[counted] = False
        days.append(told)
    empty = np.zeros(0, np.intp)
    piece, day, sold, change = (
        np.concatenate([empty, *(getattr(one, name) for one in days)]).astype(np.intp)
        for name in ("piece", "day", "sold", "change")
    )
    whole = Days(piece, day, sold, change, opening=np.zeros(len(skus), np.intp))
    sales = weekly(skus, monday, weeks, whole)
    since = np.clip(known[uncounted, None] / 7 - np.arange(weeks)[::-1], 0, 1)
    sales.in_stock[uncounted] = np.maximum(since, sales.sold[uncounted] > 0)
    return sales


def _moved(rows: Connection, tenant: str, skus: Sequence[str]) -> tuple[list[str], list[str], list[str], Any] | None:
    """The movements of these pieces, by piece and location in order of time: SKUs, locations, kinds, and numbers."""
    row = MovementRow
    wanted = (
        select(row.sku, row.location, row.kind, row.occurred_at, row.quantity)
        .where(row.tenant == tenant, row.sku >= skus[0], row.sku <= skus[-1])
        .order_by(row.sku, row.location, row.occurred_at, row.id)
    )
    found: list[Sequence[Any]] = []
    for some in rows.execute(wanted.execution_options(yield_per=_ROWS)).partitions():
        found.extend(tuple(one) for one in some)
    if not found:
        return None
    names, locations, kinds, at, quantity = zip(*found, strict=True)
    return list(names), list(locations), list(kinds), (np.array(at), np.array(quantity, float))


def _days_of(
    names: Sequence[str],
    locations: Sequence[str],
    kinds: Sequence[str],
    numbers: tuple[Ints, Floats],
    place: dict[str, int],
    start: int,
    days: int,
) -> tuple[Ints, Days]:
    """The pieces that are counted, and what moved on each day; what was before the first day counts to it."""
    at, quantity = numbers
    live = np.array([name in place for name in names])
    piece = np.array([place.get(name, 0) for name in names], np.intp)
    kind = np.array(kinds)
    new = np.ones(len(names), bool)
    new[1:] = [names[i] != names[i - 1] or locations[i] != locations[i - 1] for i in range(1, len(names))]
    counts = kind == "counted"
    change = np.where(counts, 0.0, np.nan_to_num(quantity))
    running = np.cumsum(change)
    group = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    before = running[starts] - change[starts]
    base = np.where(counts, np.nan_to_num(quantity) - running, np.where(new, -before[group], 0.0))
    anchor = np.maximum.accumulate(np.where(counts | new, np.arange(len(names)), 0))
    level = running + base[anchor]
    told = counts & ~np.isnan(quantity) | np.isin(kind, _OPENING)
    is_counted = np.zeros(len(starts), bool)
    np.logical_or.at(is_counted, group, told)
    moved = np.diff(level, prepend=0.0)
    moved[new] = level[new]
    moved = np.where(is_counted[group], moved, 0.0)
    day = (at - start) // _DAY
    kept = live & (day < days)
    sold = np.where((kind == "sold") & (day >= 0), -np.nan_to_num(quantity), 0.0)
    return np.unique(piece[live & is_counted[group]]), Days(
        piece[kept],
        np.maximum(day[kept], 0).astype(np.intp),
        sold[kept].astype(np.intp),
        moved[kept].astype(np.intp),
        np.zeros(0, np.intp),
    )


def _dimensions(rows: Connection, tenant: str, place: dict[str, int]) -> Dimensions:
    """As the last night's styles say; a piece that came since is of none yet."""
    count = len(place)
    names: dict[str, list[str]] = {name: [""] * count for name in ("type", "metal", "stone", "band")}
    near: list[tuple[int, int, float]] = []
    for row in rows.execute(
        select(
            PlacedRow.sku, PlacedRow.type, PlacedRow.metal, PlacedRow.stone, PlacedRow.price_band, PlacedRow.neighbours
        ).where(PlacedRow.tenant == tenant)
    ):
        at = place.get(row.sku)
        if at is None:
            continue
        names["type"][at], names["metal"][at] = row.type or "", row.metal or ""
        names["stone"][at] = row.stone or ""
        names["band"][at] = f"{row.type or ''} {row.price_band}" if row.price_band else ""
        near += [(at, place[other], likely) for other, likely in row.neighbours if other in place]
    shares = rows.execute(
        select(StylePieceRow.sku, StylePieceRow.style_id, StylePieceRow.share).where(StylePieceRow.tenant == tenant)
    ).all()
    kept = [(place[sku], style, share) for sku, style, share in shares if sku in place]
    styles = sorted({style for _, style, _ in kept})
    number = {style: at for at, style in enumerate(styles)}
    alike = [np.array(column) for column in zip(*near, strict=True)] if near else None
    return Dimensions(
        types=Groups.of(names["type"]),
        styles=Groups.rows(
            styles,
            count,
            np.array([at for at, _, _ in kept], np.intp),
            np.array([number[style] for _, style, _ in kept], np.intp),
            np.array([share for _, _, share in kept], float),
        ),
        others=[Groups.of(names[name]) for name in ("metal", "stone", "band")],
        alike=Neighbours(*alike) if alike else None,
    )


def _days(moment: datetime | None, begins: date) -> float:
    return 0.0 if moment is None else float(max(0, (begins - moment.date()).days))


def _since(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds() / 86_400)


def _unique(fields: dict[str, Any]) -> bool:
    tags = {str(tag).lower() for tag in fields.get("tags") or ()}
    said = str((fields.get("attributes") or {}).get("unique", "")).lower()
    return bool(tags & _UNIQUE) or said in _YES


def _lead(fields: dict[str, Any]) -> float:
    told = str((fields.get("attributes") or {}).get("lead_days", ""))
    return min(float(told), 365.0) if told.isascii() and told.isdigit() and len(told) < 5 else float("nan")
