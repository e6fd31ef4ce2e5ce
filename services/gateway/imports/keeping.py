"""How long imports are kept: what became of each for 30 days, its file until it has ended."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, select

from services.gateway.imports.jobs import UNFINISHED
from services.gateway.imports.tables import ImportedRow, ImportJob
from services.gateway.tables import Tenant
from shared.database import Database
from shared.errors import Retryable
from shared.objectstore import ObjectStore

_KEPT = timedelta(days=30)
_GRACE = timedelta(days=1)
_EVERY_SECONDS = 3_600.0
_log = structlog.get_logger(__name__)


class ImportKeeper:
    """`files` is the bucket `imports`. Safe to run in several gateways."""

    def __init__(self, database: Database, files: ObjectStore) -> None:
        self._database = database
        self._files = files

    def run(self, stop: threading.Event) -> None:
        """Tidy up now and then, until `stop` is set."""
        while not stop.is_set():
            try:
                self.tidy_up(datetime.now(UTC))
            except Retryable as error:
                _log.warning("imports_not_tidied", detail=error.detail)
            stop.wait(_EVERY_SECONDS)

    def tidy_up(self, now: datetime) -> None:
        """Forget old imports, and files that nobody will read, as of one whose gateway died when it had ended."""
        with self._database.write() as session:
            ended = ImportJob.finished_at.is_not(None) & (ImportJob.finished_at < now - _KEPT)
            old = session.scalars(select(ImportJob.import_id).where(ended)).all()
            session.execute(delete(ImportedRow).where(ImportedRow.import_id.in_(old)))
            session.execute(delete(ImportJob).where(ImportJob.import_id.in_(old)))
        with self._database.read() as session:
            tenants = session.scalars(select(Tenant.tenant)).all()
            unfinished = {*session.scalars(select(ImportJob.import_id).where(ImportJob.state.in_(UNFINISHED)))}
        for tenant in tenants:
            for entry in self._files.entries(tenant):
                if entry.key not in unfinished and entry.put_at < now - _GRACE:
                    self._files.delete(tenant, entry.key)
