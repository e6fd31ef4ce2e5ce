"""The outbox: what was committed is sent until its outcome is back, and no oftener than needed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import MetaData, update

from shared import database
from shared.contracts.messages import ErasureAsked, ImageRemoved, ImageStored, Message
from shared.contracts.routes import Service
from shared.database import Database, Outbox, Relay
from shared.errors import Retryable
from tests.support.databases import NewDatabase
from tests.support.waiting import until


class Wire:
    """A broker end that a test can take away or fill."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.away = False
        self.busy = False

    def publish_many(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise Retryable("the broker is away")
        self.sent.extend(messages)

    def idle(self, queues: Iterable[Service]) -> bool:
        return not (self.busy and list(queues))


METADATA = MetaData()
OUTBOX = Outbox(METADATA)


@pytest.fixture
def db(new_database: NewDatabase) -> Iterator[Database]:
    opened = database.open(new_database())
    METADATA.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def relay(db: Database, wire: Wire) -> Relay:
    return Relay(db, OUTBOX, wire)


def add(db: Database, *skus: str) -> None:
    with db.write() as session:
        for sku in skus:
            message = ImageRemoved(tenant="acme", correlation_id="c-1", sku=sku, image_id="0" * 36)
            OUTBOX.add(session, f"image.removed:{sku}", message)


def age(db: Database, seconds: float) -> None:
    table = OUTBOX.table
    with db.write() as session:
        for row in session.execute(table.select()).all():
            shift = timedelta(seconds=seconds)
            moved = {"late_at": row.late_at - shift, "overdue_at": row.overdue_at - shift}
            session.execute(update(table).where(table.c.id == row.id).values(**moved))


def skus(wire: Wire) -> list[str]:
    return [message.sku for message in wire.sent if isinstance(message, ImageRemoved)]


def test_a_new_row_is_sent_once(db: Database, relay: Relay, wire: Wire) -> None:
    add(db, "A", "B")
    assert relay.send_new() == 2
    assert relay.send_new() == 0
    assert skus(wire) == ["A", "B"]


def test_it_is_measured_how_long_a_message_waits_to_be_sent_and_for_its_outcome(db: Database, relay: Relay) -> None:
    def measured() -> tuple[float, float]:
        lag = REGISTRY.get_sample_value("loupe_outbox_lag_seconds_count")
        outcome = REGISTRY.get_sample_value("loupe_outbox_outcome_seconds_count", {"message": "image.removed"})
        return lag or 0.0, outcome or 0.0

    before = measured()
    add(db, "A", "B")
    relay.send_new()
    age(db, 3_600)
    relay.send_late()
    with db.write() as session:
        OUTBOX.close(session, "image.removed:A", "image.removed:unknown")
    lag, outcome = (after - earlier for after, earlier in zip(measured(), before, strict=True))
    assert (lag, outcome) == (2, 1), "the first sending of each, and the one outcome"


def test_queues_are_bounded_and_no_type_waits_behind_a_flood_of_another(db: Database, wire: Wire) -> None:
    relay = Relay(db, OUTBOX, wire, most=3)
    add(db, "A", "B", "C")
    assert relay.send_new() == 3
    add(db, "D")
    with db.write() as session:
        erasure = ErasureAsked(tenant="acme", correlation_id="c", erasure_id="e", user_id="u")
        OUTBOX.add(session, "erasure:e", erasure)
    assert relay.send_new() == 1
    assert wire.sent[-1] == erasure
    with db.write() as session:
        OUTBOX.close(session, "image.removed:A")
    assert relay.send_new() == 1
    assert skus(wire) == ["A", "B", "C", "D"]


def test_a_row_of_an_undone_transaction_is_never_sent(db: Database, relay: Relay, wire: Wire) -> None:
    def add_then_fail() -> None:
        with db.write() as session:
            OUTBOX.add(session, "k", ImageRemoved(tenant="acme", correlation_id="c", sku="A", image_id="0" * 36))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_then_fail()
    assert relay.send_new() == 0


def test_a_row_without_outcome_is_sent_again_only_when_its_queues_are_empty_twice(
    db: Database, relay: Relay, wire: Wire
) -> None:
    add(db, "A")
    relay.send_new()
    age(db, 60)
    wire.busy = True
    assert relay.send_late() == 0, "its queue still holds work"
    wire.busy = False
    assert relay.send_late() == 0, "it may be between two queues"
    assert relay.send_late() == 1
    assert relay.send_late() == 0, "it has just been sent"
    assert skus(wire) == ["A", "A"]


def test_a_picture_that_is_sent_again_is_told_how_often_it_was_sent_before(
    db: Database, relay: Relay, wire: Wire
) -> None:
    picture = ImageStored(
        tenant="acme", correlation_id="c-1", sku="A", image_id="0" * 36, sha256="0" * 64, item_revision=1
    )
    with db.write() as session:
        OUTBOX.add(session, "image.stored:A", picture)
    relay.send_new()
    for _ in range(2):
        age(db, 60 * 60)
        relay.send_late()
    assert [message.attempt for message in wire.sent if isinstance(message, ImageStored)] == [0, 1, 2]


def test_a_row_past_the_ceiling_is_sent_again_though_its_queue_is_busy(db: Database, relay: Relay, wire: Wire) -> None:
    add(db, "A")
    relay.send_new()
    wire.busy = True
    age(db, 20 * 60)
    assert relay.send_late() == 1
    age(db, 20 * 60)
    assert relay.send_late() == 0, "the ceiling doubles with each attempt"


def test_a_row_that_was_sent_before_the_clock_was_put_back_does_not_wait_for_the_clock(
    db: Database, relay: Relay, wire: Wire
) -> None:
    add(db, "A")
    relay.send_new()
    age(db, -2 * 60 * 60)
    assert [relay.send_late() for _ in range(2)] == [0, 1]
    assert [relay.send_late() for _ in range(2)] == [0, 0], "it is dated anew"


def test_a_closed_row_is_not_sent_again(db: Database, relay: Relay, wire: Wire) -> None:
    add(db, "A")
    relay.send_new()
    with db.write() as session:
        OUTBOX.close(session, "image.removed:A")
        OUTBOX.close(session, "image.removed:A")
        assert OUTBOX.open_rows(session) == 0
    assert relay.send_late() == relay.send_late() == 0


def test_the_age_of_the_oldest_open_row_is_told_and_none_is_0(db: Database) -> None:
    with db.read() as session:
        assert OUTBOX.oldest_seconds(session) == 0
    add(db, "A")
    with db.write() as session:
        session.execute(
            update(OUTBOX.table).values(created_at=datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=2))
        )
    add(db, "B")
    with db.read() as session:
        assert 120 <= OUTBOX.oldest_seconds(session) < 150


