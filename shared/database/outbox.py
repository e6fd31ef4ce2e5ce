"""The outbox: messages that are committed with the rows they tell of, and sent until their outcome has come back.

Brokers lose messages; a row does not. So a row is closed by its outcome, not by its publication, and sent again when
the outcome stays away. A plain time-out would misfire under backlog: a row is late only once every queue between it and
its outcome is empty, or when it has passed an age ceiling.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from shared.contracts.messages import Message
from shared.contracts.routes import MESSAGES, WAY_TO_OUTCOME, Service
from shared.database.engine import Database
from shared.errors import Retryable
from shared.observability import traces

_BATCH = 64
_GATHER_SECONDS_A_ROW = 0.005
_LONGEST_GATHER_SECONDS = 0.5
_MOST_ON_THEIR_WAY = 5_000
_COUNTED_EVERY_BATCHES = 8
_POLL = timedelta(seconds=1)
_FIRST_RESEND = timedelta(seconds=5)
_LONGEST_RESEND = timedelta(minutes=5)
_CEILING = timedelta(minutes=15)
_log = structlog.get_logger(__name__)
_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400)
LAG = Histogram(
    "loupe_outbox_lag_seconds", "From the commit of a message until it is sent the first time", buckets=_SECONDS
)
OUTCOME = Histogram(
    "loupe_outbox_outcome_seconds",
    "From the commit of a message until its outcome has come back",
    ["message"],
    buckets=_SECONDS,
)
RESENT = Counter("loupe_outbox_resent_total", "Messages sent again because their outcome stayed away", ["message"])
for _late in WAY_TO_OUTCOME:
    OUTCOME.labels(_late.name)
    RESENT.labels(_late.name)  # 0 from the start: a rate over a series that appears with its first count misses it


class Wire(Protocol):
    """What the relay needs of a broker."""

    def publish_many(self, messages: Sequence[Message]) -> None:
        """All of them, or `Retryable` when some may not have gone out."""
        ...

    def idle(self, queues: Iterable[Service]) -> bool:
        """Whether none of the queues has a message waiting or in work."""
        ...


class Outbox:
    """The table of messages whose outcome has not come back. `key` names what the message tells of, once."""

    def __init__(self, metadata: MetaData) -> None:
        self.table = Table(
            "outbox",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("key", String(255), nullable=False, unique=True),
            Column("message", String(64), nullable=False),
            Column("payload", JSON, nullable=False),
            Column("created_at", DateTime, nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("late_at", DateTime, index=True),
            Column("overdue_at", DateTime, index=True),
        )
        self._insert = insert(self.table)
        closed = delete(self.table).where(self.table.c.key.in_(bindparam("of_keys", expanding=True)))
        self._delete = closed.returning(self.table.c.message, self.table.c.created_at)

    def add(self, session: Session, key: str, message: Message) -> None:
        """Add a message to the caller's transaction."""
        self.add_all(session, {key: message})

    def add_all(self, session: Session, messages: Mapping[str, Message]) -> None:
        """Add messages by their keys, in their order."""
        if not messages:
            return
        now = _now()
        rows = [
            {
                "key": key,
                "message": message.name,
                "payload": traces.carried(message).model_dump(mode="json"),
                "created_at": now,
                "attempts": 0,
            }
            for key, message in messages.items()
        ]
        session.connection().execute(self._insert, rows)

    def close(self, session: Session, *keys: str) -> None:
        """The outcomes of these have come back. Closing what is closed is no error."""
        now = _now()
        for message, created_at in session.connection().execute(self._delete, {"of_keys": keys}):
            OUTCOME.labels(message).observe(max(0.0, (now - created_at).total_seconds()))

    def holds(self, session: Session, key: str) -> bool:
        """Whether the outcome of `key` is still awaited."""
        return session.execute(select(self.table.c.id).where(self.table.c.key == key)).first() is not None

    def open_rows(self, session: Session) -> int:
        return session.execute(select(func.count()).select_from(self.table)).scalar_one()

    def extent(self, session: Session) -> tuple[int, int]:
        """How many rows are open, and the id of the newest, 0 when there is none. Newer rows have higher ids."""
        count, newest = session.execute(select(func.count(), func.max(self.table.c.id))).one()
        return count, newest or 0

    def oldest_seconds(self, session: Session) -> float:
        """How long the oldest open row has waited for its outcome; 0 when none is open."""
        oldest = session.execute(select(func.min(self.table.c.created_at))).scalar_one()
        return max(0.0, (_now() - oldest).total_seconds()) if oldest else 0.0


