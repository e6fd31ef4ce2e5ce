"""Items as the index shows them, read whole and kept for as long as nothing of the shop's index changes."""

from __future__ import annotations

import math
import threading
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from cachetools import TTLCache

from services.recommender.index import Pinned
from services.recommender.ranking import BESIDE_THE_MAIN
from shared.contracts.fields import Vector
from shared.vectorstore import AnyOf, Filter, Payload, Point

CODED = ("type", "metal", "stone")
NUMBERS = (*CODED, "price", "created")
_PICTURES = 6
"""Of each item, the first in the index's order; a piece shown in more is no better known."""
_READ_AT_ONCE = 500
_SECONDS = 60
_BYTES = 64_000_000
_OVERHEAD = 2_000


@dataclass(frozen=True, slots=True)
class Item:
    """`vectors`: float32 [pictures, D], unit length, of the main piece of each; `images` are their ids.

    `facts` is the payload of the first. `meaning` is the unit vector of the item's words, None where it has none.
    `numbers` are what is compared of the facts, in the order of `NUMBERS`: values as `code` has them, the logarithm of
    the price, NaN where there is none, and seconds since 1970.
    """

    sku: str
    vectors: Vector
    images: Sequence[str]
    types: frozenset[str]
    facts: Payload
    meaning: Vector | None
    numbers: tuple[float, ...]


def item_of(
    sku: str, vectors: Vector, images: Sequence[str], facts: Payload, meaning: Vector | None, types: Iterable[str]
) -> Item:
    price = facts.get("price") or 0.0
    logarithm = math.log(price) if price > 0 else math.nan
    numbers = (*(code(facts.get(name)) for name in CODED), logarithm, facts["created_ts"])
    return Item(sku, vectors, images, frozenset(types), facts, meaning, numbers)


def code(value: str | None) -> float:
    """A number for an attribute's value, the same in every process; 0 where it is not known."""
    return float(zlib.crc32(value.encode()) or 1) if value else 0.0


class Items:
    """Reads items, and keeps what it has read for a minute. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: TTLCache[tuple[str, ...], Item] = TTLCache(_BYTES, _SECONDS, getsizeof=_size)

    def of(self, pinned: Pinned, tenant: str, skus: Iterable[str]) -> dict[str, Item]:
        """Those of the items that have an indexed picture, in the order asked for."""
        asked = list(dict.fromkeys(skus))
        key = (pinned.name, pinned.vectors.generation(tenant), tenant)
        with self._lock:
            held = {sku: item for sku in asked if (item := self._kept.get((*key, sku)))}
        if missing := [sku for sku in asked if sku not in held]:
            read = _read(pinned, tenant, missing)
            with self._lock:
                for sku, item in read.items():
                    self._kept[*key, sku] = item
            held |= read
        return {sku: held[sku] for sku in asked if sku in held}


def _read(pinned: Pinned, tenant: str, skus: Sequence[str]) -> dict[str, Item]:
    where = Filter((AnyOf("sku", tuple(skus)),), (BESIDE_THE_MAIN,))
    by_sku: dict[str, list[Point]] = {}
    after = None
    while True:
        points = pinned.vectors.scroll(tenant, where, _READ_AT_ONCE, after)
        for point in points:
            by_sku.setdefault(point.payload["sku"], []).append(point)
        if len(points) < _READ_AT_ONCE:
            return {sku: _item(sku, own[:_PICTURES]) for sku, own in by_sku.items()}
        after = points[-1].id


def _item(sku: str, points: Sequence[Point]) -> Item:
    first = points[0]
    return item_of(
        sku,
        np.stack([point.vector for point in points]),
        [point.payload["image_id"] for point in points],
        first.payload,
        first.text.dense if first.text else None,
        [kind for point in points if (kind := point.payload.get("type"))],
    )


def _size(item: Item) -> int:
    return item.vectors.nbytes + (item.meaning.nbytes if item.meaning is not None else 0) + _OVERHEAD
