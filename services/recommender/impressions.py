"""What shoppers were shown, kept for a month: how good a ranking is shows in what is clicked of what was seen."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog
from sqlalchemy import Connection, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from services.recommender import metrics
from services.recommender.click_through import ClickThrough
from services.recommender.erased import erased_at
from services.recommender.history import naive
from services.recommender.recording import Told, key_of, number_of, record
from services.recommender.tables import Impression, Visit
from shared.contracts.impressions import ImpressionsRecorded, ImpressionsShown, ShownList
from shared.database import Database
from shared.errors import Retryable
from shared.messaging import Publisher

_CLEANED_EVERY_SECONDS = 3_600.0
_STEP = 1_000
_LOGGED_AT_ONCE = 500
_SEARCHED = ("results", "suggestions")
_KEY = (Impression.search_id, Impression.place, Impression.piece, Impression.first)
_Page: TypeAlias = tuple[str, str, int, int]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Logged:
    """A page of a list as it was shown, the first of its `skus` at place `first`, from 0, of the list.

    `shopper` is the key by which `History.baskets` knows whoever saw it, "" of nobody known. Of suggestions, one an
    item: `propensities` in 0..1 and `features`; else both are empty. `at` is UTC.
    """

    search_id: str
    place: str
    piece: int
    first: int
    ranking: str
    variant: str
    user_id: str | None
    session_id: str | None
    shopper: str
    at: datetime
    skus: Sequence[str]
    propensities: Sequence[float]
    features: Sequence[Sequence[float]]


class Impressions:
    """Pages of lists as they were shown, kept for `kept`, always within one tenant."""

    def __init__(self, database: Database, kept: timedelta = timedelta(days=30)) -> None:
        self._database = database
        self._kept = kept

    def record(self, tenant: str, lists: Sequence[ShownList]) -> Collection[ShownList]:
        """Keep the pages that are not known yet, and return those. What a search found for somebody known is in their
        history too.

        What was shown to a shopper before they were erased is not kept.
        """
        by_key: dict[_Page, ShownList] = {(one.search_id, one.place, one.piece, one.first): one for one in lists}
        known = select(*_KEY).where(Impression.tenant == tenant, tuple_(*_KEY).in_(list(by_key)))
        try:
            with self._database.write() as session:
                searches = [_search(one) for one in lists if _is_search(one)]
                if searches:
                    record(session.connection(), tenant, searches)
                for row in session.execute(known):
                    del by_key[row.search_id, row.place, row.piece, row.first]
                by_key = _not_erased(session.connection(), tenant, by_key)
                if by_key:
                    session.execute(insert(Impression), [_row(tenant, one) for one in by_key.values()])
        except IntegrityError as error:
            raise Retryable("The same impressions are being recorded by another worker at this moment.") from error
        return by_key.values()

    def logged(self, tenant: str, since: datetime) -> Iterator[Logged]:
        """The pages shown since then, oldest first. Read 500 at a time, each in a transaction of its own."""
        order = (Impression.at, *_KEY)
        visit = (Visit.tenant == Impression.tenant) & (Visit.session_id == Impression.session_id)
        pages = (
            select(Impression, Visit.user_id)
            .outerjoin(Visit, visit)
            .where(Impression.tenant == tenant, Impression.at >= naive(since))
            .order_by(*order)
            .limit(_LOGGED_AT_ONCE)
        )
        after = pages
        while True:
            with self._database.read() as session:
                rows = session.execute(after).all()
            yield from (_logged(row, owner) for row, owner in rows)
            if len(rows) < _LOGGED_AT_ONCE:
                return
            last = rows[-1][0]
            after = pages.where(tuple_(*order) > (last.at, last.search_id, last.place, last.piece, last.first))

    def forget(self, until: datetime) -> int:
        """Delete what was shown before, in steps between which others may write; returns how many pages that were."""
        key = (Impression.tenant, *_KEY)
        oldest = select(*key).where(Impression.at < naive(until)).order_by(Impression.at).limit(_STEP)
        forgotten = 0
        while True:
            with self._database.write() as session:
                step = len(session.execute(delete(Impression).where(tuple_(*key).in_(oldest)).returning(*key)).all())
            metrics.FORGOTTEN.labels("shown").inc(step)
            forgotten += step
            if step < _STEP:
                return forgotten

    def clean(self, stop: threading.Event) -> None:
        """Forget what was kept long enough, once an hour until `stop` is set."""
        while not stop.is_set():
            try:
                self.forget(datetime.now(UTC) - self._kept)
            except Retryable as error:
                _log.warning("impressions_not_cleaned", detail=error.detail)
            stop.wait(_CLEANED_EVERY_SECONDS)


def _not_erased(connection: Connection, tenant: str, pages: dict[_Page, ShownList]) -> dict[_Page, ShownList]:
    known = {name: key_of(one.user_id, one.session_id) for name, one in pages.items() if one.user_id or one.session_id}
    erased = erased_at(connection, tenant, set(known.values()))
    return {
        name: one for name, one in pages.items() if name not in known or number_of(one.at) > erased.get(known[name], -1)
    }


def _is_search(one: ShownList) -> bool:
    return one.place in _SEARCHED and one.first == 0 and bool(one.user_id or one.session_id)


def _search(one: ShownList) -> Told:
    """No shop can choose this id: it has a space in it. It tells of no login: that is for the shop's events to tell."""
    visit = None if one.user_id else one.session_id
    return Told(f"search {one.search_id}", "searched", one.user_id, visit, None, one.at, one.search_id, one.at)


def _row(tenant: str, one: ShownList) -> dict[str, object]:
    return {"tenant": tenant, **one.model_dump(exclude={"at"}), "at": naive(one.at)}


def _logged(row: Impression, owner: str | None) -> Logged:
    user_id = row.user_id or owner
    return Logged(
        search_id=row.search_id,
        place=row.place,
        piece=row.piece,
        first=row.first,
        ranking=row.ranking,
        variant=row.variant,
        user_id=row.user_id,
        session_id=row.session_id,
        shopper=key_of(user_id, row.session_id) if user_id or row.session_id else "",
        at=row.at.replace(tzinfo=UTC),
        skus=row.skus,
        propensities=row.propensities or (),
        features=row.features or (),
    )


def handle_impressions_shown(
    message: ImpressionsShown, *, impressions: Impressions, clicks: ClickThrough, publisher: Publisher
) -> None:
    """Keep what is new, and always say that the batch is recorded."""
    clicks.shown(message.tenant, impressions.record(message.tenant, message.lists))
    publisher.publish(
        ImpressionsRecorded(tenant=message.tenant, correlation_id=message.correlation_id, batch_id=message.batch_id)
    )