class Relay:
    """Sends the outbox's rows: new ones at once, late ones again.

    Several relays may share one server: each takes the rows that no other is sending at that moment. While `most`
    messages of a type are on their way to their outcomes the others of that type wait here, so that queues are bounded
    and no message of another type waits behind them. It may be passed by what goes out between two counts.
    """

    def __init__(self, database: Database, outbox: Outbox, wire: Wire, most: int = _MOST_ON_THEIR_WAY) -> None:
        self._database = database
        self._table = outbox.table
        self._wire = wire
        self._most = most
        self._full: list[str] = []
        self._count_in = 0
        self._woken = threading.Event()
        self._idle_before: set[str] = set()
        self._mark = (
            update(self._table)
            .where(self._table.c.id == bindparam("row"))
            .values(attempts=bindparam("attempts"), late_at=bindparam("late_at"), overdue_at=bindparam("overdue_at"))
        )

    def wake(self) -> None:
        """There is a new row, or will be with the commit of the unit of work that this thread is in."""
        self._database.after_commit(self._woken.set)

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set. Waits, and says so, while the broker or the database is away."""
        next_look = time.monotonic()
        while not stop.is_set():
            self._woken.clear()
            try:
                if not self._any_open():
                    self._woken.wait(_POLL.total_seconds())
                    continue
                while self.send_new() == _BATCH and not stop.is_set():
                    pass
                stop.wait(self._gathering_seconds())
                if time.monotonic() >= next_look:
                    self.send_late()
                    next_look = time.monotonic() + 2 * _POLL.total_seconds()
            except Retryable as error:
                _log.warning("outbox_waits", detail=error.detail)
                stop.wait(_POLL.total_seconds())
            self._woken.wait(_POLL.total_seconds())

    def _any_open(self) -> bool:
        """Whether there is a row at all: one look a second, while nothing happens, instead of four."""
        with self._database.read() as session:
            return session.execute(select(self._table.c.id).limit(1)).first() is not None

    def _gathering_seconds(self) -> float:
        """How long new rows may gather, so that they leave in bundles: the longer, the more is on its way already."""
        with self._database.read() as session:
            on_their_way = session.execute(select(func.count()).select_from(self._table)).scalar_one()
        return min(_GATHER_SECONDS_A_ROW * on_their_way, _LONGEST_GATHER_SECONDS)

    def send_new(self) -> int:
        """Send up to a batch of rows never sent, of types of which more may be sent; returns how many there were."""
        if self._count_in == 0:
            self._full = self._types_on_their_way()
        table = self._table.c
        new = select(self._table).where(table.late_at.is_(None), table.message.not_in(self._full))
        sent = len(self._send(new.order_by(table.id).limit(_BATCH)))
        self._count_in = (self._count_in + 1) % _COUNTED_EVERY_BATCHES if sent == _BATCH else 0
        return sent

    def _types_on_their_way(self) -> list[str]:
        """Those of which as many as may be are on their way."""
        message = self._table.c.message
        sent = select(message).where(self._table.c.late_at.is_not(None)).group_by(message)
        with self._database.read() as session:
            return list(session.execute(sent.having(func.count() >= self._most)).scalars())

    def send_late(self) -> int:
        """Send again the rows whose outcome stays away; returns how many.

        One that is to be late in a future farther than any pause was sent before the clock was put back: it is late.
        """
        table, now = self._table.c, _now()
        late = or_(table.late_at < now, table.late_at > now + _LONGEST_RESEND)
        with self._database.read() as session:
            some = session.execute(select(table.id).where(or_(late, table.overdue_at < now)).limit(1)).first()
        if some is None:  # mostly so: to look into each queue is a hundred times the work
            self._idle_before = set()
            return 0
        idle_now = {m.name for m, way in WAY_TO_OUTCOME.items() if self._wire.idle(way)}
        quiet = idle_now & self._idle_before  # twice in a row: between two queues a message is in neither for a moment
        self._idle_before = idle_now
        rows = self._send(
            select(self._table)
            .where(or_(late & table.message.in_(quiet), table.overdue_at < now))
            .order_by(table.late_at)
            .limit(_BATCH)
        )
        for row in rows:
            RESENT.labels(row.message).inc()
        if rows:
            _log.warning("outbox_resent", rows=len(rows), first=rows[0].key)
        return len(rows)

    def _send(self, query: Select[Any]) -> Sequence[Any]:
        if self._database.locks_rows:
            with self._database.write() as session:
                rows = session.execute(query.with_for_update(skip_locked=True)).all()
                self._publish(rows)
                self._mark_sent(session, rows)
        else:  # its one write lock is not held while the broker is waited for
            with self._database.read() as session:
                rows = session.execute(query).all()
            self._publish(rows)
            if rows:
                with self._database.write() as session:
                    self._mark_sent(session, rows)
        return rows

    def _publish(self, rows: Sequence[Any]) -> None:
        self._wire.publish_many([_message(row) for row in rows])

    def _mark_sent(self, session: Session, rows: Sequence[Any]) -> None:
        now = _now()
        for row in rows:
            if row.attempts == 0:
                LAG.observe(max(0.0, (now - row.created_at).total_seconds()))
                if trace := row.payload.get("traceparent"):
                    traces.waited("outbox", trace, row.created_at)
        marks = [
            {
                "row": row.id,
                "attempts": row.attempts + 1,
                "late_at": now + min(_FIRST_RESEND * 2 ** min(row.attempts, 10), _LONGEST_RESEND),
                "overdue_at": now + _CEILING * 2 ** min(row.attempts, 10),
            }
            for row in rows
        ]
        if marks:
            session.connection().execute(self._mark, marks)


def _message(row: Any) -> Message:
    """The row's message; one that counts its attempts is told how often it was sent before."""
    message_type = MESSAGES[row.message]
    if "attempt" not in message_type.model_fields:
        return message_type.model_validate(row.payload)
    return message_type.model_validate(row.payload | {"attempt": row.payload.get("attempt", 0) + row.attempts})


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
