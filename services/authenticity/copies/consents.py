"""Which shops let their pictures be compared with those of the others that do. Who says nothing does not."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from services.authenticity.copies.hiding import hide_shop
from services.authenticity.copies.tables import ConsentRow, PieceRow, WatchedRow
from shared import times
from shared.contracts.lookalikes import LookalikeConsent
from shared.database import Database


def consenting() -> Select[str]:
    """The shops that consent now."""
    return select(ConsentRow.tenant).where(ConsentRow.consents)


def consents(session: Session, tenant: str) -> bool:
    return session.scalar(consenting().where(ConsentRow.tenant == tenant)) is not None


class Consents:
    """`wake` is called when there is something to compare that was not before."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def get(self, tenant: str) -> LookalikeConsent:
        with self._database.read() as session:
            return _told(session, tenant)

    def put(self, tenant: str, said: bool) -> LookalikeConsent:
        """What is said holds at once. Who takes it back is forgotten by what is compared, and named by nobody's queue;
        its pictures wait until it consents again."""
        with self._database.write() as session:
            row = session.get(ConsentRow, tenant, with_for_update=True)
            if row is None:
                row = ConsentRow(tenant=tenant, consents=False, since=times.now())
                session.add(row)
            if row.consents != said:
                row.consents, row.since = said, times.now()
                if not said:
                    _forget(session, tenant)
            session.flush()
            told = _told(session, tenant)
        self._wake()
        return told


def _forget(session: Session, tenant: str) -> None:
    session.execute(delete(PieceRow).where(PieceRow.tenant == tenant))
    looked = (WatchedRow.tenant == tenant, WatchedRow.state == "looked")
    session.execute(update(WatchedRow).where(*looked).values(state="waiting"))
    hide_shop(session, tenant)


def _told(session: Session, tenant: str) -> LookalikeConsent:
    row = session.get(ConsentRow, tenant)
    if row is None:
        return LookalikeConsent(consents=False)
    waiting = 0
    if row.consents:
        waits = (WatchedRow.tenant == tenant, WatchedRow.state == "waiting")
        waiting = session.execute(select(func.count()).select_from(WatchedRow).where(*waits)).scalar_one()
    return LookalikeConsent(consents=row.consents, since=times.moment_of(row.since), waiting=waiting)
