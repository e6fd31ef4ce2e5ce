"""All that is kept of a shopper goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Delete, delete, select
from sqlalchemy.orm import Session

from services.recommender import metrics
from services.recommender.erased import erased_at, note_erased
from services.recommender.history import Who
from services.recommender.recording import hold, key_of, number_of
from services.recommender.tables import Event, Impression, Visit
from shared.contracts.messages import ErasureAsked, ShopperErased
from shared.database import Database
from shared.messaging import Publisher

_AT_ONCE = 500


class Eraser:
    """What is kept of shoppers beside this are rankings without a name, and models of what very many did."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, tenant: str, who: Who, at: datetime) -> None:
        """Everything of a user, the visits that were theirs too; or of a visit, but for what a user did in it.

        `at`: what was told of them until then and comes in later is dropped; so this very erasure, asked for again,
        does nothing to what was told since.
        """
        with self._database.write() as session:
            connection = session.connection()
            hold(connection, tenant)
            asked, moment = key_of(who.user_id, who.session_id), number_of(at)
            if erased_at(connection, tenant, [asked]).get(asked, -1) >= moment:
                return
            visits = _visits_of(session, tenant, who)
            shoppers = list(dict.fromkeys([asked, *(key_of(None, visit) for visit in visits)]))
            for some in _in_parts(shoppers):
                _delete(session, "event", delete(Event).where(Event.tenant == tenant, Event.shopper.in_(some)))
            if who.user_id is not None:
                self._shown(session, tenant, Impression.user_id == who.user_id)
            for some in _in_parts(visits):
                self._shown(session, tenant, Impression.session_id.in_(some) & Impression.user_id.is_(None))
                _delete(session, "visit", delete(Visit).where(Visit.tenant == tenant, Visit.session_id.in_(some)))
            note_erased(connection, tenant, shoppers, moment)

    @staticmethod
    def _shown(session: Session, tenant: str, to: ColumnElement[bool]) -> None:
        _delete(session, "shown", delete(Impression).where(Impression.tenant == tenant, to))


def _visits_of(session: Session, tenant: str, who: Who) -> list[str]:
    if who.user_id is None:
        return [str(who.session_id)]
    theirs = select(Visit.session_id).where(Visit.tenant == tenant, Visit.user_id == who.user_id)
    return list(session.scalars(theirs))


def _delete(session: Session, kind: str, rows: Delete) -> None:
    done: Any = session.execute(rows)
    metrics.ERASED.labels(kind).inc(done.rowcount)


def _in_parts(names: list[str]) -> list[list[str]]:
    return [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]


def handle_erasure_asked(message: ErasureAsked, *, eraser: Eraser, publisher: Publisher) -> None:
    """Erase, and always say that it is done."""
    eraser.erase(message.tenant, Who(message.user_id, message.session_id), message.at)
    publisher.publish(
        ShopperErased(tenant=message.tenant, correlation_id=message.correlation_id, erasure_id=message.erasure_id)
    )
