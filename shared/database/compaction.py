"""Bytes of what was erased go from a database's files too, some hours later: writing files anew is work for all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from shared.errors import Retryable

_LOOKED_EVERY_SECONDS = 900.0
_EVERY = timedelta(hours=12)
_SLACK = timedelta(hours=1)
"""Between the moment that an erasure tells and the end of its work."""
_log = structlog.get_logger(__name__)


class Compaction:
    """Calls `compact` once something was erased since it last did, at most once in `every`: so within a day.

    `last_erasure` tells when somebody was erased last. A process that starts does not know what was compacted before,
    and begins with a compaction if anybody was ever erased.
    """

    def __init__(
        self, compact: Callable[[], None], last_erasure: Callable[[], datetime | None], every: timedelta = _EVERY
    ) -> None:
        self._compact = compact
        self._last_erasure = last_erasure
        self._every = every
        self._done: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Look every quarter of an hour until `stop` is set. Waits, and says so, while the stores are away."""
        while not stop.wait(_LOOKED_EVERY_SECONDS):
            try:
                self.look(datetime.now(UTC))
            except Retryable as error:
                _log.warning("compaction_waits", detail=error.detail)

    def look(self, now: datetime) -> bool:
        """Compact if it is due; whether it was."""
        if self._done and now < self._done + self._every:
            return False
        last = self._last_erasure()
        if last is None or (self._done and last < self._done - _SLACK):
            return False
        self._compact()
        self._done = now
        _log.info("compacted")
        return True
