"""The bound of what Loupe accepts: how much waits for its outcome, how fast that is worked off, when there is room.

Each row of the outbox is a message that was accepted and has no outcome yet, wherever it is at the moment: here, in a
queue or in work. So their number is the length of all queues together, of all gateways.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import structlog

from services.gateway import metrics
from shared.database import Database, Outbox
from shared.errors import Overloaded, Retryable

_LOOK_SECONDS = 1.0
_MEMORY_SECONDS = 30.0
_CHANGES_OVER_PICTURES = 2
_BUSY_SHARE = 0.1
_ROOM_SHARE = 0.1
_UNKNOWN_SECONDS = 30
_LONGEST_SECONDS = 300
_log = structlog.get_logger(__name__)


class Backlog:
    """Pictures are refused from `limit` waiting messages on; from twice as many also changes of items and events.

    What takes away, removals and erasures, is always taken. The number is looked at once a second, so it may pass the
    bound by what comes within one.
    """

    def __init__(
        self, database: Database, outbox: Outbox, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._limit = limit
        self._clock = clock
        self._waiting = 0
        self._newest = 0
        self._looked_at: float | None = None
        self._rate: float | None = None
        metrics.BACKLOG_LIMIT.set(limit)

    def run(self, stop: threading.Event) -> None:
        """Look once a second until `stop` is set. While the database is away, what was seen last holds."""
        while not stop.is_set():
            try:
                self.look()
            except Retryable as error:
                _log.warning("backlog_unseen", detail=error.detail)
            stop.wait(_LOOK_SECONDS)

    def look(self) -> None:
        """Count what waits, and how much was worked off since the last look."""
        now = self._clock()
        with self._database.read() as session:
            waiting, newest = self._outbox.extent(session)
        if self._looked_at is not None and now > self._looked_at and self._waiting > self._limit * _BUSY_SHARE:
            self._note_rate(self._worked_off(waiting, newest) / (now - self._looked_at), now - self._looked_at)
        self._waiting, self._newest, self._looked_at = waiting, newest, now

    def has_room(self) -> bool:
        """Whether pictures are taken at this moment."""
        return self._waiting < self._limit

    def check_pictures(self) -> None:
        """Raises `Overloaded` when no more pictures are taken at this moment."""
        self._check("pictures", self._limit)

    def check_changes(self) -> None:
        """Raises `Overloaded` when no changes of items and no events are taken at this moment."""
        self._check("changes", self._limit * _CHANGES_OVER_PICTURES)

    def _check(self, what: str, limit: int) -> None:
        if self._waiting < limit:
            return
        metrics.SHED.labels(what).inc()
        seconds = self._seconds_until_room(limit)
        raise Overloaded(
            f"More work waits than Loupe takes at once, so it takes no {what} now. Nothing of this request was kept. "
            f"There is room again in about {seconds} seconds: send it again then.",
            headers={"Retry-After": str(seconds)},
        )

    def _seconds_until_room(self, limit: int) -> int:
        """Until a tenth of the bound is free, at the rate of the last half minute."""
        if not self._rate:
            return _UNKNOWN_SECONDS
        over = self._waiting - limit * (1 - _ROOM_SHARE)
        return max(1, min(math.ceil(over / self._rate), _LONGEST_SECONDS))

    def _worked_off(self, waiting: int, newest: int) -> int:
        """Ids grow, so the newest tells how many came meanwhile; SQLite gives that of a closed newest row again."""
        came = max(0, newest - self._newest)
        return max(0, self._waiting + came - waiting)

    def _note_rate(self, rate: float, seconds: float) -> None:
        weight = 1 - math.exp(-seconds / _MEMORY_SECONDS)
        self._rate = rate if self._rate is None else self._rate + weight * (rate - self._rate)
