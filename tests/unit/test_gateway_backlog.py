"""When there is room again is told from how much waits and how fast it is worked off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from services.gateway.backlog import Backlog
from shared import database
from shared.contracts.messages import ImageRemoved
from shared.database import Database, Outbox
from shared.errors import Overloaded

METADATA = MetaData()
OUTBOX = Outbox(METADATA)


class World:
    """An outbox, and a clock that a test moves."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = 0.0
        self.added = 0
        self.backlog = Backlog(db, OUTBOX, 50, lambda: self.now)

    def add(self, count: int) -> None:
        message = ImageRemoved(tenant="acme", correlation_id="c", sku="RING-1", image_id="0" * 36)
        with self.db.write() as session:
            OUTBOX.add_all(session, {f"k-{self.added + n}": message for n in range(count)})
        self.added += count

    def close(self, first: int, count: int) -> None:
        with self.db.write() as session:
            OUTBOX.close(session, *(f"k-{n}" for n in range(first, first + count)))

    def look_after(self, seconds: float) -> None:
        self.now += seconds
        self.backlog.look()

    def retry_after(self) -> int:
        with pytest.raises(Overloaded) as refused:
            self.backlog.check_pictures()
        return int(refused.value.headers["Retry-After"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = database.open(f"sqlite:///{tmp_path}/outbox.db")
    METADATA.create_all(opened.engine)
    yield World(opened)
    opened.close()


def test_until_the_rate_is_known_half_a_minute_is_told(world: World) -> None:
    world.add(50)
    world.look_after(1)
    assert world.retry_after() == 30


def test_the_longer_the_queue_and_the_slower_the_work_the_later(world: World) -> None:
    world.add(100)
    world.look_after(1)
    world.close(0, 10)
    world.look_after(2)  # 5 a second; 90 wait, and room is below 45
    assert world.retry_after() == 9
    world.add(50)
    world.close(10, 10)
    world.look_after(2)  # the same rate: what came meanwhile does not hide what was done
    assert world.retry_after() == 17


def test_work_that_stands_still_is_not_asked_for_more_than_every_five_minutes(world: World) -> None:
    world.add(1_000)
    world.look_after(1)
    world.close(0, 1)
    world.look_after(1)
    assert world.retry_after() == 300


def test_changes_are_taken_up_to_twice_the_bound_of_pictures(world: World) -> None:
    world.add(99)
    world.look_after(1)
    world.backlog.check_changes()
    world.add(1)
    world.look_after(1)
    with pytest.raises(Overloaded):
        world.backlog.check_changes()


def test_below_the_bound_everything_is_taken_again(world: World) -> None:
    world.add(50)
    world.look_after(1)
    assert not world.backlog.has_room()
    world.close(0, 1)
    world.look_after(1)
    assert world.backlog.has_room()
    world.backlog.check_pictures()
