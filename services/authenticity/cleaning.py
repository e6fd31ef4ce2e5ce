"""What is over goes: verifications after their time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from shared.errors import Retryable

_FIRST_SECONDS, _EVERY_SECONDS = 60.0, 900.0
_log = structlog.get_logger(__name__)


def cleaning(clean: Callable[[], int], first_seconds: float = _FIRST_SECONDS) -> Callable[[threading.Event], None]:
    """A loop that calls `clean` until it finds nothing, a minute after the start, then every 15 minutes."""

    def run(stop: threading.Event) -> None:
        wait = first_seconds
        while not stop.wait(wait):
            wait = _EVERY_SECONDS
            try:
                while clean() and not stop.is_set():
                    pass
            except Retryable as error:
                _log.warning("cleaning_waits", detail=error.detail)

    return run
