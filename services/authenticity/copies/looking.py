"""Looks for copies in the background: one picture after the other against all that came before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from pydantic import ValidationError
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from services.authenticity.copies import metrics
from services.authenticity.copies.consents import consenting
from services.authenticity.copies.degrees import finding
from services.authenticity.copies.gallery import Gallery
from services.authenticity.copies.matching import Pair, worth_checking
from services.authenticity.copies.noting import Side, note
from services.authenticity.copies.pieces import Seen, newer, rows_of, seen_of
from services.authenticity.copies.protected import bring_up_to_date
from services.authenticity.copies.seeing import Eyes
from services.authenticity.copies.tables import ConsentRow, PieceRow, WatchedRow
from services.authenticity.copies.turns import Turn
from shared.contracts.analysis import Analysis, Piece, analysis_key, picture_key
from shared.contracts.comparing import MAX_REFERENCES, CopyCheck
from shared.database import Database
from shared.errors import NotFound, Permanent, Retryable
from shared.objectstore import ObjectStore
from shared.observability import logs

_NEAREST = 64
"""Of each piece, so many of the gallery are read and compared in full."""
_POLL_SECONDS = 2.0
_PAUSE_SECONDS = 10.0
_PROTECTED_EVERY_SECONDS = 15.0
_WAITS = select(WatchedRow).where(WatchedRow.state == "waiting", WatchedRow.tenant.in_(consenting()))
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where pictures of items, their analyses, and pictures of references lie."""

    pictures: ObjectStore
    analyses: ObjectStore
    references: ObjectStore

    def picture(self, row: WatchedRow) -> bytes:
        """Raises `NotFound`."""
        return (self.references if row.reference_id else self.pictures).get(row.tenant, picture_key(row.sha256))


