"""Who may use a core to decode a picture and find its pieces: queries at once, ingested pictures a few at a time.

The batcher puts queries first at the model alone. Without this, every thread of the queue decodes at once, and a query
gets one share of many.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.embedder.batcher import Lane, give_way

PATIENCE_SECONDS = 2.0


class Turns:
    """At most `at_once` ingested pictures are prepared at a time, and none begins while a query is prepared, unless it
    has waited for 2 s: a flood of queries does not stop them. A thread that took such a turn gives way from then on."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._changed = threading.Condition()
        self._queries = 0
        self._ingested = 0

    @contextmanager
    def of(self, lane: Lane) -> Iterator[None]:
        """A turn of this lane."""
        if lane == "query":
            with self._changed:
                self._queries += 1
        else:
            self._wait_and_begin()
        try:
            yield
        finally:
            with self._changed:
                if lane == "query":
                    self._queries -= 1
                else:
                    self._ingested -= 1
                self._changed.notify_all()

    def _wait_and_begin(self) -> None:
        give_way()
        until = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while self._ingested >= self._at_once or (self._queries and time.monotonic() < until):
                self._changed.wait(max(0.0, until - time.monotonic()) or None)
            self._ingested += 1
