"""What shoppers did: recorded once, read for one shopper's taste, or for all of them to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from services.recommender.recording import Recorded, Told, key_of, moment_of, number_of, record
from services.recommender.tables import Event, EventCount, Impression, Visit
from shared.contracts.user_events import EventType, UserEvent
from shared.database import Database

_RECENT_EVENTS = 200
_RECENT_SEARCHES = 20
_ITEMS_OF_A_SEARCH = 5
_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Act:
    """One event of a shopper on one item; a search stands for each of the first five items that it found.

    `at` is UTC, in whole milliseconds, and never later than it was recorded. `place`, from 0, is the item's in the list
    of a search.
    """

    sku: str
    type: EventType
    at: datetime
    place: int = 0


@dataclass(frozen=True, slots=True)
class Shopper:
    """What suggestions need of one shopper: the `recent` acts, newest first, and the items never to suggest."""

    recent: Sequence[Act]
    never: frozenset[str]


@dataclass(frozen=True, slots=True)
class Who:
    """A user, or a visit of somebody who is not logged in. With both it is the user."""

    user_id: str | None = None
    session_id: str | None = None


_OWN = (Event.tenant == bindparam("tenant"), Event.shopper == bindparam("shopper"))
_RECENT: Any = (
    select(Event.sku, Event.type, Event.at)
    .where(*_OWN, Event.sku.is_not(None))
    .order_by(Event.at.desc(), Event.id.desc())
    .limit(_RECENT_EVENTS)
)
_SETTLED: Any = (
    select(Event.sku, Event.type, func.max(Event.at))
    .where(*_OWN, Event.sku.is_not(None), Event.type.in_(("purchased", "returned", "dismissed")))
    .group_by(Event.sku, Event.type)
)
_SEARCHES: Any = (
    select(Event.search_id, Event.at)
    .where(*_OWN, Event.sku.is_(None))
    .order_by(Event.at.desc())
    .limit(_RECENT_SEARCHES)
)


class History:
    """All events, always within one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, tenant: str, events: Iterable[UserEvent]) -> int:
        """Keep the events, told now, whose id is new to the tenant; returns how many these were."""
        now = datetime.now(UTC)
        return self.record_told(tenant, [Told.of(event, now) for event in events]).new

    def record_told(self, tenant: str, told: Sequence[Told]) -> Recorded:
        """See `recording.record`."""
        with self._database.write() as session:
            return record(session.connection(), tenant, told)

    def shopper(self, tenant: str, who: Who) -> Shopper:
        """The shopper as of now: nothing is cached. One never heard of has no acts.

        A visit in which somebody has logged in is its first user's, so it reads as that user. Of the acts there are up
        to 200 on items, and those of up to 20 searches.
        """
        with self._database.read() as session:
            own = {"tenant": tenant, "shopper": _key(session, tenant, who)}
            acts = [Act(sku, kind, moment_of(at)) for sku, kind, at in session.execute(_RECENT, own)]
            last = {(sku, kind): at for sku, kind, at in session.execute(_SETTLED, own)}
            newest: dict[str, int] = {}
            for search_id, at in session.execute(_SEARCHES, own):
                newest.setdefault(search_id, at)
            found = _found(session, tenant, newest)
        kept = {
            sku for (sku, kind), at in last.items() if kind == "purchased" and last.get((sku, "returned"), at) <= at
        }
        searched = [
            Act(sku, "searched", moment_of(at), place)
            for search_id, at in newest.items()
            for place, sku in enumerate(found.get(search_id, ()))
        ]
        if searched:
            acts = sorted([*acts, *searched], key=lambda act: act.at, reverse=True)
        return Shopper(acts, frozenset(kept | {sku for sku, kind in last if kind == "dismissed"}))

    def baskets(self, tenant: str, since: datetime) -> Iterator[tuple[str, Sequence[Act]]]:
        """Each shopper's key with their acts since then, oldest first, of one with very many the last 10,000.

        Read in pages, each in a transaction of its own, so what is recorded meanwhile may be in it or not. Without
        searches: what a search found was not chosen.
        """
        wanted = (Event.tenant == tenant, Event.sku.is_not(None), Event.at >= number_of(since))
        acts = select(Event.shopper, Event.sku, Event.type, Event.at).where(*wanted)
        after = ""
        while True:
            with self._database.read() as session:
                rows = session.execute(
                    acts.where(Event.shopper > after).order_by(Event.shopper, Event.at).limit(_PAGE)
                ).all()
                if not rows:
                    return
                last = rows[-1].shopper
                if len(rows) == _PAGE and rows[0].shopper == last:
                    newest = acts.where(Event.shopper == last).order_by(Event.at.desc()).limit(_PAGE)
                    rows = session.execute(newest).all()[::-1]
                elif len(rows) == _PAGE:  # of the last one there may be more: it is left to the next page
                    rows = [row for row in rows if row.shopper != last]
            for shopper, of_one in groupby(rows, key=lambda row: row.shopper):
                yield shopper, [Act(row.sku, row.type, moment_of(row.at)) for row in of_one]
            after = rows[-1].shopper

    def changed(self, tenant: str) -> int:
        """How many events on items the tenant has ever recorded: it only grows."""
        with self._database.read() as session:
            return session.scalar(select(EventCount.events).where(EventCount.tenant == tenant)) or 0

    def tenants(self) -> list[str]:
        """Those that have recorded events, in order."""
        with self._database.read() as session:
            return list(session.scalars(select(EventCount.tenant).order_by(EventCount.tenant)))


def _key(session: Session, tenant: str, who: Who) -> str:
    if who.user_id is not None:
        return key_of(who.user_id)
    owner = select(Visit.user_id).where(Visit.tenant == tenant, Visit.session_id == who.session_id)
    return key_of(session.scalar(owner), who.session_id)


def _found(session: Session, tenant: str, search_ids: Iterable[str]) -> dict[str, list[str]]:
    """By search the first items of its list; of several pieces in a photo, those of each in turn."""
    wanted = list(search_ids)
    if not wanted:
        return {}
    lists = (
        select(Impression.search_id, Impression.piece, Impression.skus)
        .where(
            Impression.tenant == tenant,
            Impression.search_id.in_(wanted),
            Impression.place.in_(("results", "suggestions")),
            Impression.first == 0,
        )
        .order_by(Impression.search_id, Impression.piece)
    )
    ranked: dict[str, list[tuple[int, int, str]]] = {}
    for search_id, piece, skus in session.execute(lists):
        places = enumerate(skus[:_ITEMS_OF_A_SEARCH])
        ranked.setdefault(search_id, []).extend((place, piece, sku) for place, sku in places)
    return {
        search_id: list(dict.fromkeys(sku for _, _, sku in sorted(places)))[:_ITEMS_OF_A_SEARCH]
        for search_id, places in ranked.items()
    }


def naive(moment: datetime) -> datetime:
    """A moment as the tables of what was shown and of rankings keep it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
