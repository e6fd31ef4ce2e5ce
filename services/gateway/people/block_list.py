"""Who was erased, by a keyed hash: what was told of them before and comes in later is not taken.

Also in a file of its own, which is no part of a backup: a catalogue that was restored is older than the file, and so
knows whom it has to forget again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import DateTime, bindparam, delete, select, text
from sqlalchemy.orm import Session

from services.gateway.erasing import shopper_key
from services.gateway.impressions import Whose
from services.gateway.people.tables import Forgotten
from services.gateway.signing import keyed_hash
from shared.contracts.user_events import UserEvent

_AT_ONCE = 500
_NOTE = text(
    "INSERT INTO forgotten (tenant, shopper, at) VALUES (:tenant, :shopper, :at) ON CONFLICT (tenant, shopper) "
    "DO UPDATE SET at = CASE WHEN excluded.at > forgotten.at THEN excluded.at ELSE forgotten.at END"
).bindparams(bindparam("at", type_=DateTime()))


@dataclass(frozen=True, slots=True)
class Entry:
    """That the shopper with this hash was erased at a moment."""

    tenant: str
    shopper: str
    at: datetime


class BlockList:
    """`secret` is the gateway's: whoever changes it forgets who was erased. `file` None: the table alone."""

    def __init__(self, secret: str, file: Path | None = None) -> None:
        self._secret = secret
        self._file = file
        self._lock = threading.Lock()

    def hash_of(self, tenant: str, whose: Whose) -> str:
        """The pseudonym of a shopper: 64 hex digits, which only this installation can make of the name."""
        return keyed_hash(self._secret, "shopper", tenant, shopper_key(whose))

    def pseudonym(self, word: str) -> str:
        """What logs say in place of a word that may name a shopper: 16 hex digits."""
        return keyed_hash(self._secret, "pseudonym", word)[:16]

    def note(self, session: Session, tenant: str, whose: Whose, at: datetime) -> Entry:
        """Part of the caller's transaction; `write_down` the entry once that is committed."""
        entry = Entry(tenant, self.hash_of(tenant, whose), at)
        note_entries(session, [entry])
        return entry

    def write_down(self, entries: Sequence[Entry]) -> None:
        """Add them to the file; on its disk when this returns."""
        if self._file is None or not entries:
            return
        lines = b"".join(
            orjson.dumps({"tenant": one.tenant, "shopper": one.shopper, "at": one.at}) + b"\n" for one in entries
        )
        with self._lock, os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def written(self) -> list[Entry]:
        """What is in the file, of each shopper the last. A line that a kill cut is passed over."""
        if self._file is None or not self._file.exists():
            return []
        found: dict[tuple[str, str], Entry] = {}
        for line in self._file.read_bytes().splitlines():
            try:
                said = orjson.loads(line)
                entry = Entry(said["tenant"], said["shopper"], datetime.fromisoformat(said["at"]))
            except (ValueError, KeyError, TypeError):
                continue
            known = found.get((entry.tenant, entry.shopper))
            if known is None or known.at < entry.at:
                found[entry.tenant, entry.shopper] = entry
        return list(found.values())

    def forgotten_at(self, session: Session, tenant: str, shoppers: Collection[Whose]) -> Mapping[Whose, datetime]:
        """Those of the shoppers that were erased, and when."""
        by_hash = {self.hash_of(tenant, whose): whose for whose in shoppers}
        hashes = list(by_hash)
        found: dict[Whose, datetime] = {}
        for start in range(0, len(hashes), _AT_ONCE):
            some = Forgotten.shopper.in_(hashes[start : start + _AT_ONCE])
            rows = session.execute(select(Forgotten.shopper, Forgotten.at).where(Forgotten.tenant == tenant, some))
            found |= {by_hash[row.shopper]: row.at for row in rows}
        return found

    def without_late(
        self, session: Session, tenant: str, events: Sequence[UserEvent], sent_at: datetime | None = None
    ) -> list[UserEvent]:
        """The events but for those of shoppers who were erased after they happened, or after they were sent.

        What a user did in a visit that was erased is kept, without the visit.
        """
        users = {Whose(event.user_id) for event in events if event.user_id}
        visits = {Whose(None, event.session_id) for event in events if event.session_id}
        erased = self.forgotten_at(session, tenant, users | visits)
        if not erased:
            return list(events)

        def late(event: UserEvent, whose: Whose) -> bool:
            return whose in erased and min(event.at, sent_at or event.at) <= erased[whose]

        kept = []
        for event in events:
            visit = Whose(None, event.session_id)
            if event.user_id is None:
                kept += [] if late(event, visit) else [event]
            elif not late(event, Whose(event.user_id)):
                kept.append(event.model_copy(update={"session_id": None}) if late(event, visit) else event)
        return kept


def note_entries(session: Session, entries: Sequence[Entry]) -> None:
    rows = [
        {"tenant": one.tenant, "shopper": one.shopper, "at": one.at.astimezone(UTC).replace(tzinfo=None)}
        for one in entries
    ]
    if rows:
        session.connection().execute(_NOTE, rows)


def entries_of(session: Session) -> list[Entry]:
    """All of the table."""
    return [Entry(row.tenant, row.shopper, row.at) for row in session.scalars(select(Forgotten))]


def forget_entries(session: Session, until: datetime) -> None:
    """Drop those of before then."""
    session.execute(delete(Forgotten).where(Forgotten.at < until))
