"""What the gateway itself holds of a shopper goes: what has not left yet, and what died on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from sqlalchemy import Table, delete, func, or_, select, update
from sqlalchemy.orm import Session

from services.gateway.impressions import Whose
from services.gateway.tables import OUTBOX, DeadLetter, KeptAnswer, ShopNews, SuggestionNews
from services.gateway.webhooks.deliveries import deliveries_about, forget_shopper

_PAGE = 50
_TOLD_IN = {"user.events": "events", "impressions.shown": "lists"}
"""The messages that tell of shoppers, and under what."""
_REQUESTS = ("erasure.asked",)
"""Messages of one shopper. In the outbox they stay until they are done."""


def forget(session: Session, tenant: str, whose: Whose) -> Counter[str]:
    """Take the shopper out of whatever waits in the outbox, of dead letters, of what the shop is to be told, and of
    answers kept for those who ask again. How many rows that changed, by where they were."""
    found = Counter(outbox=_from_outbox(session, tenant, whose))
    letters = select(DeadLetter).where(DeadLetter.tenant == tenant, DeadLetter.source.in_((*_TOLD_IN, *_REQUESTS)))
    for letter in session.execute(letters).scalars():
        left = _without(letter.source, letter.payload, whose)
        if left is letter.payload:
            continue
        found["dead letters"] += 1
        if left is None:
            session.delete(letter)
        else:
            letter.payload = left
    news = delete(SuggestionNews).where(SuggestionNews.tenant == tenant, SuggestionNews.shopper == shopper_key(whose))
    found["suggestion news"] += _count(session.execute(news))
    about = delete(ShopNews).where(ShopNews.tenant == tenant, ShopNews.event.contains('"loupe.suggestions.changed"'))
    for said in _said(whose):
        found["suggestion news"] += _count(session.execute(about.where(ShopNews.event.contains(said, autoescape=True))))
    found["webhook deliveries"] += forget_shopper(session, tenant, user_id=whose.user_id, session_id=whose.session_id)
    found["kept answers"] += _from_answers(session, tenant, whose)
    return +found


def _said(whose: Whose) -> list[str]:
    """How a JSON object without spaces names the shopper."""
    named = {"user_id": whose.user_id, "session_id": whose.session_id}
    return [orjson.dumps({name: value}).decode()[1:-1] for name, value in named.items() if value is not None]


def _from_answers(session: Session, tenant: str, whose: Whose) -> int:
    """A problem document tells the address that was asked, in which a shopper may stand."""
    address = f"/v1/users/{whose.user_id}" if whose.user_id else f"/v1/sessions/{whose.session_id}"
    start = orjson.dumps(address)[:-1]
    holds = _HOLDS[session.connection().dialect.name]
    several = [holds(start + end) > 0 for end in (b'"', b":", b"/")]
    return _count(session.execute(delete(KeptAnswer).where(KeptAnswer.tenant == tenant, or_(*several))))


_HOLDS: dict[str, Callable[[bytes], Any]] = {
    "sqlite": lambda part: func.instr(KeptAnswer.body, part),
    "postgresql": lambda part: func.pg_catalog.position(KeptAnswer.body, part),
}


def _count(done: Any) -> int:
    return max(0, int(done.rowcount))


def shopper_key(whose: Whose) -> str:
    """As `SuggestionNews.shopper`."""
    return f"u:{whose.user_id}" if whose.user_id else f"s:{whose.session_id}"


def _from_outbox(session: Session, tenant: str, whose: Whose) -> int:
    table: Table = OUTBOX.table
    after, found = 0, 0
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
            found += left is not row.payload
            if left is None:
                session.execute(delete(table).where(table.c.id == row.id))
            elif left is not row.payload:
                session.execute(update(table).where(table.c.id == row.id).values(payload=left))
        if len(rows) < _PAGE:
            return found
        after = rows[-1].id


def _without(message: str, payload: dict[str, Any], whose: Whose) -> dict[str, Any] | None:
    """The payload without what is of the shopper; itself when nothing is, None when nothing else is left."""
    if message in _REQUESTS:
        return None if _is_of(payload, whose) else payload
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


def told_of(session: Session, tenant: str, whose: Whose) -> dict[str, list[Any]]:
    """What `forget` would take out, as JSON, by where it is."""
    found: dict[str, list[Any]] = {"outbox": [], "dead-letters": [], "webhook-deliveries": []}
    table: Table = OUTBOX.table
    rows = select(table.c.message, table.c.payload).where(
        table.c.message.in_(_TOLD_IN), table.c.payload["tenant"].as_string() == tenant
    )
    for row in session.execute(rows).yield_per(_PAGE):
        found["outbox"] += [one for one in row.payload[_TOLD_IN[row.message]] if _is_of(one, whose)]
    letters = select(DeadLetter).where(DeadLetter.tenant == tenant, DeadLetter.source.in_(_TOLD_IN))
    for letter in session.scalars(letters):
        given = letter.payload.get(_TOLD_IN[letter.source])
        found["dead-letters"] += [one for one in given if _is_of(one, whose)] if isinstance(given, list) else []
    found["webhook-deliveries"] = deliveries_about(session, tenant, _said(whose))
    return found


def names_here(session: Session, tenant: str) -> set[Whose]:
    """The shoppers that the catalogue names anywhere: where a backup came back, some of them may be erased."""
    found: set[Whose] = set()
    table: Table = OUTBOX.table
    rows = select(table.c.message, table.c.payload).where(
        table.c.message.in_(_TOLD_IN), table.c.payload["tenant"].as_string() == tenant
    )
    told = [(row.message, row.payload) for row in session.execute(rows)]
    letters = select(DeadLetter).where(DeadLetter.tenant == tenant, DeadLetter.source.in_(_TOLD_IN))
    told += [(letter.source, letter.payload) for letter in session.scalars(letters)]
    for message, payload in told:
        given = payload.get(_TOLD_IN[message])
        found |= _named(one for one in given if isinstance(one, dict)) if isinstance(given, list) else set()
    for shopper in session.scalars(select(SuggestionNews.shopper).where(SuggestionNews.tenant == tenant)):
        kind, _, name = shopper.partition(":")
        found.add(Whose(name) if kind == "u" else Whose(None, name))
    events = [orjson.loads(event) for event in session.scalars(select(ShopNews.event).where(ShopNews.tenant == tenant))]
    return found | _named(event["data"] for event in [*events, *deliveries_about(session, tenant, [""])])


def _named(told: Iterable[dict[str, Any]]) -> set[Whose]:
    found: set[Whose] = set()
    for one in told:
        if one.get("user_id"):
            found.add(Whose(one["user_id"]))
        elif one.get("session_id"):
            found.add(Whose(None, one["session_id"]))
    return found
