"""Exports of what is kept of a shopper: asked for, looked at, fetched, and gone after a day."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy import delete, select

from services.gateway.impressions import Whose
from services.gateway.people.block_list import BlockList
from services.gateway.people.tables import ExportRow
from shared.contracts.people import Export
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.objectstore import ObjectStore
from shared.observability import logs

BUCKET = "exports"


class Exports:
    """`objects` is the bucket `exports`, where each lies as a zip for as long as `kept`."""

    def __init__(self, database: Database, block_list: BlockList, objects: ObjectStore, kept: timedelta) -> None:
        self._database = database
        self._block_list = block_list
        self._objects = objects
        self.kept = kept

    def ask(self, tenant: str, whose: Whose, asked_by: str | None = None) -> Export:
        """Have all that is kept of a user, or of a visit, gathered: it is there moments later."""
        row = ExportRow(
            export_id=f"ex_{uuid4().hex}",
            tenant=tenant,
            kind="user" if whose.user_id else "session",
            shopper=self._block_list.hash_of(tenant, whose),
            asked_at=datetime.now(UTC),
            asked_by=asked_by,
            correlation_id=logs.correlation_id(),
            user_id=whose.user_id,
            session_id=whose.session_id,
            found={},
            gone=False,
        )
        with self._database.write() as session:
            session.add(row)
        return _shown(row)

    def get(self, tenant: str, export_id: str) -> Export:
        """Raises `NotFound`."""
        return _shown(self._row(tenant, export_id))

    def open(self, tenant: str, export_id: str) -> BinaryIO:
        """The zip. Raises `NotFound` once it is gone, and `Conflict` while it is being made."""
        row = self._row(tenant, export_id)
        if row.gone or (row.expires_at and row.expires_at < datetime.now(UTC)):
            raise NotFound(f"The data of {export_id} is gone: it was kept its time, or its shopper erased. Ask anew.")
        if row.done_at is None:
            raise Conflict(f"The data of {export_id} is being gathered. Ask again in a moment.")
        target = io.BytesIO()
        self._objects.fetch(tenant, export_id, target)
        target.seek(0)
        return target

    def drop(self, tenant: str, shopper: str, until: datetime) -> int:
        """Delete what was gathered, or was to be, of a shopper who is being erased; how many exports that were."""
        theirs = (ExportRow.tenant == tenant, ExportRow.shopper == shopper, ExportRow.asked_at <= until)
        return self._end(select(ExportRow.export_id, ExportRow.tenant).where(*theirs, ~ExportRow.gone))

    def clean(self) -> None:
        """Delete what is over."""
        over = ExportRow.expires_at < datetime.now(UTC)
        self._end(select(ExportRow.export_id, ExportRow.tenant).where(over, ~ExportRow.gone))

    def forget(self, until: datetime) -> None:
        """That there were exports before then."""
        with self._database.write() as session:
            session.execute(delete(ExportRow).where(ExportRow.gone, ExportRow.asked_at < until))

    def _end(self, chosen: object) -> int:
        with self._database.read() as session:
            ended = session.execute(chosen).all()  # type: ignore[call-overload]
        for row in ended:
            self._objects.delete(row.tenant, row.export_id)
        with self._database.write() as session:
            for row in ended:
                kept = session.get(ExportRow, row.export_id, with_for_update=True)
                if kept is not None:
                    kept.gone, kept.user_id, kept.session_id = True, None, None
        return len(ended)

    def _row(self, tenant: str, export_id: str) -> ExportRow:
        with self._database.read() as session:
            row = session.get(ExportRow, export_id)
        if row is None or row.tenant != tenant:
            raise NotFound(f"There is no export {export_id}.")
        return row


def data_url(export_id: str) -> str:
    return f"/v1/exports/{export_id}/data"


def _shown(row: ExportRow) -> Export:
    ready = row.done_at is not None and not row.gone
    return Export(
        export_id=row.export_id,
        kind="user" if row.kind == "user" else "session",
        shopper=row.shopper,
        state="gone" if row.gone else "done" if row.done_at else "running",
        asked_at=row.asked_at,
        done_at=row.done_at,
        expires_at=row.expires_at,
        data_url=data_url(row.export_id) if ready else None,
        bytes=row.bytes,
        found=row.found,
    )
