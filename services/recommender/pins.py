"""Rankings pinned for those who page through them: kept for ten minutes, read by every recommender."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.recommender.history import naive
from services.recommender.ranked import Ranking, packed, unpacked
from services.recommender.tables import PinnedRanking
from shared.database import Database
from shared.errors import Retryable

PINNED_FOR = timedelta(minutes=10)
_KEPT_FOR = PINNED_FOR + timedelta(minutes=1)
"""A cached first page tells of a pin that is up to a minute old."""
MOST_PINS = 20_000
MOST_BYTES = 100_000_000
"""Of one tenant; the oldest go first."""
_MOST_UNWRITTEN = 1_000
_CLEANED_EVERY_S = 30.0
_ANOTHER_WRITES_S = 0.5
_LOOK_AGAIN_S = 0.02
_GATHERED_S = 0.2
"""What comes in so long shares a commit, which takes a fifth of the CPU of a search. Another process waits longer."""
_log = structlog.get_logger(__name__)


class Pins:
    """The pinned rankings of all tenants.

    A pin can be read at once by who made it, and is in the database a fifth of a second later: a search does not wait
    for its disk. One that cannot be written is lost, and whoever asks for it asks anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._unwritten: OrderedDict[tuple[str, str], tuple[Ranking, datetime]] = OrderedDict()
        self._waiting = threading.Event()

    def keep(self, tenant: str, ranking: Ranking) -> str:
        """The name of the pin, 22 characters."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._unwritten[tenant, name] = (ranking, naive(datetime.now(UTC)) + _KEPT_FOR)
            while len(self._unwritten) > _MOST_UNWRITTEN:
                self._unwritten.popitem(last=False)
        self._waiting.set()
        return name

    def find(self, tenant: str, name: str) -> Ranking | None:
        """The ranking, while it is pinned. Another process may be about to write it, so it is waited for a little."""
        give_up = time.monotonic() + _ANOTHER_WRITES_S
        while True:
            with self._lock:
                unwritten = self._unwritten.get((tenant, name))
            found = unwritten[0] if unwritten else self._read(tenant, name)
            if found or time.monotonic() > give_up:
                return found
            time.sleep(_LOOK_AGAIN_S)

    def complete(self, tenant: str, name: str, whole: Ranking) -> Ranking | None:
        """Put the whole ranking in the place of its beginning; of two processes the first one's counts for both."""
        self.write()
        row = (PinnedRanking.tenant == tenant, PinnedRanking.name == name)
        held = packed(whole)
        with self._database.write() as session:
            values = {"held": held, "size": len(held), "complete": True}
            session.execute(update(PinnedRanking).where(*row, PinnedRanking.complete.is_(False)).values(values))
        return self._read(tenant, name)

    def write(self) -> None:
        """Bring what is not written yet into the database, in one transaction."""
        with self._writing:
            with self._lock:
                unwritten = dict(self._unwritten)
            if not unwritten:
                return
            rows = [_row(tenant, name, *pinned) for (tenant, name), pinned in unwritten.items()]
            with self._database.write() as session:
                # A commit whose answer was lost may have kept them already.
                session.execute(delete(PinnedRanking).where(PinnedRanking.name.in_([row["name"] for row in rows])))
                session.execute(insert(PinnedRanking), rows)
            with self._lock:
                for key in unwritten:
                    self._unwritten.pop(key, None)

    def write_behind(self, stop: threading.Event) -> None:
        """Write pins as they come, and take out those whose time is over."""
        clean_at = time.monotonic()
        while not stop.is_set():
            if self._waiting.wait(_ANOTHER_WRITES_S):
                stop.wait(_GATHERED_S)
            self._waiting.clear()
            try:
                self.write()
                if time.monotonic() >= clean_at:
                    self.clean()
                    clean_at = time.monotonic() + _CLEANED_EVERY_S
            except Retryable as error:
                _log.warning("pins_not_written", detail=error.detail)
                stop.wait(_ANOTHER_WRITES_S)
        try:
            self.write()
        except Retryable as error:
            _log.warning("pins_lost", detail=error.detail)

    def clean(self) -> None:
        """Take out what is over, and of a tenant with too many pins the oldest."""
        table = PinnedRanking
        crowded = (
            select(table.tenant)
            .group_by(table.tenant)
            .having((func.count() > MOST_PINS) | (func.sum(table.size) > MOST_BYTES))
        )
        with self._database.write() as session:
            session.execute(delete(table).where(table.expires_at < naive(datetime.now(UTC))))
            for tenant in session.scalars(crowded).all():
                oldest_kept = self._oldest_kept(session, tenant)
                session.execute(delete(table).where(table.tenant == tenant, table.expires_at < oldest_kept))

    @staticmethod
    def _oldest_kept(session: Session, tenant: str) -> datetime:
        """When the pins from which on all fit into the bounds are over."""
        newest = (
            select(PinnedRanking.expires_at, PinnedRanking.size)
            .where(PinnedRanking.tenant == tenant)
            .order_by(PinnedRanking.expires_at.desc())
            .limit(MOST_PINS)
        )
        total = 0
        oldest = naive(datetime.now(UTC)) + _KEPT_FOR
        for expires_at, size in session.execute(newest):
            total += size
            if total > MOST_BYTES:
                break
            oldest = expires_at
        return oldest

    def _read(self, tenant: str, name: str) -> Ranking | None:
        wanted = select(PinnedRanking.held).where(
            PinnedRanking.tenant == tenant,
            PinnedRanking.name == name,
            PinnedRanking.expires_at >= naive(datetime.now(UTC)),
        )
        with self._database.read() as session:
            held = session.scalar(wanted)
        return unpacked(held) if held else None


def _row(tenant: str, name: str, ranking: Ranking, expires_at: datetime) -> dict[str, Any]:
    held = packed(ranking)
    return {
        "tenant": tenant,
        "name": name,
        "expires_at": expires_at,
        "complete": ranking.complete,
        "size": len(held),
        "held": held,
    }
