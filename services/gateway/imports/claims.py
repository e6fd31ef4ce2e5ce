"""Who works on which import: one of a shop at a time, the oldest first, for as long as its claim holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from services.gateway.imports.jobs import UNFINISHED
from services.gateway.imports.tables import ImportJob
from shared.contracts.imports import ImportFormat
from shared.database import Database

_HELD = timedelta(minutes=3)  # longer than a few pictures take whose host is slow, with all their tries


@dataclass(frozen=True)
class Job:
    """An import as it was when it was claimed. `rows` is None while it was not looked through."""

    import_id: str
    tenant: str
    claim: str
    format: ImportFormat | None
    dry_run: bool
    rows: int | None
    done: int


class Claims:
    """A claim holds for three minutes, and is renewed by every write of whoever has it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self) -> Job | None:
        """The next import to work on; None when there is none."""
        now = datetime.now(UTC)
        free = or_(ImportJob.claimed_until.is_(None), ImportJob.claimed_until < now)
        busy = select(ImportJob.tenant).where(ImportJob.state == "running", ImportJob.claimed_until >= now)
        with self._database.write() as session:
            if self._database.locks_rows:  # one looks at a time: two at once could take two imports of one shop
                session.execute(text("SELECT pg_advisory_xact_lock(hashtext('loupe-imports'))"))
            row = session.execute(
                select(ImportJob)
                .where(ImportJob.state.in_(UNFINISHED), free, ImportJob.tenant.not_in(busy))
                .order_by(ImportJob.created_at, ImportJob.import_id)
                .limit(1)
                .with_for_update()
            ).scalar_one_or_none()
            if row is None:
                return None
            row.state, row.started_at = "running", row.started_at or now
            row.claim, row.claimed_until = uuid4().hex, now + _HELD
        form = cast("ImportFormat | None", row.format)
        return Job(row.import_id, row.tenant, row.claim, form, row.dry_run, row.rows, row.done)

    def renew(self, job: Job) -> bool:
        """Whether it still holds."""
        with self._database.write() as session:
            return mine(session, job) is not None

    def release(self, job: Job, pause: timedelta) -> None:
        """Let anybody go on with it, after a pause."""
        with self._database.write() as session:
            row = mine(session, job)
            if row is not None:
                row.claimed_until = datetime.now(UTC) + pause

    def give_up_all(self) -> None:
        with self._database.write() as session:
            session.execute(update(ImportJob).where(ImportJob.state == "running").values(claimed_until=None))


def mine(session: Session, job: Job) -> ImportJob | None:
    """The import, its claim renewed; None when it was stopped, or somebody else has it."""
    row = session.get(ImportJob, job.import_id, with_for_update=True)
    if row is None or row.state != "running" or row.claim != job.claim:
        return None
    row.claimed_until = datetime.now(UTC) + _HELD
    return row
