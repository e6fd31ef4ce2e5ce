"""Events that were not taken and are too long for a letter, kept whole so that they can be sent again."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select

from services.gateway.tables import Tenant
from shared.contracts.shop import MAX_EVENT_BYTES
from shared.database import Database
from shared.errors import LoupeError, NotFound
from shared.objectstore import ObjectStore

BUCKET = "letters"
KEPT = timedelta(days=30)
_LOOKED_EVERY_SECONDS = 3_600.0
_log = structlog.get_logger(__name__)


class Originals:
    """In a bucket of their own, by the hash of their bytes, for 30 days."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def keep(self, tenant: str, body: bytes) -> None:
        """One that is larger than any event may be is not kept: it would not be taken again either."""
        if len(body) <= MAX_EVENT_BYTES:
            self._store.put(tenant, hashlib.sha256(body).hexdigest(), body)

    def find(self, tenant: str, sha256: str) -> bytes | None:
        try:
            return self._store.get(tenant, sha256, at_most=MAX_EVENT_BYTES)
        except NotFound:
            return None

    def drop(self, tenant: str, sha256: str) -> None:
        self._store.delete(tenant, sha256)

    def forget(self, tenant: str, until: datetime) -> int:
        """Delete those that were kept before then; how many."""
        old = [entry.key for entry in self._store.entries(tenant) if entry.put_at < until]
        for key in old:
            self._store.delete(tenant, key)
        return len(old)


class OriginalsCleaner:
    """Forgets what is older than `KEPT`, of each shop."""

    def __init__(self, originals: Originals, database: Database) -> None:
        self._originals = originals
        self._database = database

    def run(self, stop: threading.Event) -> None:
        """Once an hour until `stop` is set."""
        while not stop.is_set():
            try:
                with self._database.read() as session:
                    tenants = session.scalars(select(Tenant.tenant)).all()
                for tenant in tenants:
                    self._originals.forget(tenant, datetime.now(UTC) - KEPT)
            except LoupeError as error:
                _log.warning("originals_not_cleaned", detail=error.detail)
            stop.wait(_LOOKED_EVERY_SECONDS)
