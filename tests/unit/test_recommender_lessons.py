"""Lessons in the background: whose turn it is, what is put in use, and that nobody waits for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update

from services.recommender import learned
from services.recommender.learned import LearnedModels, Tried
from services.recommender.lesson_child import LessonChild
from services.recommender.lessons import Learn, Learned, Lessons, When
from services.recommender.tables import LessonTurn
from services.recommender.together import NAME, Together
from shared import database
from shared.database import Database
from shared.errors import Permanent
from tests.support.baskets import made_lessons, shop_lessons
from tests.support.databases import NewDatabase

MIGRATIONS = Path(learned.__file__).parent / "migrations"
NOW = datetime.now(UTC)
STOP = threading.Event()


@dataclass
class Shops:
    """Each tenant and how many events it has recorded."""

    events: dict[str, int] = field(default_factory=lambda: {"acme": 5_000})

    def tenants(self) -> list[str]:
        return list(self.events)

    def changed(self, tenant: str) -> int:
        return self.events[tenant]


@pytest.fixture(scope="module")
def migrated(new_database: NewDatabase) -> Iterator[Database]:
    opened = database.open(new_database())
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


@pytest.fixture
def db(migrated: Database) -> Database:
    with migrated.write() as session:
        for table in ("learned", "lessons"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    return migrated


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    """On SQLite alone: a child process costs seconds."""
    opened = database.open(f"sqlite:///{tmp_path}/recommender.db")
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


def teaches(*learned: Learned | None) -> Learn:
    given = iter(learned)
    return lambda _tenant, _name, _go_on: next(given)


def lessons(db: Database, learn: Learn, shops: Shops | None = None) -> Lessons:
    return Lessons(LearnedModels(db), shops or Shops(), ["made"], learn)


def counted(outcome: str) -> float:
    told = {"name": "made", "outcome": outcome}
    return REGISTRY.get_sample_value("loupe_recommender_lessons_total", told) or 0.0


def test_a_better_model_takes_the_place_of_the_one_before(db: Database) -> None:
    given = lessons(db, teaches(Learned(b"one", 0.4, None, 100), Learned(b"two", 0.5, 0.4, 100)))
    assert given.active("acme", "made") is None
    assert given.give("acme", "made", STOP) == "swapped"
    assert given.active("acme", "made") == b"one"
    assert given.give("acme", "made", STOP) == "swapped"
    assert given.active("acme", "made") is given.active("acme", "made") == b"two"
    assert given.active("other", "made") is None


def test_a_worse_model_is_not_put_in_use_and_is_counted(db: Database) -> None:
    before = counted("worse")
    given = lessons(db, teaches(Learned(b"good", 0.4, None, 1_000), Learned(b"bad", 0.3, 0.4, 1_000)))
    assert given.give("acme", "made", STOP) == "swapped"
    assert given.give("acme", "made", STOP) == "worse"
    assert given.active("acme", "made") == b"good"
    assert counted("worse") == before + 1
    assert REGISTRY.get_sample_value("loupe_recommender_lesson_figure", {"name": "made"}) == 0.3


def test_a_difference_that_may_be_chance_is_not_worse() -> None:
    assert not Learned(b"", 0.38, 0.4, 100).worse()
    assert Learned(b"", 0.38, 0.4, 10_000).worse()
    assert not Learned(b"", 0.0, None, 10).worse()


def test_a_lesson_that_fails_leaves_the_model_in_use_and_is_counted(db: Database) -> None:
    def fails(tenant: str, name: str, go_on: Callable[[], bool]) -> Learned | None:
        raise ZeroDivisionError

    assert lessons(db, teaches(Learned(b"good", 0.4, None, 100))).give("acme", "made", STOP) == "swapped"
    before = counted("failed")
    failing = lessons(db, fails)
    assert failing.give("acme", "made", STOP) == "failed"
    assert failing.active("acme", "made") == b"good"
    assert counted("failed") == before + 1
    assert lessons(db, teaches(None)).give("acme", "made", STOP) == "nothing"


def test_two_processes_are_never_at_one_lesson(db: Database) -> None:
    other = lessons(db, teaches(Learned(b"other", 0.4, None, 100)), Shops({"acme": 1, "another": 1}))
    outcomes = []

    def learn(tenant: str, name: str, go_on: Callable[[], bool]) -> Learned | None:
        outcomes.append(other.give(tenant, name, STOP))
        outcomes.append(other.give("another", name, STOP))
        return Learned(b"mine", 0.4, None, 100)

    assert lessons(db, learn).give("acme", "made", STOP) == "swapped"
    assert outcomes == ["elsewhere", "swapped"]
    assert other.active("acme", "made") == b"mine"


def test_the_turn_of_a_process_that_died_is_over_in_a_minute(db: Database) -> None:
    died, living = LearnedModels(db), LearnedModels(db)
    assert died.take_turn("acme", "made")
    assert not living.take_turn("acme", "made")
    with db.write() as session:
        a_second_ago = (NOW - timedelta(seconds=1)).replace(tzinfo=None)
        session.execute(update(LessonTurn).values(held_until=a_second_ago))
    assert living.take_turn("acme", "made")
    tried = Tried(NOW, 1, 1.0, "swapped")
    assert not died.end_turn("acme", "made", tried, (b"too late", 1.0, 1))
    assert living.active("acme", "made") is None


def test_what_another_process_put_in_use_is_seen_without_asking_for_it(db: Database) -> None:
    mine, others = LearnedModels(db), lessons(db, teaches(Learned(b"new", 0.4, None, 100)))
    assert mine.active("acme", "made") is None
    others.give("acme", "made", STOP)
    stop = threading.Event()
    following = threading.Thread(target=mine.follow, args=(stop,))
    following.start()
    try:
        started = datetime.now(UTC)
        while mine.active("acme", "made") is None:
            assert datetime.now(UTC) - started < timedelta(seconds=5)
            stop.wait(0.02)
        assert mine.active("acme", "made") == b"new"
    finally:
        stop.set()
        following.join()


def test_a_lesson_is_due_after_enough_events_or_a_day() -> None:
    when = When(events=100, every=timedelta(days=1))
    tried = Tried(NOW, 1_000, 1.0, "swapped")
    minute = timedelta(minutes=1)
    assert not when.due(None, 0, NOW)
    assert when.due(None, 1, NOW)
    assert not when.due(tried, 1_099, NOW + minute)
    assert when.due(tried, 1_100, NOW + minute)
    assert not when.due(tried, 1_100, NOW + timedelta(seconds=19))  # it took a second: 20 are to pass
    assert not when.due(tried, 1_000, NOW + timedelta(days=2))
    assert when.due(tried, 1_001, NOW + timedelta(days=1))
    assert not when.due(Tried(NOW, 100_000, 1.0, "swapped"), 104_999, NOW + minute)
    failed = Tried(NOW, 1_000, 1.0, "failed")
    assert not when.due(failed, 9_000, NOW + minute)
    assert when.due(failed, 1_000, NOW + timedelta(minutes=30))


def test_lessons_run_by_themselves_until_told_to_stop(db: Database) -> None:
    stop = threading.Event()

    def learn(tenant: str, name: str, go_on: Callable[[], bool]) -> Learned | None:
        stop.set()
        return Learned(b"alone", 0.4, None, 100)

    running = lessons(db, learn)
    running.run(stop)
    assert running.active("acme", "made") == b"alone"


def test_a_child_learns_at_low_priority_and_what_kills_it_kills_nothing_else(own: Database) -> None:
    shops = Shops({"acme": 1, "dies": 1, "fails": 1})
    given = lessons(own, LessonChild(made_lessons), shops)
    assert given.give("acme", "made", STOP) == "swapped"
    process, niceness = (given.active("acme", "made") or b"").split()
    assert int(process) != os.getpid()
    assert int(niceness) >= 10
    assert given.give("dies", "made", STOP) == "failed"
    assert given.give("fails", "made", STOP) == "failed"


def test_a_lesson_that_takes_too_long_is_ended() -> None:
    with pytest.raises(Permanent, match="took more than"):
        LessonChild(made_lessons, seconds=0.1, asks_every_seconds=0.05)("hangs", "made", lambda: True)


def test_companions_are_answered_without_error_while_models_are_learned_and_swapped(own: Database) -> None:
    models = LearnedModels(own)
    learning = Lessons(models, Shops(), [NAME], LessonChild(partial(shop_lessons, str(own.engine.url))))
    together, done, failures, answers = Together(models.active), threading.Event(), [], set[int]()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.add(len(together.companions("acme", [("3-0", 1.0), ("4-1", 0.5)], 5)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                failures.append(error)
                return
            done.wait(0.001)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for one in asking:
        one.start()
    try:
        assert learning.give("acme", NAME, STOP) == "swapped"
        first = models.active("acme", NAME)
        assert learning.give("acme", NAME, STOP) == "nothing"  # no act is later than those it knows
        assert models.active("acme", NAME) is first
    finally:
        done.set()
        for one in asking:
            one.join()
    assert failures == []
    assert answers == {0, 5}
