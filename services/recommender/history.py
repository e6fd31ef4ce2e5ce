"""What shoppers did: recorded once, read for one shopper's taste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from services.recommender.tables import Event
from shared.contracts.messages import EventType, UserEvent
from shared.database import Database
from shared.errors import Retryable

_RECENT_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Act:
    """One event of a shopper. `at` is UTC, and never later than it was recorded."""

    sku: str
    type: EventType
    at: datetime
    place: int = 0


@dataclass(frozen=True, slots=True)
class Who:
    """A user, or a visit of somebody who is not logged in."""

    user_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Shopper:
    """What suggestions need of one shopper: the `recent` acts, newest first, and the items never to suggest."""

    recent: Sequence[Act]
    never: frozenset[str]


class History:
    """All events, always within one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, tenant: str, events: Sequence[UserEvent]) -> int:
        """Keep the events whose id is new to the tenant; returns how many these were."""
        by_id = {event.id: event for event in reversed(events)}
        known = select(Event.event_id).where(Event.tenant == tenant, Event.event_id.in_(by_id))
        now = naive(datetime.now(UTC))
        try:
            with self._database.write() as session:
                for event_id in session.scalars(known):
                    del by_id[event_id]
                rows = [
                    {
                        "tenant": tenant,
                        "event_id": event.id,
                        "user_id": event.user_id,
                        "sku": event.sku,
                        "type": event.type,
                        "at": naive(event.at),
                        "recorded_at": now,
                    }
                    for event in by_id.values()
                ]
                if rows:
                    session.execute(insert(Event), rows)
        except IntegrityError as error:
            raise Retryable("The same events are being recorded by another worker at this moment.") from error
        return len(rows)

    def shopper(self, tenant: str, who: Who) -> Shopper:
        """The shopper as of now: nothing is cached. One never heard of has no acts."""
        own = (Event.tenant == tenant, Event.user_id == (who.user_id or f"visit {who.session_id}"))
        recent = (
            select(Event.sku, Event.type, Event.at, Event.recorded_at)
            .where(*own)
            .order_by(Event.at.desc(), Event.event_id)
            .limit(_RECENT_EVENTS)
        )
        settled = (
            select(Event.sku, Event.type, func.max(Event.at))
            .where(*own, Event.type.in_(("purchased", "returned", "dismissed")))
            .group_by(Event.sku, Event.type)
        )
        with self._database.read() as session:
            acts = [
                Act(sku, cast(EventType, kind), min(at, recorded_at).replace(tzinfo=UTC))
                for sku, kind, at, recorded_at in session.execute(recent)
            ]
            last = {(sku, kind): at for sku, kind, at in session.execute(settled)}
        kept = {
            sku for (sku, kind), at in last.items() if kind == "purchased" and last.get((sku, "returned"), at) <= at
        }
        return Shopper(acts, frozenset(kept | {sku for sku, kind in last if kind == "dismissed"}))


def naive(moment: datetime) -> datetime:
    """A moment as the tables keep it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
