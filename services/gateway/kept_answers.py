"""What was answered to requests with an `Idempotency-Key`, kept for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from services.gateway.tables import KeptAnswer
from shared.database import Database
from shared.errors import Conflict, Retryable

KEPT = timedelta(hours=24)
_DEAD_AFTER = timedelta(seconds=100)
"""Longer than a request is in work once its body is here: an object store that is silent twice for 32 s, and a database
that is locked for 30."""
_MEETINGS = 10


@dataclass(frozen=True)
class Answer:
    """`body` is None where it held a secret that is told once. `scopes` are those that the request needed."""

    status: int
    headers: dict[str, str]
    body: bytes | None
    scopes: list[str]


class KeptAnswers:
    """A key is of one shop. Whoever begins with it first is its owner; others get the owner's answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, tenant: str, key: str, fingerprint: str) -> Answer | str:
        """The answer that was given, or, when none was and nobody is at it, a name to `finish` or `release` it by.

        Raises `Conflict` when the key came with another request, whose `fingerprint` differs, and while the first is
        in work. A request whose gateway died is let in again after 100 seconds, or by `take_over`.
        """
        for _ in range(_MEETINGS):
            now = datetime.now(UTC)
            fresh = {"fingerprint": fingerprint, "owner": uuid4().hex, "started_at": now, "status": None, "scopes": []}
            row = self._find(tenant, key)
            if row is None:
                if self._insert(tenant, key, fresh):
                    return str(fresh["owner"])
                continue
            over = row.started_at < now - (KEPT if row.status is not None else _DEAD_AFTER)
            if over:
                if self._take_over(row, fresh):
                    return str(fresh["owner"])
                continue
            if row.fingerprint != fingerprint:
                raise Conflict(
                    "This Idempotency-Key came with another request in the last 24 hours. Send the very same request, "
                    "or this one with a new key."
                )
            if row.status is None:
                raise Conflict(
                    "The first request with this Idempotency-Key is still in work. Send it again in a moment.",
                    headers={"Retry-After": "1"},
                )
            return Answer(row.status, row.headers or {}, row.body, row.scopes)
        raise Retryable("Other requests have the same Idempotency-Key at this moment. Send this one again.")

    def finish(self, tenant: str, key: str, owner: str, answer: Answer) -> None:
        with self._database.write() as session:
            session.execute(
                update(KeptAnswer)
                .where(KeptAnswer.tenant == tenant, KeptAnswer.key == key, KeptAnswer.owner == owner)
                .values(status=answer.status, headers=answer.headers, body=answer.body, scopes=answer.scopes)
            )

    def release(self, tenant: str, key: str, owner: str) -> None:
        """Nothing came of it: the next one with the key begins anew."""
        with self._database.write() as session:
            session.execute(
                delete(KeptAnswer).where(KeptAnswer.tenant == tenant, KeptAnswer.key == key, KeptAnswer.owner == owner)
            )

    def take_over(self) -> None:
        """No other gateway runs, so what is in work is a dead one's: let all of it in again at once."""
        with self._database.write() as session:
            session.execute(delete(KeptAnswer).where(KeptAnswer.status.is_(None)))

    def clean(self) -> None:
        """Forget what is over."""
        with self._database.write() as session:
            session.execute(delete(KeptAnswer).where(KeptAnswer.started_at < datetime.now(UTC) - KEPT))

    def _find(self, tenant: str, key: str) -> KeptAnswer | None:
        with self._database.read() as session:
            return session.get(KeptAnswer, (tenant, key))

    def _insert(self, tenant: str, key: str, fresh: dict[str, object]) -> bool:
        try:
            with self._database.write() as session:
                session.add(KeptAnswer(tenant=tenant, key=key, **fresh))
        except IntegrityError:  # somebody was faster
            return False
        return True

    def _take_over(self, row: KeptAnswer, fresh: dict[str, object]) -> bool:
        mine = (KeptAnswer.tenant == row.tenant, KeptAnswer.key == row.key, KeptAnswer.owner == row.owner)
        with self._database.write() as session:
            taken = session.execute(
                update(KeptAnswer).where(*mine).values(**fresh, headers=None, body=None).returning(KeptAnswer.key)
            ).scalar_one_or_none()
        return taken is not None
