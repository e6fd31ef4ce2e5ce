"""What came in last."""

from __future__ import annotations

import time

from shared.vectorstore import Between, Filter, Point, VectorStore

_FETCHED = 400
_ENOUGH = _FETCHED // 2
_WINDOWS_DAYS = (1 / 24, 1, 10, 100, 1000)
_FINEST_SECONDS = 1e-3


class Arrivals:
    """The newest items, read from the index, which keeps no order by time.

    So the moment since which enough pictures came in is searched for by counting. It is remembered for each tenant, as
    a first guess only: what is returned is read anew each time.
    """

    def __init__(self, vectors: VectorStore) -> None:
        self._vectors = vectors
        self._guess: dict[str, float] = {}

    def newest(self, tenant: str, where: Filter, wanted: int) -> list[Point]:
        """One picture of each of up to `wanted` items, newest first. At least the newest 200 pictures are looked at."""
        guess = self._guess.get(tenant, 0.0)
        points = self._since(tenant, where, guess)
        if len(points) == _FETCHED or (guess and len(points) < _ENOUGH // 2):
            self._guess[tenant] = cutoff = self._cutoff(tenant, where)
            points = self._since(tenant, where, cutoff)
        points.sort(key=lambda point: (-point.payload["created_ts"], point.id))
        items: dict[str, Point] = {}
        for point in points:
            items.setdefault(point.payload["sku"], point)
        return list(items.values())[:wanted]

    def _cutoff(self, tenant: str, where: Filter) -> float:
        """A moment since which 200 to 400 pictures came in; 0 when there are fewer, the last possible one when more."""
        now = time.time()
        too_late = now
        for days in _WINDOWS_DAYS:
            early = now - days * 86_400
            if self._count(tenant, where, early) >= _ENOUGH:
                break
            too_late = early
        else:
            early = 0.0
        while too_late - early > _FINEST_SECONDS:
            middle = (early + too_late) / 2
            found = self._count(tenant, where, middle)
            if _ENOUGH <= found < _FETCHED:
                return middle
            if found < _ENOUGH:
                too_late = middle
            else:
                early = middle
        return early

    def _since(self, tenant: str, where: Filter, moment: float) -> list[Point]:
        return self._vectors.scroll(tenant, _from(where, moment), _FETCHED)

    def _count(self, tenant: str, where: Filter, moment: float) -> int:
        return self._vectors.count(tenant, _from(where, moment))


def _from(where: Filter, moment: float) -> Filter:
    return Filter((*where.must, Between("created_ts", low=moment)), where.must_not)
