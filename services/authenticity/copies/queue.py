"""The review queue: what was found for a shop, and what its people say of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.authenticity.copies.degrees import words
from services.authenticity.copies.noting import of_shop
from services.authenticity.copies.tables import AllowedRow, LookalikeRow
from services.authenticity.copies.telling import take_back
from shared import times
from shared.contracts.lookalikes import (
    Decision,
    Degree,
    Evidence,
    Lookalike,
    LookalikePage,
    LookalikeState,
    LookalikeThresholds,
)
from shared.database import Database
from shared.errors import NotFound

_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}


class Queue:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        tenant: str,
        limit: int,
        before: int | None = None,
        state: LookalikeState | None = None,
        degree: Degree | None = None,
    ) -> LookalikePage:
        """The newest that still name somebody; `next_cursor` is the number of the last one."""
        wanted = select(LookalikeRow).where(LookalikeRow.tenant == tenant, LookalikeRow.other_tenant.is_not(None))
        if before is not None:
            wanted = wanted.where(LookalikeRow.number < before)
        if state:
            wanted = wanted.where(LookalikeRow.state == state)
        if degree:
            wanted = wanted.where(LookalikeRow.degree == degree)
        with self._database.read() as session:
            rows: Sequence[LookalikeRow] = session.scalars(
                wanted.order_by(LookalikeRow.number.desc()).limit(limit + 1)
            ).all()
        more = str(rows[limit - 1].number) if len(rows) > limit else None
        return LookalikePage(lookalikes=[_told(row) for row in rows[:limit]], next_cursor=more)

    def get(self, tenant: str, lookalike_id: str) -> Lookalike:
        with self._database.read() as session:
            return _told(_row(session, tenant, lookalike_id))

    def decide(self, tenant: str, lookalike_id: str, decision: Decision) -> Lookalike:
        """What a person says holds, whatever was said before. `allowed` lets the other shop show this item or design
        from now on, all that it was found with; another decision takes that back."""
        with self._database.write() as session:
            row = _row(session, tenant, lookalike_id, to_change=True)
            own = str(row.own.get("reference_id") or row.own.get("sku"))
            allowed = (AllowedRow.tenant == tenant, AllowedRow.own == own, AllowedRow.other_tenant == row.other_tenant)
            if decision == "allowed":
                insert = _DIALECTS[session.get_bind().dialect.name].insert(AllowedRow)
                let = {"tenant": tenant, "own": own, "other_tenant": row.other_tenant}
                session.connection().execute(insert.values(let).on_conflict_do_nothing())
                self._let_the_others(session, row, own)
            else:
                session.execute(delete(AllowedRow).where(*allowed))
            if row.state != decision:
                row.state, row.decided_at = decision, times.now()
                take_back(session, [row.lookalike_id])
            session.flush()
            return _told(row)

    def thresholds(self, tenant: str) -> LookalikeThresholds:
        with self._database.read() as session:
            return LookalikeThresholds(thresholds=[of_shop(session, tenant, one) for one in get_args(Evidence)])

    def _let_the_others(self, session: Session, row: LookalikeRow, own: str) -> None:
        """Those of the same own thing and the same shop that nobody has decided."""
        alike = (LookalikeRow.tenant == row.tenant, LookalikeRow.other_tenant == row.other_tenant)
        for other in session.scalars(select(LookalikeRow).where(*alike, LookalikeRow.state == "open")):
            if own == str(other.own.get("reference_id") or other.own.get("sku")):
                other.state, other.decided_at = "allowed", times.now()
                take_back(session, [other.lookalike_id])


def _row(session: Session, tenant: str, lookalike_id: str, *, to_change: bool = False) -> LookalikeRow:
    ours = (LookalikeRow.tenant == tenant, LookalikeRow.lookalike_id == lookalike_id)
    wanted = select(LookalikeRow).where(*ours, LookalikeRow.other_tenant.is_not(None))
    found = session.scalars(wanted.with_for_update() if to_change else wanted).one_or_none()
    if found is None:
        raise NotFound("This shop has no such look-alike: it was removed, or somebody does not consent any more.")
    return found


def _told(row: LookalikeRow) -> Lookalike:
    return Lookalike.model_validate(
        {
            "lookalike_id": row.lookalike_id,
            "state": row.state,
            "degree": row.degree,
            "evidence": row.evidence,
            "score": row.score,
            "edits": row.edits,
            "own": row.own,
            "other": row.other,
            "found_at": times.moment_of(row.found_at),
            "decided_at": row.decided_at and times.moment_of(row.decided_at),
            "words": words(row.degree),  # type: ignore[arg-type]  # a Degree, as it was kept
        }
    )
