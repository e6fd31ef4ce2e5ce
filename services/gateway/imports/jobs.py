"""What shops ask of imports: to begin one, how far it is, what became of its rows, to stop it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from services.gateway.imports import metrics
from services.gateway.imports.tables import ImportedRow, ImportJob
from shared.contracts.api import Problem
from shared.contracts.imports import MAX_UNFINISHED, Import, ImportFormat, ImportRow, PictureCounts, RowOutcome
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.objectstore import ObjectStore

UNFINISHED = ("waiting", "running")
_PAGE = 1_000


class Imports:
    """`files` is the bucket `imports`; `wake` is called when there is something to begin."""

    def __init__(self, database: Database, files: ObjectStore, wake: Callable[[], None]) -> None:
        self._database = database
        self._files = files
        self._wake = wake

    def begin(self, tenant: str, file: BinaryIO, name: str, form: ImportFormat | None, *, dry_run: bool) -> Import:
        """Keep the file and have it imported. Raises `Conflict` while too many of the shop are not finished."""
        self._check_room(tenant)
        import_id = str(uuid4())
        self._files.put(tenant, import_id, file)
        row = ImportJob(
            import_id=import_id,
            tenant=tenant,
            state="waiting",
            format=form,
            file="".join(each for each in name if each.isprintable())[:200] or "file",
            dry_run=dry_run,
            done=0,
            counts={},
            pictures={},
            unknown_columns=[],
            created_at=datetime.now(UTC),
        )
        with self._database.write() as session:
            session.add(row)
        self._wake()
        return shown(row)

    def get(self, tenant: str, import_id: str) -> Import:
        with self._database.read() as session:
            return shown(_of(session, tenant, import_id))

    def list(self, tenant: str, after: tuple[datetime, str] | None, limit: int) -> Sequence[Import]:
        """Up to `limit` of them, the newest first, those begun before `after`, a moment and an id."""
        query = select(ImportJob).where(ImportJob.tenant == tenant)
        if after:
            at, import_id = after
            earlier = and_(ImportJob.created_at == at, ImportJob.import_id < import_id)
            query = query.where(or_(ImportJob.created_at < at, earlier))
        query = query.order_by(ImportJob.created_at.desc(), ImportJob.import_id.desc()).limit(limit)
        with self._database.read() as session:
            return [shown(row) for row in session.execute(query).scalars()]

    def rows(
        self, tenant: str, import_id: str, outcome: RowOutcome | None, after: int, limit: int, *, told: bool = False
    ) -> Sequence[ImportRow]:
        """Up to `limit` rows in their order, those after the number `after`; `told`: with a reason to tell."""
        only = [ImportedRow.outcome == outcome] if outcome else []
        if told:
            only.append(ImportedRow.troubled.is_(True))
        with self._database.read() as session:
            _of(session, tenant, import_id)
            return _rows(session, import_id, after, limit, *only)

    def troubled(self, tenant: str, import_id: str) -> Iterator[ImportRow]:
        """All rows with a reason to tell. Raises `NotFound` at once."""
        self.get(tenant, import_id)
        return self._troubled(import_id)

    def stop(self, tenant: str, import_id: str) -> None:
        """Import no more of it. What it did stays; of one that is finished nothing changes."""
        with self._database.write() as session:
            row = _of(session, tenant, import_id, lock=True)
            if row.state not in UNFINISHED:
                return
            row.state, row.finished_at = "stopped", datetime.now(UTC)
            row.claim = row.claimed_until = None
        metrics.IMPORTS.labels("stopped").inc()
        self._files.delete(tenant, import_id)

    def _check_room(self, tenant: str) -> None:
        query = select(func.count()).select_from(ImportJob)
        with self._database.read() as session:
            unfinished = session.execute(
                query.where(ImportJob.tenant == tenant, ImportJob.state.in_(UNFINISHED))
            ).scalar_one()
        if unfinished >= MAX_UNFINISHED:
            raise Conflict(
                f"{unfinished} imports of this shop are not finished. Wait, or stop one: POST /v1/imports/{{id}}:stop."
            )

    def _troubled(self, import_id: str) -> Iterator[ImportRow]:
        after = 0
        while True:
            with self._database.read() as session:
                page = _rows(session, import_id, after, _PAGE, ImportedRow.troubled.is_(True))
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].row


def shown(row: ImportJob) -> Import:
    return Import(
        import_id=row.import_id,
        status_url=f"/v1/imports/{row.import_id}",
        state=row.state,
        format=row.format,
        file=row.file,
        dry_run=row.dry_run,
        rows=row.rows,
        **row.counts,
        pictures=PictureCounts(**row.pictures),
        unknown_columns=row.unknown_columns,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        problem=Problem(**row.problem) if row.problem else None,
    )


def _of(session: Session, tenant: str, import_id: str, *, lock: bool = False) -> ImportJob:
    row = session.get(ImportJob, import_id, with_for_update=lock or None)
    if row is None or row.tenant != tenant:
        raise NotFound(f"There is no import {import_id!r} in this shop, or it ended over 30 days ago.")
    return row


def _rows(session: Session, import_id: str, after: int, limit: int, *only: ColumnElement[bool]) -> list[ImportRow]:
    query = select(ImportedRow).where(ImportedRow.import_id == import_id, ImportedRow.number > after, *only)
    return [
        ImportRow(
            row=row.number,
            line=row.line,
            file=row.file,
            sku=row.sku,
            outcome=row.outcome,
            reason=row.reason,
            path=row.path,
        )
        for row in session.execute(query.order_by(ImportedRow.number).limit(limit)).scalars()
    ]
