"""Learns in the background, while suggestions are served: when it is time, and in one process at a time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from services.recommender import metrics
from services.recommender.learned import LearnedModels, Tried
from shared.errors import Permanent, Retryable

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a lesson taught: `held` is what is stored and loaded, no pickle.

    `figure` is how good it is, higher is better, on `of` acts later than those it learned from; `before` the figure of
    what is in use, on the same acts, None where nothing is.
    """

    held: bytes
    figure: float
    before: float | None
    of: int

    def worse(self) -> bool:
        """Whether it is worse than what is in use by more than one standard error of a share of so many acts."""
        if self.before is None:
            return False
        share = min(1.0, max(0.0, self.before))
        return self.figure < self.before - math.sqrt(share * (1 - share) / max(1, self.of))


class Lesson(Protocol):
    """Something to learn of a tenant. `learn` gives None where there is too little to learn from."""

    name: str

    def learn(self, tenant: str) -> Learned | None: ...


class Pupils(Protocol):
    """Whose lessons there are, and how many events each has recorded."""

    def tenants(self) -> list[str]: ...
    def changed(self, tenant: str) -> int: ...


@dataclass(frozen=True, slots=True)
class When:
    """A lesson is due when `events` more were recorded, and a twentieth of what there were; or after `every`, if any.

    Between two there are at least 20 times as long as the last one took: no more than a twentieth of a core. One that
    fails is tried again after `again`.
    """

    events: int = 1_000
    every: timedelta = timedelta(days=1)
    again: timedelta = timedelta(minutes=30)

    def due(self, tried: Tried | None, events: int, now: datetime) -> bool:
        if tried is None:
            return events > 0
        since = now - tried.at
        if since < timedelta(seconds=_TIMES_ITS_COST * tried.took_seconds):
            return False
        if tried.outcome == "failed":
            return since >= self.again
        more = events - tried.events
        return bool(more >= max(self.events, tried.events * _SHARE) or (more != 0 and since >= self.every))


Learn = Callable[[str, str, Callable[[], bool]], Learned | None]
"""Learns the lesson of that name of that tenant. Asks now and then whether to go on, and raises `Stopped` if not."""
_TIMES_ITS_COST = 20
_SHARE = 0.05
_LOOKS_EVERY_SECONDS = 5.0


class Stopped(Exception):
    """The lesson was given up: the process ends, or another one has taken its turn."""


class Lessons:
    """The lessons of all tenants, one after the other. `names` are those that `learn` knows."""

    def __init__(
        self, models: LearnedModels, pupils: Pupils, names: list[str], learn: Learn, when: When | None = None
    ) -> None:
        self._models = models
        self._pupils = pupils
        self._names = names
        self._learn = learn
        self._when = when or When()

    def active(self, tenant: str, name: str) -> bytes | None:
        """The model in use; what another process swapped in is seen within a second."""
        return self._models.active(tenant, name)

    def run(self, stop: threading.Event) -> None:
        """Give each lesson that is due, until `stop` is set."""
        while not stop.is_set():
            try:
                for tenant in self._pupils.tenants():
                    for name in self._names:
                        if stop.is_set():
                            return
                        self.give_if_due(tenant, name, stop)
            except Retryable as error:
                _log.warning("lessons_postponed", detail=error.detail)
            stop.wait(_LOOKS_EVERY_SECONDS)

    def give_if_due(self, tenant: str, name: str, stop: threading.Event) -> str | None:
        """The outcome, or None where it is not due."""
        if not self._when.due(self._models.tried(tenant, name), self._pupils.changed(tenant), datetime.now(UTC)):
            return None
        return self.give(tenant, name, stop)

    def give(self, tenant: str, name: str, stop: threading.Event) -> str:
        """Learn now. `swapped`, `worse`, `failed`, `nothing` (too little to learn from), `elsewhere` (another process
        is at it), or `stopped`. Raises `Retryable` when the database does not answer."""
        if not self._models.take_turn(tenant, name):
            return "elsewhere"
        events, started = self._pupils.changed(tenant), time.monotonic()
        learned: Learned | None = None
        try:
            learned = self._learn(tenant, name, lambda: not stop.is_set() and self._models.take_turn(tenant, name))
            outcome = "nothing" if learned is None else "worse" if learned.worse() else "swapped"
        except Stopped:
            outcome = "stopped"
        except (Permanent, Retryable) as error:
            outcome = "failed"
            _log.warning("lesson_failed", tenant=tenant, lesson=name, detail=error.detail)
        except Exception:  # noqa: BLE001 - whatever is wrong with a lesson, the others are given
            outcome = "failed"
            _log.exception("lesson_failed", tenant=tenant, lesson=name)
        took = time.monotonic() - started
        held = (learned.held, learned.figure, learned.of) if learned and outcome == "swapped" else None
        if not self._models.end_turn(tenant, name, Tried(datetime.now(UTC), events, took, outcome), held):
            outcome = "stopped"
        metrics.LESSONS.labels(name, outcome).inc()
        if learned:
            metrics.LESSON_FIGURE.labels(name).set(learned.figure)
            told = {"figure": learned.figure, "before": learned.before, "of": learned.of, "bytes": len(learned.held)}
            say = _log.warning if outcome == "worse" else _log.info
            say("lesson_given", tenant=tenant, lesson=name, outcome=outcome, seconds=round(took, 2), **told)
        return outcome
