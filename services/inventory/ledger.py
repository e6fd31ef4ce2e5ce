"""The ledger: movements are added and never changed, and what lies where follows from them.

Whoever records movements of an item holds the item's row until the commit, so that levels and movements agree at each
moment, and movements of the same time have the order in which they were recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from services.inventory.batching import batches
from services.inventory.places import Place, recomputed
from services.inventory.tables import ItemStock, Level, MovementRow
from shared import times
from shared.contracts.stock import ItemLevel, Movement, StockMoved

_AT_ONCE = 500
_SIGN = {"received": 1, "returned": 1, "sold": -1, "adjusted": 1, "counted": 1}
Key = tuple[str, str]
"""Tenant and SKU."""

_STOCK, _LEVELS, _MOVEMENTS = (cast(Table, one.__table__) for one in (ItemStock, Level, MovementRow))
_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}
_make_items = {name: made.insert(_STOCK).on_conflict_do_nothing() for name, made in _DIALECTS.items()}
_key = tuple_(_STOCK.c.tenant, _STOCK.c.sku)
_hold_items = (
    select(_STOCK)
    .where(_key.in_(bindparam("keys", expanding=True)))
    .order_by(_STOCK.c.tenant, _STOCK.c.sku)
    .with_for_update()
)
_places_of = select(_LEVELS).where(tuple_(_LEVELS.c.tenant, _LEVELS.c.sku).in_(bindparam("keys", expanding=True)))
_known = select(_MOVEMENTS.c.movement_id).where(
    _MOVEMENTS.c.tenant == bindparam("of_tenant"), _MOVEMENTS.c.movement_id.in_(bindparam("ids", expanding=True))
)
_save_item = (
    update(_STOCK)
    .where(_STOCK.c.tenant == bindparam("of_tenant"), _STOCK.c.sku == bindparam("of_sku"))
    .values({name: bindparam(name) for name in ("sequence", "on_hand", "sold_at", "received_at")})
)


def _upsert_levels(name: str) -> Any:
    made = _DIALECTS[name].insert(_LEVELS)
    changed = {column: made.excluded[column] for column in ("on_hand", "counted_at", "moved_at")}
    return made.on_conflict_do_update(index_elements=["tenant", "sku", "location"], set_=changed)


_save_levels = {name: _upsert_levels(name) for name in _DIALECTS}


@dataclass(slots=True)
class Item:
    """An item's stock while its row is held; `before` is what was on hand when it was taken."""

    sequence: int
    on_hand: int | None
    sold_at: int | None
    received_at: int | None
    places: dict[str, Place] = field(default_factory=dict)
    before: int | None = None

    def level(self, sku: str, revision: int = 0) -> ItemLevel:
        counted = {name: place.on_hand for name, place in sorted(self.places.items()) if place.on_hand is not None}
        return ItemLevel(sku=sku, on_hand=self.on_hand, locations=counted, sequence=self.sequence, revision=revision)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The items of the movements as they are now, and how many movements were `new` and `known` already."""

    items: Mapping[Key, Item]
    new: int
    known: int


def record(rows: Connection, batches: Sequence[StockMoved]) -> Recorded:
    """Keep the movements whose id is new to their tenant, inside the caller's transaction."""
    items = hold(rows, ((batch.tenant, movement.sku) for batch in batches for movement in batch.movements))
    told = [(batch, movement) for batch in batches for movement in batch.movements]
    now = times.now()
    legs = [leg for batch, movement in _new(rows, told) for leg in _legs(batch, movement, now)]
    if legs:
        rows.execute(insert(_MOVEMENTS), legs)
        _apply(rows, items, legs)
    new = sum(leg["leg"] == 0 for leg in legs)
    return Recorded(items, new, len(told) - new)


def hold(rows: Connection, keys: Iterable[Key]) -> dict[Key, Item]:
    """The items with all their places. Until the transaction ends nobody else records anything of them."""
    wanted = sorted(set(keys))
    held: dict[Key, Item] = {}
    for part in batches(wanted, _AT_ONCE):
        rows.execute(_make_items[rows.dialect.name], [{"tenant": t, "sku": s, "sequence": 0} for t, s in part])
        for row in rows.execute(_hold_items, {"keys": part}):
            held[row.tenant, row.sku] = Item(row.sequence, row.on_hand, row.sold_at, row.received_at, {}, row.on_hand)
    for part in batches(wanted, _AT_ONCE):
        for row in rows.execute(_places_of, {"keys": part}):
            held[row.tenant, row.sku].places[row.location] = Place(row.on_hand, row.counted_at, row.moved_at)
    return held


