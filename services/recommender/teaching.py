"""Which lessons there are, and how a child process of the recommender opens what they learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from services.recommender import features, together
from services.recommender.history import Act
from services.recommender.impressions import Impressions
from services.recommender.learned import LearnedModels
from services.recommender.learning import RankerLesson
from services.recommender.lesson_child import LessonChild
from services.recommender.lessons import Lesson, Lessons, When
from services.recommender.settings import Settings
from services.recommender.together_lesson import TogetherLesson
from shared import database
from shared.contracts.user_events import EventType
from shared.database import Database

RANKER = RankerLesson.name


class Recorded(Protocol):
    """What lessons learn from: each shopper's acts since a moment, oldest first, and how many events there are."""

    def tenants(self) -> list[str]: ...
    def changed(self, tenant: str) -> int: ...
    def baskets(self, tenant: str, since: datetime) -> Iterable[tuple[str, Sequence[Act]]]: ...


def background_lessons(
    settings: Settings, models: LearnedModels, events: Database, recorded: Callable[[Database], Recorded]
) -> Lessons:
    """The lessons of a recommender. `recorded` opens the history in `events`, here and in the child."""
    names = [together.NAME, RANKER]
    learn = LessonChild(partial(lessons_of, settings, recorded), 60 * settings.lesson_minutes)
    when = When(settings.lesson_events, timedelta(hours=settings.lesson_hours))
    return Lessons(models, recorded(events), names, learn, when)


def lessons_of(settings: Settings, recorded: Callable[[Database], Recorded]) -> list[Lesson]:
    """The lessons, over a database opened anew: a child shares nothing with its parent."""
    events = database.open(settings.database_url)
    models = LearnedModels(events)
    history = recorded(events)
    return [
        TogetherLesson(history.baskets, models.active, strengths(settings)),
        RankerLesson(Impressions(events), history, lambda tenant: features.in_use(models.active(tenant, RANKER))),
    ]


def strengths(settings: Settings) -> Mapping[EventType, float]:
    """How much an act of each type counts."""
    return {kind: weight.weight for kind, weight in settings.weights.items()}
