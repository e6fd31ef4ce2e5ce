"""All that is kept of a shopper goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Session

from services.recommender import metrics
from services.recommender.erased import erased_at, note_erased
from services.recommender.history import Who, naive
from services.recommender.recording import hold, key_of, number_of
from services.recommender.tables import Event, Impression, Visit
from shared.contracts.messages import ErasureAsked, ShopperErased
from shared.database import Database
from shared.messaging import Publisher

_AT_ONCE = 500
Found = dict[str, int]


class Eraser:
    """What is kept of shoppers beside this are rankings without a name, and models of what very many did.

    `forget_answers` drops what this process has cached for a user; other processes' answers are gone in a minute.
    """

    def __init__(self, database: Database, forget_answers: Callable[[str, str], int] | None = None) -> None:
        self._database = database
        self._forget_answers = forget_answers or (lambda _tenant, _user: 0)

    def erase(self, tenant: str, who: Who, at: datetime, *, restored: bool = False) -> Found:
        """Everything of a user, the visits that were theirs too; or of a visit, but for what a user did in it.

        `at`: what was told of them until then and comes in later is dropped; so this very erasure, asked for again,
        does nothing to what was told since. `restored`: what came in after `at` stays in any case. Returns how many
        rows went, by what they were.
        """
        with self._database.write() as session:
            connection = session.connection()
            hold(connection, tenant)
            asked, moment = key_of(who.user_id, who.session_id), number_of(at)
            known = erased_at(connection, tenant, [asked]).get(asked, -1)
            if known > moment or (known == moment and not restored):
                return {}
            visits = _visits_of(session, tenant, who)
            shoppers = list(dict.fromkeys([asked, *(key_of(None, visit) for visit in visits)]))
            old = (Event.recorded_at <= moment,) if restored else ()
            shown_before = (Impression.at <= naive(at),) if restored else ()
            seen = (Visit.seen_at <= moment,) if restored else ()
            found = {"events": 0, "impressions": 0, "visits": 0}
            for some in _in_parts(shoppers):
                rows = delete(Event).where(Event.tenant == tenant, Event.shopper.in_(some), *old)
                found["events"] += _delete(session, "event", rows)
            shown = delete(Impression).where(Impression.tenant == tenant, *shown_before)
            if who.user_id is not None:
                found["impressions"] += _delete(session, "shown", shown.where(Impression.user_id == who.user_id))
            for some in _in_parts(visits):
                theirs = Impression.session_id.in_(some) & Impression.user_id.is_(None)
                found["impressions"] += _delete(session, "shown", shown.where(theirs))
                rows = delete(Visit).where(Visit.tenant == tenant, Visit.session_id.in_(some), *seen)
                found["visits"] += _delete(session, "visit", rows)
            note_erased(connection, tenant, shoppers, moment)
        if who.user_id is not None:
            found["cached answers"] = self._forget_answers(tenant, who.user_id)
        return {f"history: {kind}": count for kind, count in found.items() if count}


def _visits_of(session: Session, tenant: str, who: Who) -> list[str]:
    if who.user_id is None:
        return [str(who.session_id)]
    theirs = select(Visit.session_id).where(Visit.tenant == tenant, Visit.user_id == who.user_id)
    return list(session.scalars(theirs))


def _delete(session: Session, kind: str, rows: Delete) -> int:
    count = int(getattr(session.execute(rows), "rowcount", 0))
    metrics.ERASED.labels(kind).inc(count)
    return count


def _in_parts(names: list[str]) -> list[list[str]]:
    return [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]


def handle_erasure_asked(message: ErasureAsked, *, eraser: Eraser, publisher: Publisher) -> None:
    """Erase, and always say that it is done."""
    who = Who(message.user_id, message.session_id)
    found = eraser.erase(message.tenant, who, message.at, restored=message.restored)
    publisher.publish(
        ShopperErased(
            tenant=message.tenant, correlation_id=message.correlation_id, erasure_id=message.erasure_id, found=found
        )
    )
