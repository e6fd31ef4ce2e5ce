"""The models learned in the background: stored, swapped in one step, and whose turn it is to learn the next."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.recommender import metrics
from services.recommender.history import naive
from services.recommender.tables import LearnedModel, LessonTurn
from shared.database import Database
from shared.errors import Retryable

_log = structlog.get_logger(__name__)
_LOOKED_AT_EVERY_SECONDS = 0.5
_DROPPED_AFTER_SECONDS = 3_600.0
HELD_FOR = timedelta(seconds=60)
"""How long a lesson is its holder's without a further word: one that was killed is held up no longer than that."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a lesson went when it was last tried: at how many `events`, and how long it took."""

    at: datetime
    events: int
    took_seconds: float
    outcome: str


@dataclass(slots=True)
class _Kept:
    version: int
    at: datetime | None
    held: bytes | None
    asked: float


class LearnedModels:
    """The models in use, always within one tenant, and the turns at their lessons.

    What is in use is kept in memory. `follow` sees within a second what another process swapped in, so that no shopper
    waits for it; where it does not run, `active` looks itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = uuid.uuid4().hex
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._looked = 0.0
        self._looking = threading.Lock()

    def active(self, tenant: str, name: str) -> bytes | None:
        """The model in use: the very same object until another one is, and None where there is none."""
        now = time.monotonic()
        if now - self._looked > 2 * _LOOKED_AT_EVERY_SECONDS and self._looking.acquire(blocking=False):
            try:
                self._look()
            except Retryable as error:
                _log.warning("models_not_looked_at", detail=error.detail)
            finally:
                self._looking.release()
        kept = self._kept.get((tenant, name))
        if kept is None:
            kept = self._kept[tenant, name] = self._load(tenant, name, now)
        kept.asked = now
        return kept.held

    def follow(self, stop: threading.Event) -> None:
        """Look twice a second for models that other processes swapped in, until `stop` is set."""
        while not stop.wait(_LOOKED_AT_EVERY_SECONDS):
            try:
                with self._looking:
                    self._look()
            except Retryable as error:
                _log.warning("models_not_looked_at", detail=error.detail)

    def want(self, tenant: str, name: str) -> None:
        """Say that this lesson is wanted of a tenant, one that is given to those alone who want it."""
        mine = (LessonTurn.tenant == tenant, LessonTurn.name == name)
        try:
            with self._database.write() as session:
                if not session.execute(select(LessonTurn.name).where(*mine)).all():
                    session.execute(insert(LessonTurn).values(tenant=tenant, name=name))
        except IntegrityError:  # another process put the row there at this moment
            return

    def wanted(self, name: str) -> list[str]:
        """The tenants of whom this lesson is wanted, or was given."""
        with self._database.read() as session:
            rows = session.execute(select(LessonTurn.tenant).where(LessonTurn.name == name).order_by(LessonTurn.tenant))
            return list(rows.scalars())

    def take_turn(self, tenant: str, name: str) -> bool:
        """Whether the lesson is now ours to hold, for a minute: it was nobody's, ours, or of one not heard of since."""
        now = datetime.now(UTC)
        ours = (LessonTurn.tenant == tenant, LessonTurn.name == name)
        free = or_(LessonTurn.holder.is_(None), LessonTurn.holder == self._holder, LessonTurn.held_until < naive(now))
        mine = {"holder": self._holder, "held_until": naive(now + HELD_FOR)}
        try:
            with self._database.write() as session:
                taken = update(LessonTurn).where(*ours, free).values(mine).returning(LessonTurn.name)
                if session.execute(taken).all():
                    return True
                if session.execute(select(LessonTurn.name).where(*ours)).all():
                    return False
                session.execute(insert(LessonTurn).values(tenant=tenant, name=name, **mine))
        except IntegrityError:  # another process put the row there at this moment
            return False
        return True

    def tried(self, tenant: str, name: str) -> Tried | None:
        """How the lesson went when it was last tried by any process; None where it never was."""
        row = LessonTurn
        wanted = select(row.tried_at, row.events, row.took_seconds, row.outcome)
        with self._database.read() as session:
            found = session.execute(wanted.where(row.tenant == tenant, row.name == name)).first()
        return Tried(found[0].replace(tzinfo=UTC), *found[1:]) if found and found[0] else None

    def end_turn(self, tenant: str, name: str, tried: Tried, swapped: tuple[bytes, float, int] | None) -> bool:
        """Give the lesson back and say how it went; with `swapped`, the model, its figure and of how many, put in use.

        False, and nothing is changed, where the lesson is no longer ours.
        """
        turn = and_(LessonTurn.tenant == tenant, LessonTurn.name == name, LessonTurn.holder == self._holder)
        told = {"tried_at": naive(tried.at), "events": tried.events, "took_seconds": tried.took_seconds}
        ended = update(LessonTurn).where(turn).values(holder=None, held_until=None, outcome=tried.outcome, **told)
        with self._database.write() as session:
            if not session.execute(ended.returning(LessonTurn.name)).all():
                return False
            if swapped:
                held, figure, of = swapped
                row = session.get(LearnedModel, (tenant, name)) or LearnedModel(tenant=tenant, name=name, version=0)
                row.version, row.at = row.version + 1, naive(tried.at)
                row.held, row.figure, row.of = held, figure, of
                session.add(row)
        if swapped:
            self._kept[tenant, name] = self._load(tenant, name, time.monotonic())
        return True

    def _load(self, tenant: str, name: str, asked: float) -> _Kept:
        wanted = select(LearnedModel.version, LearnedModel.at, LearnedModel.held)
        with self._database.read() as session:
            found = session.execute(wanted.where(LearnedModel.tenant == tenant, LearnedModel.name == name)).first()
        return _Kept(found[0], found[1], found[2], asked) if found else _Kept(0, None, None, asked)

    def _look(self) -> None:
        """Load what is newer than here, forget what nobody asked for in an hour. The old is in use until then."""
        self._looked = now = time.monotonic()
        for key, kept in list(self._kept.items()):
            if now - kept.asked > _DROPPED_AFTER_SECONDS:
                self._kept.pop(key, None)
        if not self._kept:
            return
        row = LearnedModel
        wanted = select(row.tenant, row.name, row.version).where(row.tenant.in_({tenant for tenant, _ in self._kept}))
        with self._database.read() as session:
            versions = session.execute(wanted).all()
        for tenant, name, version in versions:
            here = self._kept.get((tenant, name))
            if here is not None and here.version != version:
                self._kept[tenant, name] = self._load(tenant, name, here.asked)
        self._tell_ages()

    def _tell_ages(self) -> None:
        now = naive(datetime.now(UTC))
        oldest: dict[str, float] = {}
        for (_, name), kept in list(self._kept.items()):
            if kept.at is not None:
                oldest[name] = max(oldest.get(name, 0.0), (now - kept.at).total_seconds())
        for name, seconds in oldest.items():
            metrics.LESSON_AGE.labels(name).set(seconds)
