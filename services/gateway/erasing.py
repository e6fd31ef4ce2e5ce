"""What the gateway itself holds of a shopper goes: what has not left yet, and what died on its way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from services.gateway.impressions import Whose
from services.gateway.tables import OUTBOX, DeadLetter, SuggestionNews
from services.gateway.webhooks.deliveries import forget_shopper

_PAGE = 50
_TOLD_IN = {"user.events": "events", "impressions.shown": "lists"}
"""The messages that tell of shoppers, and under what."""


def forget(session: Session, tenant: str, whose: Whose) -> None:
    """Take the shopper out of whatever waits in the outbox, of dead letters, and of what the shop is to be told."""
    _from_outbox(session, tenant, whose)
    letters = select(DeadLetter).where(DeadLetter.tenant == tenant, DeadLetter.source.in_(_TOLD_IN))
    for letter in session.execute(letters).scalars():
        if (left := _without(letter.source, letter.payload, whose)) is None:
            session.delete(letter)
        else:
            letter.payload = left
    session.execute(
        delete(SuggestionNews).where(SuggestionNews.tenant == tenant, SuggestionNews.shopper == shopper_key(whose))
    )
    forget_shopper(session, tenant, user_id=whose.user_id, session_id=whose.session_id)


def shopper_key(whose: Whose) -> str:
    """As `SuggestionNews.shopper`."""
    return f"u:{whose.user_id}" if whose.user_id else f"s:{whose.session_id}"


def _from_outbox(session: Session, tenant: str, whose: Whose) -> None:
    table: Table = OUTBOX.table
    after = 0
    while True:  # a page at a time: each row may hold 1,000 events
        rows = session.execute(
            select(table.c.id, table.c.message, table.c.payload)
            .where(
                table.c.id > after,
                table.c.message.in_(_TOLD_IN),
                table.c.payload["tenant"].as_string() == tenant,
            )
            .order_by(table.c.id)
            .limit(_PAGE)
            .with_for_update()
        ).all()
        for row in rows:
            left = _without(row.message, row.payload, whose)
            if left is None:
                session.execute(delete(table).where(table.c.id == row.id))
            elif left is not row.payload:
                session.execute(update(table).where(table.c.id == row.id).values(payload=left))
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _without(message: str, payload: dict[str, Any], whose: Whose) -> dict[str, Any] | None:
    """The payload without what is of the shopper; itself when nothing is, None when nothing else is left."""
    told = _TOLD_IN[message]
    given = payload.get(told)
    if not isinstance(given, list):  # of a dead letter that broke the contract
        return None
    left = [one for one in given if not _is_of(one, whose)]
    if len(left) == len(given):
        return payload
    return {**payload, told: left} if left else None


def _is_of(told: Any, whose: Whose) -> bool:
    if not isinstance(told, dict):
        return True
    if whose.user_id is not None:
        return bool(told.get("user_id") == whose.user_id)
    return told.get("user_id") is None and bool(told.get("session_id") == whose.session_id)
