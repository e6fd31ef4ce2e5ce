"""Items as the index shows them, read whole and kept for as long as nothing of the shop's index changes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from cachetools import TTLCache

from services.recommender.index import Pinned
from services.recommender.ranking import BESIDE_THE_MAIN
from shared.contracts.fields import Vector
from shared.vectorstore import AnyOf, Filter, Payload, Point

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
    """

    sku: str
    vectors: Vector
    images: Sequence[str]
    types: frozenset[str]
    facts: Payload
    meaning: Vector | None


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
    return Item(
        sku=sku,
        vectors=np.stack([point.vector for point in points]),
        images=[point.payload["image_id"] for point in points],
        types=frozenset(kind for point in points if (kind := point.payload.get("type"))),
        facts=first.payload,
        meaning=first.text.dense if first.text else None,
    )


def _size(item: Item) -> int:
    return item.vectors.nbytes + (item.meaning.nbytes if item.meaning is not None else 0) + _OVERHEAD
