"""All that is kept of a shopper, told to whom the shop lets have it; and the names of all of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select, tuple_, union

from services.recommender.recording import key_of, moment_of
from services.recommender.tables import Event, Impression, Visit
from shared.contracts.kept import KeptOf, KeptPage, ShopperNames
from shared.database import Database

_PAGE = 500
_NAMES = 1_000
_SHOWN = (Impression.at, Impression.search_id, Impression.place, Impression.piece, Impression.first)


class Telling:
    """Reads the history, a page at a time, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, asked: KeptOf) -> KeptPage:
        """Of a user, in their visits too, or of a visit. Up to 500; of visits all of them."""
        match asked.store:
            case "visits":
                return self._visits(asked)
            case "events":
                return self._events(asked)
            case "impressions":
                return self._impressions(asked)

    def names(self, tenant: str, after: str) -> ShopperNames:
        """Up to 1,000 shoppers, from behind `after`."""
        user, visit = literal("u:") + Impression.user_id, literal("s:") + Impression.session_id
        all_names = union(
            select(Event.shopper.label("shopper")).where(Event.tenant == tenant, Event.shopper > after),
            select(literal("s:") + Visit.session_id).where(Visit.tenant == tenant),
            select(literal("u:") + Visit.user_id).where(Visit.tenant == tenant),
            select(user).where(Impression.tenant == tenant, Impression.user_id.is_not(None)),
            select(visit).where(Impression.tenant == tenant, Impression.session_id.is_not(None)),
        ).subquery()
        page = select(all_names.c.shopper).where(all_names.c.shopper > after).order_by(all_names.c.shopper)
        with self._database.read() as session:
            found = list(session.scalars(page.limit(_NAMES)))
        return ShopperNames(shoppers=found, last=len(found) < _NAMES)

    def _visits(self, asked: KeptOf) -> KeptPage:
        chosen = Visit.user_id == asked.user_id if asked.user_id else Visit.session_id == asked.session_id
        with self._database.read() as session:
            rows = session.scalars(select(Visit).where(Visit.tenant == asked.tenant, chosen)).all()
        return KeptPage(
            kept=[
                {"session_id": row.session_id, "user_id": row.user_id, "seen_at": moment_of(row.seen_at)}
                for row in rows
            ]
        )

    def _events(self, asked: KeptOf) -> KeptPage:
        theirs = Event.shopper == key_of(asked.user_id, asked.session_id)
        page = select(Event).where(Event.tenant == asked.tenant, theirs, Event.id > int(asked.after or 0))
        with self._database.read() as session:
            rows = session.scalars(page.order_by(Event.id).limit(_PAGE)).all()
        return KeptPage(
            kept=[
                {
                    "id": row.event_id,
                    "type": row.type,
                    "sku": row.sku,
                    "search_id": row.search_id,
                    "at": moment_of(row.at),
                    "recorded_at": moment_of(row.recorded_at),
                }
                for row in rows
            ],
            next=str(rows[-1].id) if len(rows) == _PAGE else None,
        )

    def _impressions(self, asked: KeptOf) -> KeptPage:
        page = select(Impression).where(Impression.tenant == asked.tenant, _shown_to(asked))
        if asked.after:
            at, *rest = json.loads(asked.after)
            page = page.where(tuple_(*_SHOWN) > (datetime.fromisoformat(at), *rest))
        with self._database.read() as session:
            rows = session.scalars(page.order_by(*_SHOWN).limit(_PAGE)).all()
        return KeptPage(kept=[_shown(row) for row in rows], next=_place(rows[-1]) if len(rows) == _PAGE else None)


def _shown_to(asked: KeptOf) -> ColumnElement[bool]:
    if not asked.user_id:
        return (Impression.session_id == asked.session_id) & Impression.user_id.is_(None)
    visits = select(Visit.session_id).where(Visit.tenant == asked.tenant, Visit.user_id == asked.user_id)
    in_visits = Impression.session_id.in_(visits) & Impression.user_id.is_(None)
    return or_(Impression.user_id == asked.user_id, in_visits)


def _shown(row: Impression) -> dict[str, Any]:
    return {
        "search_id": row.search_id,
        "place": row.place,
        "first": row.first,
        "user_id": row.user_id,
        "session_id": row.session_id,
        "at": row.at.replace(tzinfo=UTC),
        "skus": row.skus,
    }


def _place(row: Impression) -> str:
    return json.dumps([row.at.isoformat(), row.search_id, row.place, row.piece, row.first])
