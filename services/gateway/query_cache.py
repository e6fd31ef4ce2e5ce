"""What is kept of a query for a moment, so that paging, chips and boxes on the same photo run no model again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from services.gateway import metrics

_V = TypeVar("_V")


class QueryCache(Generic[_V]):
    """Values by key for `seconds`: at most `entries` of them and `size` bytes together, the least used go first.

    For one event loop. `name` is that of its hits and misses among the metrics.
    """

    def __init__(self, name: str, *, seconds: float, entries: int, size: int) -> None:
        self._seconds = seconds
        self._entries = entries
        self._size = size
        self._held: OrderedDict[Hashable, tuple[float, int, _V]] = OrderedDict()
        self._bytes = 0
        self._hits = metrics.CACHE.labels(name, "hit")
        self._misses = metrics.CACHE.labels(name, "miss")

    def get(self, key: Hashable) -> _V | None:
        held = self._held.get(key)
        if held is None or held[0] <= time.monotonic():
            self._misses.inc()
            return None
        self._held.move_to_end(key)
        self._hits.inc()
        return held[2]

    def put(self, key: Hashable, value: _V, size: int) -> None:
        """Keep a value of `size` bytes; one that is larger than all may be together is not kept."""
        if size > self._size:
            return
        self._drop(key)
        self._held[key] = (time.monotonic() + self._seconds, size, value)
        self._bytes += size
        while len(self._held) > self._entries or self._bytes > self._size:
            self._drop(next(iter(self._held)))

    def _drop(self, key: Hashable) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._bytes -= held[1]