class Looker:
    """`wake` is called after each commit that left something to tell in the outbox."""

    def __init__(
        self, database: Database, stores: Stores, eyes: Eyes, wake: Callable[[], None], gallery: Gallery | None = None
    ) -> None:
        self._database = database
        self._stores = stores
        self._eyes = eyes
        self._wake = wake
        self._gallery = gallery or Gallery()
        self._turn = Turn(database)
        self._woken = threading.Event()
        self._consents_of = -1
        self._protected_at = -_PROTECTED_EVERY_SECONDS

    def wake(self) -> None:
        """There may be something to look at."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set. Waits, and says so, while the embedder or a store is away."""
        while not stop.is_set():
            pause = _POLL_SECONDS
            try:
                while not stop.is_set() and self._due() and self._turn.take() and self.look():
                    pass
            except Retryable as error:
                _log.warning("copies_wait", detail=error.detail)
                pause = _PAUSE_SECONDS
            self._woken.wait(pause)
            self._woken.clear()
        try:
            self._turn.give_back()
        except Retryable as error:
            _log.warning("copies_turn_kept", detail=error.detail)

    def look(self) -> bool:
        """Look at one picture that waits; whether there was one."""
        if time.monotonic() - self._protected_at >= _PROTECTED_EVERY_SECONDS:
            self._watch_protected()
            self._protected_at = time.monotonic()
        with self._database.read() as session:
            row = session.scalars(_WAITS.order_by(WatchedRow.number).limit(1)).first()
        if row is None:
            return False
        with logs.bound(correlation_id=f"copies:{row.number}"):
            started = time.monotonic()
            outcome = self._outcome_of(row)
            metrics.COMPARING.observe(time.monotonic() - started)
            metrics.COMPARED.labels(outcome).inc()
        return True

    def _due(self) -> bool:
        """Whether there may be something to do. Where nobody consents there never is, and nothing is written."""
        with self._database.read() as session:
            if session.scalar(consenting().limit(1)) is None:
                return False
            waits = session.scalar(_WAITS.limit(1)) is not None
        return waits or time.monotonic() - self._protected_at >= _PROTECTED_EVERY_SECONDS

    def _outcome_of(self, row: WatchedRow) -> str:
        try:
            return "looked" if self._look_at(row) else "withdrawn"
        except (Permanent, ValidationError, ValueError) as error:
            detail = error.detail if isinstance(error, Permanent) else type(error).__name__
            _log.warning("copies_unseen", tenant=row.tenant, detail=detail)
            with self._database.write() as session:
                self._close(session, row, "unseen")
            return "unseen"

    def _look_at(self, row: WatchedRow) -> bool:
        """Its pieces are kept first, so that of two pictures the later one always meets the earlier one."""
        query = self._stores.picture(row)
        mine = self._own_pieces(row, query)
        if not mine:
            return False
        self._refresh()
        numbers = {int(one) for piece in mine for one in self._gallery.nearest(piece.entry, _NEAREST)}
        with self._database.read() as session:
            pairs = worth_checking(session, row, mine, sorted(numbers))
        found = self._checked(query, pairs[:MAX_REFERENCES])
        with self._database.write() as session:
            if not self._holds(session, row):
                return False
            self._close(session, row, "looked")
            told = sum(self._note(session, row, pair, check) for pair, check in found)
        if told:
            metrics.FOUND.inc(told)
            self._wake()
        return True

    def _own_pieces(self, row: WatchedRow, query: bytes) -> list[Seen]:
        with self._database.read() as session:
            if mine := seen_of(session, row.tenant, row.subject, row.model_version):
                return mine
        pieces = self._pieces(row, query)
        hashes = self._eyes.fingerprints(query, [piece.box for piece in pieces])
        with self._database.write() as session:
            if not self._holds(session, row):
                return []
            made = rows_of(row.tenant, row.subject, row.model_version, pieces, hashes)
            session.execute(insert(PieceRow), made)
            return seen_of(session, row.tenant, row.subject, row.model_version)

    def _pieces(self, row: WatchedRow, query: bytes) -> list[Piece]:
        if row.reference_id is None:
            key = analysis_key(row.sha256, row.model_version)
            return Analysis.model_validate_json(self._stores.analyses.get(row.tenant, key)).pieces
        for analysis in self._eyes.analyse(query).analyses:
            if analysis.model_version == row.model_version:
                return analysis.pieces
        raise NotFound(f"No model {row.model_version} is loaded any more.")

    def _checked(self, query: bytes, pairs: Sequence[Pair]) -> list[tuple[Pair, CopyCheck]]:
        there, theirs = [], []
        for pair in pairs:
            try:
                theirs.append(self._stores.picture(pair.picture))
            except NotFound:
                continue  # it was removed, and the message that says so is on its way
            there.append(pair)
        if not there:
            return []
        try:
            return list(zip(there, self._eyes.check_copies(query, theirs), strict=True))
        except Permanent:
            return self._checked_alone(query, list(zip(there, theirs, strict=True)))

    def _checked_alone(self, query: bytes, pairs: Sequence[tuple[Pair, bytes]]) -> list[tuple[Pair, CopyCheck]]:
        """One after the other, without those that cannot be read."""
        found = []
        for pair, picture in pairs:
            try:
                found.append((pair, self._eyes.check_copies(query, [picture])[0]))
            except Permanent as error:
                _log.warning("copies_unread", detail=error.detail)
        return found

    def _note(self, session: Session, row: WatchedRow, pair: Pair, check: CopyCheck) -> int:
        """How many shops hear of it: both, but of a protected design its owner alone."""
        if not self._holds(session, pair.picture):
            return 0
        found = finding(pair.how, check)
        mine = Side(row, check.query or pair.mine.box)
        theirs = Side(pair.picture, check.reference or pair.theirs.box)
        ways = [(mine, theirs), (theirs, mine)]
        return sum(note(session, own, other, found) for own, other in ways if not other.picture.reference_id)

    def _holds(self, session: Session, row: WatchedRow) -> bool:
        """Whether the picture is still there and its shop still consents, as it is until the transaction's end."""
        there = select(WatchedRow.number).where(WatchedRow.number == row.number, WatchedRow.state != "gone")
        consent = select(ConsentRow.tenant).where(ConsentRow.tenant == row.tenant, ConsentRow.consents)
        held = session.scalar(consent.with_for_update(read=True)) is not None
        return held and session.scalar(there.with_for_update()) is not None

    def _close(self, session: Session, row: WatchedRow, state: str) -> None:
        session.execute(update(WatchedRow).where(WatchedRow.number == row.number).values(state=state))

    def _refresh(self) -> None:
        """The gallery knows all pieces that are kept. It begins anew where a shop has changed its mind."""
        with self._database.read() as session:
            said = session.scalar(select(func.max(ConsentRow.since))) or 0
            if said != self._consents_of:
                self._gallery.forget()
                self._consents_of = said
            while entries := newer(session, self._gallery.last):
                self._gallery.add(entries)
        metrics.GALLERY.set(len(self._gallery))

    def _watch_protected(self) -> None:
        bring_up_to_date(self._database, [model.version for model in self._eyes.models().models])
