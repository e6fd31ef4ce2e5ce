"""What was found names nobody any more: a picture is gone, or a shop does not consent any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from services.authenticity.copies.tables import LookalikeRow
from services.authenticity.copies.telling import take_back

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
    named = and_(which, LookalikeRow.other_tenant.is_not(None))
    ids = session.scalars(select(LookalikeRow.lookalike_id).where(named)).all()
    if ids:
        session.execute(update(LookalikeRow).where(named).values(**_NOBODY))
        take_back(session, ids)
