"""What was found names nobody any more: a picture is gone, or a shop does not consent any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from services.authenticity.copies.tables import LookalikeRow
from services.authenticity.copies.telling import take_back

_AT_ONCE = 500
_NOBODY = {"other_tenant": None, "other_subject": None, "other": None}


def hide_pictures(session: Session, tenant: str, subjects: Sequence[str]) -> None:
    """What was found by these pictures of a shop, for it or for another one."""
    mine = and_(LookalikeRow.tenant == tenant, LookalikeRow.own_subject.in_(subjects))
    theirs = and_(LookalikeRow.other_tenant == tenant, LookalikeRow.other_subject.in_(subjects))
    _hide(session, or_(mine, theirs))


def hide_shop(session: Session, tenant: str) -> None:
    """All that was found for a shop, or of it for others."""
    _hide(session, or_(LookalikeRow.tenant == tenant, LookalikeRow.other_tenant == tenant))


def _hide(session: Session, which: ColumnElement[bool]) -> None:
    """What was not told yet is as if it had never been found."""
    named = and_(which, LookalikeRow.other_tenant.is_not(None))
    ids = session.scalars(select(LookalikeRow.lookalike_id).where(named)).all()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        untold = take_back(session, some)
        session.execute(delete(LookalikeRow).where(LookalikeRow.lookalike_id.in_(untold)))
        session.execute(update(LookalikeRow).where(LookalikeRow.lookalike_id.in_(some)).values(**_NOBODY))
