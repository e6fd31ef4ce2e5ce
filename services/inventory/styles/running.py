"""Makes styles in the background, in a child process: when it is time, one shop after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from services.inventory.child import Stopped
from services.inventory.styles import metrics
from services.inventory.styles.turns import Turns, When
from shared.errors import Permanent, Retryable

_log = structlog.get_logger(__name__)
_LOOKS_EVERY_SECONDS = 10.0
Make = Callable[[str, Callable[[], bool]], int]
"""Makes the styles of a tenant; asks now and then whether to go on, and raises `Stopped` if not."""


class StyleRuns:
    """The runs of all shops. What fails harms no other shop and is tried again."""

    def __init__(self, turns: Turns, make: Make, when: When | None = None) -> None:
        self._turns = turns
        self._make = make
        self._when = when or When()

    def run(self, stop: threading.Event) -> None:
        """Make what is due, until `stop` is set."""
        while not stop.is_set():
            try:
                for tenant, there in self._turns.shops().items():
                    if stop.is_set():
                        return
                    if self._when.due(self._turns.of(tenant), there, datetime.now(UTC)):
                        self.make(tenant, there, stop)
            except Retryable as error:
                _log.warning("styles_postponed", detail=error.detail)
            stop.wait(_LOOKS_EVERY_SECONDS)

    def make(self, tenant: str, there: int, stop: threading.Event) -> str:
        """Make them now: `made`, `failed`, `stopped`, or `elsewhere`, where another process is at it."""
        if not self._turns.take(tenant):
            return "elsewhere"
        at, started, pieces = datetime.now(UTC), time.monotonic(), 0
        try:
            pieces = self._make(tenant, lambda: not stop.is_set() and self._turns.take(tenant))
            outcome = "made"
        except Stopped:
            outcome = "stopped"
        except (Permanent, Retryable) as error:
            outcome = "failed"
            _log.warning("styles_failed", tenant=tenant, detail=error.detail)
        took = time.monotonic() - started
        self._turns.end(tenant, at, took, there, outcome)
        metrics.STYLE_RUNS.labels(outcome).inc()
        metrics.STYLE_SECONDS.set(took)
        _log.info("styles_made", tenant=tenant, outcome=outcome, pieces=pieces, seconds=round(took, 2))
        return outcome
