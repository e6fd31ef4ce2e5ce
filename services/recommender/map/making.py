"""Makes the maps that somebody has looked at, in a child process, and again as the catalogue changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import structlog

from services.recommender.index import Index
from services.recommender.learned import LearnedModels, Tried
from services.recommender.lesson_child import LessonChild
from services.recommender.lessons import Learned, Lesson, Lessons, When
from services.recommender.map.held import Held, pack, unpack
from services.recommender.map.layout import Floats, beside, kept_together, lay_out
from services.recommender.map.reading import Seen, read
from services.recommender.map.telling import NAME, Maps
from shared.errors import Retryable

_LOOKS_EVERY_SECONDS = 2.0
_SHARE, _AT_LEAST = 0.05, 20
_EVERY, _AGAIN = timedelta(hours=1), timedelta(minutes=5)
_TIMES_ITS_COST = 20
_log = structlog.get_logger(__name__)


@dataclass
class MapLesson:
    """Lays the items out, from where those of `before` lay."""

    seen: Seen
    model: str
    before: Held | None
    name: str = NAME

    def learn(self, tenant: str) -> Learned | None:  # noqa: ARG002 - of a Lesson: what is learned from is in `seen`
        if not self.seen.skus:
            return None
        places = lay_out(self.seen.vectors, _begin(self.seen, self.before))
        held = Held(self.seen.skus, self.seen.looks, places, self.seen.vectors, self.seen.basis, self.model)
        return Learned(pack(held), kept_together(self.seen.vectors, places), None, len(self.seen.skus))


def _begin(seen: Seen, before: Held | None) -> Floats | None:
    """Where each lay, or is put by its neighbours that lay somewhere; None where most lay nowhere."""
    if before is None:
        return None
    rows, known = lying(seen, before)
    if len(rows) < max(4, len(seen.skus) // 2):
        return None
    places = np.zeros((len(seen.skus), 2), dtype=np.float32)
    places[rows] = before.places[known]
    others = np.setdiff1d(np.arange(len(seen.skus)), rows)
    if len(others):
        places[others] = beside(seen.vectors[others], seen.vectors[rows], places[rows])
    return places


def lying(seen: Seen, held: Held) -> tuple[list[int], list[int]]:
    """Of the items that lie on the map, seen by the picture that they are seen by now: rows in each."""
    at = {(sku, look): row for row, (sku, look) in enumerate(zip(held.skus, held.looks, strict=True))}
    both = [(row, at.get(key, -1)) for row, key in enumerate(zip(seen.skus, seen.looks, strict=True))]
    return [row for row, known in both if known >= 0], [known for _, known in both if known >= 0]


class MapMaker:
    """`seconds`: a map that takes longer is given up."""

    def __init__(self, index: Index, models: LearnedModels, maps: Maps, seconds: float) -> None:
        self._index = index
        self._models = models
        self._maps = maps
        self._seconds = seconds
        self._lessons = Lessons(models, _Everybody(models), [NAME], self._learn, When())

    def run(self, stop: threading.Event) -> None:
        """Make each map that is due, until `stop` is set."""
        while not stop.wait(_LOOKS_EVERY_SECONDS):
            try:
                for tenant in self._models.wanted(NAME):
                    if not stop.is_set() and self.due(tenant, datetime.now(UTC)):
                        self.make(tenant, stop)
            except Retryable as error:
                _log.warning("maps_postponed", detail=error.detail)

    def make(self, tenant: str, stop: threading.Event) -> str:
        """As `Lessons.give`."""
        return self._lessons.give(tenant, NAME, stop)

    def due(self, tenant: str, now: datetime) -> bool:
        """When there is none of this model; when a twentieth of the items lie on it as they were not laid out; after an
        hour, when any do. No more than a twentieth of a core goes into it."""
        tried = self._models.tried(tenant, NAME)
        if tried is None:
            return True
        if not _rested(tried, now):
            return False
        standing = self._maps.standing(tenant)
        if standing is None:
            return tried.outcome != "nothing" or now - tried.at > timedelta(seconds=30)
        moved = standing.strayed
        return moved >= max(_AT_LEAST, _SHARE * standing.items) or (moved > 0 and now - tried.at > _EVERY)

    def _learn(self, tenant: str, name: str, go_on: Callable[[], bool]) -> Learned | None:
        packed = self._models.active(tenant, NAME)
        before = unpack(packed) if packed else None
        with self._index.pin() as pinned:
            model = pinned.model.version
            before = before if before and before.model == model else None
            seen = read(pinned, tenant, before.basis if before else None, go_on)
        child = LessonChild(partial(_school, MapLesson(seen, model, before)), self._seconds)
        return child(tenant, name, go_on)


def _school(lesson: MapLesson) -> Sequence[Lesson]:
    return [lesson]


def _rested(tried: Tried, now: datetime) -> bool:
    since = now - tried.at
    if tried.outcome == "failed":
        return since >= _AGAIN
    return since >= timedelta(seconds=_TIMES_ITS_COST * tried.took_seconds) or tried.outcome == "stopped"


class _Everybody:
    """Whose maps there are. How many events there were does not count for a map."""

    def __init__(self, models: LearnedModels) -> None:
        self._models = models

    def tenants(self) -> list[str]:
        return self._models.wanted(NAME)

    def changed(self, tenant: str) -> int:  # noqa: ARG002 - of Pupils
        return 0
