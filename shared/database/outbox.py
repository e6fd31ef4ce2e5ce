"""The outbox: messages that are committed with the rows they tell of, and sent until their outcome has come back.

Brokers lose messages; a row does not. So a row is closed by its outcome, not by its publication, and sent again when
the outcome stays away. A plain time-out would misfire under backlog: a row is late only once every queue between it and
its outcome is empty, or when it has passed an age ceiling.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from prometheus_client import Counter
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Integer,
    MetaData,
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

_BATCH = 64
_GATHER_SECONDS_A_ROW = 0.005
_LONGEST_GATHER_SECONDS = 0.5
_POLL = timedelta(seconds=1)
_FIRST_RESEND = timedelta(seconds=5)
_LONGEST_RESEND = timedelta(minutes=5)
_CEILING = timedelta(minutes=15)
_log = structlog.get_logger(__name__)
RESENT = Counter("loupe_outbox_resent_total", "Messages sent again because their outcome stayed away", ["message"])


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

    def add(self, session: Session, key: str, message: Message) -> None:
        """Add a message to the caller's transaction."""
        session.execute(
            insert(self.table).values(
                key=key, message=message.name, payload=message.model_dump(mode="json"), created_at=_now(), attempts=0
            )
        )

    def close(self, session: Session, key: str) -> None:
        """The outcome of `key` has come back. Closing what is closed is no error."""
        session.execute(delete(self.table).where(self.table.c.key == key))

    def open_rows(self, session: Session) -> int:
        return session.execute(select(func.count()).select_from(self.table)).scalar_one()


class Relay:
    """Sends the outbox's rows: new ones at once, late ones again."""

    def __init__(self, database: Database, outbox: Outbox, wire: Wire) -> None:
        self._database = database
        self._table = outbox.table
        self._wire = wire
        self._woken = threading.Event()
        self._idle_before: set[str] = set()
        self._mark = (
            update(self._table)
            .where(self._table.c.id == bindparam("row"))
            .values(attempts=bindparam("attempts"), late_at=bindparam("late_at"), overdue_at=bindparam("overdue_at"))
        )

    def wake(self) -> None:
        """There is a new row."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set. Waits, and says so, while the broker or the database is away."""
        next_look = _now()
        while not stop.is_set():
            self._woken.clear()
            try:
                while self.send_new() == _BATCH and not stop.is_set():
                    pass
                stop.wait(self._gathering_seconds())
                if _now() >= next_look:
                    self.send_late()
                    next_look = _now() + 2 * _POLL
            except Retryable as error:
                _log.warning("outbox_waits", detail=error.detail)
                stop.wait(_POLL.total_seconds())
            self._woken.wait(_POLL.total_seconds())

    def _gathering_seconds(self) -> float:
        """How long new rows may gather, so that they leave in bundles: the longer, the more is on its way already."""
        with self._database.read() as session:
            on_their_way = session.execute(select(func.count()).select_from(self._table)).scalar_one()
        return min(_GATHER_SECONDS_A_ROW * on_their_way, _LONGEST_GATHER_SECONDS)

    def send_new(self) -> int:
        """Send up to a batch of rows never sent; returns how many there were."""
        with self._database.read() as session:
            rows = session.execute(
                select(self._table).where(self._table.c.late_at.is_(None)).order_by(self._table.c.id).limit(_BATCH)
            ).all()
        self._send(rows)
        return len(rows)

    def send_late(self) -> int:
        """Send again the rows whose outcome stays away; returns how many."""
        idle_now = {m.name for m, way in WAY_TO_OUTCOME.items() if self._wire.idle(way)}
        quiet = idle_now & self._idle_before  # twice in a row: between two queues a message is in neither for a moment
        self._idle_before = idle_now
        table, now = self._table.c, _now()
        with self._database.read() as session:
            rows = session.execute(
                select(self._table)
                .where(or_((table.late_at < now) & table.message.in_(quiet), table.overdue_at < now))
                .order_by(table.late_at)
                .limit(_BATCH)
            ).all()
        self._send(rows)
        for row in rows:
            RESENT.labels(row.message).inc()
        if rows:
            _log.warning("outbox_resent", rows=len(rows), first=rows[0].key)
        return len(rows)

    def _send(self, rows: Sequence[Any]) -> None:
        if not rows:
            return
        self._wire.publish_many([MESSAGES[row.message].model_validate(row.payload) for row in rows])
        now = _now()
        marks = [
            {
                "row": row.id,
                "attempts": row.attempts + 1,
                "late_at": now + min(_FIRST_RESEND * 2 ** min(row.attempts, 10), _LONGEST_RESEND),
                "overdue_at": now + _CEILING * 2 ** min(row.attempts, 10),
            }
            for row in rows
        ]
        with self._database.write() as session:
            session.connection().execute(self._mark, marks)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