def mend(rows: Connection, tenant: str, sku: str) -> None:
    """Make the item's levels from its movements again."""
    items = hold(rows, [(tenant, sku)])
    item = items[tenant, sku]
    for location in item.places:
        item.places[location] = recomputed(rows, tenant, sku, location)
    _total(item)
    _save(rows, items, [(tenant, sku, location) for location in item.places])


def _new(rows: Connection, told: Sequence[tuple[StockMoved, Movement]]) -> list[tuple[StockMoved, Movement]]:
    """Those whose id is not known, each once."""
    by_id: dict[tuple[str, str], tuple[StockMoved, Movement]] = {}
    for batch, movement in told:
        by_id.setdefault((batch.tenant, movement.id), (batch, movement))
    for tenant in {tenant for tenant, _ in by_id}:
        ids = [name for of, name in by_id if of == tenant]
        for part in batches(ids, _AT_ONCE):
            for (name,) in rows.execute(_known, {"of_tenant": tenant, "ids": part}):
                by_id.pop((tenant, name), None)
    return list(by_id.values())


def _legs(batch: StockMoved, movement: Movement, now: int) -> Iterator[dict[str, Any]]:
    """What is dated after it was told, by a clock that goes fast, was when it was told."""
    leg = {
        "tenant": batch.tenant,
        "movement_id": movement.id,
        "leg": 0,
        "sku": movement.sku,
        "location": movement.location,
        "other_location": movement.to_location,
        "kind": movement.kind,
        "quantity": movement.quantity,
        "occurred_at": times.number_of(min(movement.occurred_at, batch.at)),
        "recorded_at": now,
        "unit_price": movement.unit_price,
        "reason": movement.reason,
        "order_id": movement.order_id,
    }
    if movement.kind != "moved":
        yield leg | {"quantity": None if movement.quantity is None else movement.quantity * _SIGN[movement.kind]}
        return
    yield leg | {"quantity": -(movement.quantity or 0)}
    yield leg | {"leg": 1, "location": movement.to_location, "other_location": movement.location}


def _apply(rows: Connection, items: Mapping[Key, Item], legs: Sequence[Mapping[str, Any]]) -> None:
    """Bring the levels to what the legs, recorded now, make of them."""
    touched: dict[tuple[str, str, str], tuple[int | None, bool]] = {}
    for leg in legs:
        item = items[leg["tenant"], leg["sku"]]
        place = item.places.get(leg["location"])
        key = (leg["tenant"], leg["sku"], leg["location"])
        touched.setdefault(key, (place.on_hand if place else None, place is None))
        if place is None:
            place = item.places[leg["location"]] = Place()
        place.add(leg["kind"], leg["quantity"], leg["occurred_at"])
        if leg["kind"] == "sold":
            item.sold_at = max(item.sold_at or 0, leg["occurred_at"])
        elif leg["kind"] == "received":
            item.received_at = max(item.received_at or 0, leg["occurred_at"])
    changed: set[Key] = set()
    for (tenant, sku, location), (before, made) in touched.items():
        item = items[tenant, sku]
        if item.places[location].unsure:
            item.places[location] = recomputed(rows, tenant, sku, location)
        if made or item.places[location].on_hand != before:
            changed.add((tenant, sku))
    for moved in changed:
        _total(items[moved])
    _save(rows, items, touched)


def _total(item: Item) -> None:
    counted = [place.on_hand for place in item.places.values() if place.on_hand is not None]
    item.on_hand = sum(counted) if counted else None
    item.sequence += 1


def _save(rows: Connection, items: Mapping[Key, Item], places: Iterable[tuple[str, str, str]]) -> None:
    levels = []
    for tenant, sku, location in places:
        place = items[tenant, sku].places[location]
        levels.append(
            {
                "tenant": tenant,
                "sku": sku,
                "location": location,
                "on_hand": place.on_hand,
                "counted_at": place.counted_at,
                "moved_at": place.moved_at,
            }
        )
    rows.execute(_save_levels[rows.dialect.name], levels)
    touched = {(level["tenant"], level["sku"]) for level in levels}
    saved = [
        {
            "of_tenant": tenant,
            "of_sku": sku,
            "sequence": item.sequence,
            "on_hand": item.on_hand,
            "sold_at": item.sold_at,
            "received_at": item.received_at,
        }
        for (tenant, sku), item in items.items()
        if (tenant, sku) in touched
    ]
    rows.execute(_save_item, saved)
