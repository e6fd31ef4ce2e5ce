"""When a shop's styles are made again, and by which process."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import distinct, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.inventory.style_tables import StyleTurn
from services.inventory.tables import ItemRow, PictureRow
from shared.database import Database

HELD_FOR = timedelta(seconds=60)
"""How long a turn is its holder's without a further word: one that was killed is held up no longer than that."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is known of a shop's last run. `pieces`: over how many items and pictures; `tried_at` None: none yet."""

    asked_at: datetime | None = None
    tried_at: datetime | None = None
    made_at: datetime | None = None
    took_seconds: float = 0.0
    pieces: int = 0
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class When:
    """Each night; sooner where somebody asks, or where so many items and pictures came or went: a tenth of them and at
    least `few`.

    Between two there are at least `pause`, and 20 times as long as the last one took: no more than a twentieth of a
    core. One that failed is tried again after `again`.
    """

    every: timedelta = timedelta(days=1)
    pause: timedelta = timedelta(minutes=1)
    again: timedelta = timedelta(minutes=30)
    few: int = 20

    def due(self, turn: Turn, there: int, now: datetime) -> bool:
        if turn.asked_at and (turn.tried_at is None or turn.asked_at > turn.tried_at):
            return True
        if turn.tried_at is None:
            return there > 0
        since = now - turn.tried_at
        if since < max(self.pause, timedelta(seconds=20 * turn.took_seconds)):
            return False
        if turn.outcome != "made":
            return since >= self.again
        changed = abs(there - turn.pieces) >= max(self.few, turn.pieces // 10)
        return changed or since >= self.every


class Turns:
    """The turns at making styles, of all shops."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = uuid.uuid4().hex

    def shops(self) -> dict[str, int]:
        """Each tenant with how many live items and pictures it has: an item may be there long before its pictures."""
        items = select(ItemRow.tenant, func.count()).where(~ItemRow.removed).group_by(ItemRow.tenant)
        several = func.count(distinct(PictureRow.image_id))  # a picture is there once a model
        pictures = select(PictureRow.tenant, several).where(~PictureRow.removed).group_by(PictureRow.tenant)
        with self._database.read() as session:
            counted = Counter[str](dict(session.execute(items).all()))
            counted.update({row[0]: row[1] for row in session.execute(pictures) if row[0] in counted})
        return counted

    def of(self, tenant: str) -> Turn:
        row = StyleTurn
        wanted = select(row.asked_at, row.tried_at, row.made_at, row.took_seconds, row.pieces, row.outcome)
        with self._database.read() as session:
            found = session.execute(wanted.where(row.tenant == tenant)).first()
        if found is None:
            return Turn()
        asked, tried, made, took, pieces, outcome = found
        return Turn(_aware(asked), _aware(tried), _aware(made), took, pieces, outcome)

    def ask(self, tenant: str) -> datetime:
        """Have the styles made again as soon as may be; when that was asked."""
        now = datetime.now(UTC)
        self._write(tenant, {"asked_at": _naive(now)})
        return now

    def take(self, tenant: str) -> bool:
        """Whether it is now ours, for a minute: it was nobody's, ours, or of a process not heard of since."""
        now = _naive(datetime.now(UTC))
        self._write(tenant, {})
        free = or_(StyleTurn.holder.is_(None), StyleTurn.holder == self._holder, StyleTurn.held_until < now)
        mine = {"holder": self._holder, "held_until": now + HELD_FOR}
        with self._database.write() as session:
            taken = session.execute(update(StyleTurn).where(StyleTurn.tenant == tenant, free).values(mine))
            return bool(taken.rowcount)  # type: ignore[attr-defined]  # of an update there is one

    def end(self, tenant: str, at: datetime, took_seconds: float, pieces: int, outcome: str) -> None:
        """Give it back, and say how it went: begun `at`, over so many items and pictures."""
        ours = (StyleTurn.tenant == tenant, StyleTurn.holder == self._holder)
        told = {"tried_at": _naive(at), "took_seconds": took_seconds, "pieces": pieces, "outcome": outcome}
        made = {"made_at": _naive(at)} if outcome == "made" else {}
        with self._database.write() as session:
            session.execute(update(StyleTurn).where(*ours).values(holder=None, held_until=None, **told, **made))

    def _write(self, tenant: str, told: dict[str, datetime]) -> None:
        """Change the shop's row, made if there is none."""
        try:
            with self._database.write() as session:
                known = select(StyleTurn.tenant).where(StyleTurn.tenant == tenant)
                if session.execute(known).first() is None:
                    session.execute(insert(StyleTurn).values(tenant=tenant, took_seconds=0.0, pieces=0, outcome=""))
                if told:
                    session.execute(update(StyleTurn).where(StyleTurn.tenant == tenant).values(told))
        except IntegrityError:  # another process made the row at this moment
            self._write(tenant, told)


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
