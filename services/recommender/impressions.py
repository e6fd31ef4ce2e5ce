"""What shoppers were shown, kept for a month: how good a ranking is shows in what is clicked of what was seen."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from services.recommender.history import naive
from services.recommender.tables import Impression
from shared.contracts.impressions import ImpressionsRecorded, ImpressionsShown, ShownList
from shared.database import Database
from shared.errors import Retryable
from shared.messaging import Publisher

_KEPT = timedelta(days=30)
_CLEANED_EVERY_SECONDS = 3_600.0
_log = structlog.get_logger(__name__)


class Impressions:
    """Pages of lists as they were shown, always within one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, tenant: str, lists: Sequence[ShownList]) -> None:
        """Keep the pages that are not known yet."""
        by_key = {(one.search_id, one.place, one.piece, one.first): one for one in lists}
        key = (Impression.search_id, Impression.place, Impression.piece, Impression.first)
        known = select(*key).where(Impression.tenant == tenant, tuple_(*key).in_(list(by_key)))
        try:
            with self._database.write() as session:
                for row in session.execute(known):
                    del by_key[row.search_id, row.place, row.piece, row.first]
                rows = [
                    {"tenant": tenant, **one.model_dump(exclude={"at"}), "at": naive(one.at)} for one in by_key.values()
                ]
                if rows:
                    session.execute(insert(Impression), rows)
        except IntegrityError as error:
            raise Retryable("The same impressions are being recorded by another worker at this moment.") from error

    def forget(self, until: datetime) -> int:
        """Delete what was shown before; returns how many pages that were."""
        with self._database.write() as session:
            return len(
                session.execute(
                    delete(Impression).where(Impression.at < naive(until)).returning(Impression.search_id)
                ).all()
            )

    def clean(self, stop: threading.Event) -> None:
        """Forget what is older than 30 days, once an hour until `stop` is set."""
        while not stop.is_set():
            try:
                self.forget(datetime.now(UTC) - _KEPT)
            except Retryable as error:
                _log.warning("impressions_not_cleaned", detail=error.detail)
            stop.wait(_CLEANED_EVERY_SECONDS)


def handle_impressions_shown(message: ImpressionsShown, *, impressions: Impressions, publisher: Publisher) -> None:
    """Keep what is new, and always say that the batch is recorded."""
    impressions.record(message.tenant, message.lists)
    publisher.publish(
        ImpressionsRecorded(tenant=message.tenant, correlation_id=message.correlation_id, batch_id=message.batch_id)
    )
