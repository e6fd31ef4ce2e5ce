"""Forgets the events that were kept long enough, a few at a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Delete, delete, select, tuple_

from services.recommender import metrics
from services.recommender.recording import number_of
from services.recommender.tables import Erasure, Event, Visit
from shared.database import Database
from shared.errors import Retryable

_STEP = 1_000
_LOOKED_EVERY_SECONDS = 3_600.0
_ERASURES_KEPT = timedelta(days=30)
"""Far longer than anything is on its way that was told of a shopper before."""
_log = structlog.get_logger(__name__)


class Retention:
    """Events are kept for `kept` after they came in, and whose a visit is as long after it was last heard of."""

    def __init__(self, database: Database, kept: timedelta) -> None:
        self._database = database
        self._kept = kept

    def run(self, stop: threading.Event) -> None:
        """Forget what is too old, once an hour until `stop` is set. Between two steps others may write."""
        while not stop.is_set():
            try:
                while self.forget(datetime.now(UTC) - self._kept) and not stop.is_set():
                    pass
                self.forget_erasures(datetime.now(UTC) - _ERASURES_KEPT)
            except Retryable as error:
                _log.warning("history_not_forgotten", detail=error.detail)
            stop.wait(_LOOKED_EVERY_SECONDS)

    def forget(self, until: datetime) -> bool:
        """Delete up to 1,000 events and up to 1,000 visits that are from before; whether there may be more."""
        before = number_of(until)
        oldest = select(Event.id).order_by(Event.id).limit(_STEP).scalar_subquery()
        events = self._delete("event", delete(Event).where(Event.id.in_(oldest), Event.recorded_at < before))
        visit = (Visit.tenant, Visit.session_id)
        quiet = select(*visit).where(Visit.seen_at < before).order_by(Visit.seen_at).limit(_STEP)
        visits = self._delete("visit", delete(Visit).where(tuple_(*visit).in_(quiet)))
        return _STEP in (events, visits)

    def forget_erasures(self, until: datetime) -> None:
        """That shoppers were erased before then."""
        with self._database.write() as session:
            session.execute(delete(Erasure).where(Erasure.at < number_of(until)))

    def _delete(self, kind: str, rows: Delete) -> int:
        with self._database.write() as session:
            deleted = int(getattr(session.execute(rows), "rowcount", 0))
        metrics.FORGOTTEN.labels(kind).inc(deleted)
        return deleted