def test_rows_wait_while_the_broker_is_away(db: Database, relay: Relay, wire: Wire) -> None:
    wire.away = True
    stop = threading.Event()
    running = threading.Thread(target=relay.run, args=(stop,))
    running.start()
    add(db, "A")
    relay.wake()
    wire.away = False
    until(lambda: skus(wire) == ["A"], "the row is sent once the broker is back")
    stop.set()
    running.join()


def test_two_writers_wait_for_each_other_instead_of_failing(db: Database) -> None:
    def write(name: str) -> None:
        for number in range(25):
            add(db, f"{name}-{number}")

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with db.read() as session:
        assert OUTBOX.open_rows(session) == 100


def test_writes_together_are_committed_at_once_and_a_failing_one_undoes_itself_alone(db: Database) -> None:
    def add_then_fail() -> None:
        with db.write() as session:
            OUTBOX.add(session, "undone", ImageRemoved(tenant="acme", correlation_id="c", sku="B", image_id="0" * 36))
            raise RuntimeError

    with db.together():
        add(db, "A")
        with pytest.raises(RuntimeError):
            add_then_fail()
        with db.read() as session:
            assert OUTBOX.open_rows(session) == 0, "nothing is visible before the end"
        add(db, "C")
    with db.read() as session:
        assert OUTBOX.open_rows(session) == 2


def test_what_is_to_follow_a_commit_follows_that_of_the_whole_unit_and_once(db: Database) -> None:
    seen: list[int] = []

    def look() -> None:
        with db.read() as session:
            seen.append(OUTBOX.open_rows(session))

    add(db, "A")
    db.after_commit(look)
    with db.together():
        for sku in ("B", "C"):
            add(db, sku)
            db.after_commit(look)
    assert seen == [1, 3]


def test_what_is_to_follow_a_commit_does_not_follow_a_failure(db: Database) -> None:
    called: list[str] = []

    def fail() -> None:
        with db.together():
            db.after_commit(lambda: called.append("called"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert called == []


def test_a_relay_that_is_woken_inside_a_unit_of_work_sends_its_row_without_waiting_for_the_next_look(
    db: Database, wire: Wire, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.outbox._POLL", timedelta(minutes=1))
    stop = threading.Event()
    running = threading.Thread(target=relay.run, args=(stop,))
    running.start()
    try:
        add(db, "A")
        relay.wake()
        until(lambda: skus(wire) == ["A"], "the relay runs")
        with db.together():
            add(db, "B")
            relay.wake()
            until(lambda: not relay._woken.is_set(), "the relay would have looked", seconds=5)
        until(lambda: skus(wire) == ["A", "B"], "the row is sent once it is there")
    finally:
        stop.set()
        relay.wake()
        running.join()
