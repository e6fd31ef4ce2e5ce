"""What came in last."""

from __future__ import annotations

import time
from itertools import count

from shared.vectorstore import Between, Filter, Point, VectorStore

_PICTURES_AN_ITEM = 4
_WINDOWS_DAYS = (1 / 24, 1, 10, 100, 1000)
_FINEST_SECONDS = 1e-6
"""What a moment of 2026 in a float can tell apart, and a timestamp too."""


class Arrivals:
    """The newest items, read from the index, which keeps no order by time.

    So the moment since which enough pictures came in is searched for by counting. It is remembered for each tenant, as
    a first guess only: what is returned is read anew each time.
    """

    def __init__(self) -> None:
        self._guess: dict[str, tuple[float, int]] = {}

    def newest(self, vectors: VectorStore, tenant: str, where: Filter, wanted: int) -> list[Point]:
        """One picture of each of the `wanted` newest items, newest first; fewer when there are not as many."""
        since, enough = self._guess.get(tenant, (0.0, _PICTURES_AN_ITEM * wanted))
        for attempt in count():
            points = vectors.scroll(tenant, _from(where, since), 2 * enough)
            items = _each_item_once(points)
            if len(points) < 2 * enough and (len(items) >= wanted or not since):
                break
            enough = max(enough, _PICTURES_AN_ITEM * wanted) * (2 if attempt else 1)
            since = self._cutoff(vectors, tenant, where, enough)
            self._guess[tenant] = since, enough
        return items[:wanted]

    def _cutoff(self, vectors: VectorStore, tenant: str, where: Filter, enough: int) -> float:
        """The moment since which `enough` pictures came in, or less than twice as many; 0 when there are fewer."""
        now = time.time()
        too_late = now
        for days in _WINDOWS_DAYS:
            early = now - days * 86_400
            if _count(vectors, tenant, where, early) >= enough:
                break
            too_late = early
        else:
            early = 0.0
        while too_late - early > _FINEST_SECONDS:
            middle = (early + too_late) / 2
            found = _count(vectors, tenant, where, middle)
            if enough <= found < 2 * enough:
                return middle
            if found < enough:
                too_late = middle
            else:
                early = middle
        return early


def _count(vectors: VectorStore, tenant: str, where: Filter, moment: float) -> int:
    return vectors.count(tenant, _from(where, moment))


def _from(where: Filter, moment: float) -> Filter:
    return Filter((*where.must, Between("created_ts", low=moment)), where.must_not)


def _each_item_once(points: list[Point]) -> list[Point]:
    items: dict[str, Point] = {}
    for point in sorted(points, key=lambda point: (-point.payload["created_ts"], point.id)):
        items.setdefault(point.payload["sku"], point)
    return list(items.values())
