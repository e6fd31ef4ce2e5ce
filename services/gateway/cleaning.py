"""What is kept for a while only, and goes then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from shared.errors import LoupeError

_FIRST_SECONDS, _EVERY_SECONDS = 60.0, 900.0
_log = structlog.get_logger(__name__)


class Cleaner:
    """Calls each of `tasks` a minute after the start, then every 15 minutes. Several gateways may do so at once."""

    def __init__(self, tasks: Sequence[Callable[[], None]], first_seconds: float = _FIRST_SECONDS) -> None:
        self._tasks = tasks
        self._first_seconds = first_seconds

    def run(self, stop: threading.Event) -> None:
        wait = self._first_seconds
        while not stop.wait(wait):
            wait = _EVERY_SECONDS
            for clean in self._tasks:
                try:
                    clean()
                except LoupeError as error:
                    _log.warning("cleaning_waits", detail=error.detail)
