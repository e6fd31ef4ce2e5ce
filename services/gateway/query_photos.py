"""Photos that shoppers searched by: kept only where their shop asked for it, without faces, and for so many days."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select

from services.gateway.query_vectors import Photo
from services.gateway.tables import Tenant
from services.gateway.upstream import Embedder
from shared import objectstore
from shared.database import Database
from shared.errors import LoupeError
from shared.objectstore import ObjectStore

BUCKET = "query-photos"
_NOBODY = "nobody"
_ASKED_SECONDS = 10.0
_AT_ONCE = 8
_log = structlog.get_logger(__name__)


def open_photos(url: str, database: Database, embedder: Embedder, secret: str) -> QueryPhotos:
    return QueryPhotos(database, objectstore.open(url, BUCKET), embedder, secret)


class QueryPhotos:
    """In a bucket of their own, below the shopper's name as a keyed hash, or below `nobody`.

    A photo is kept behind the answer, and left out when too many wait: a search comes first.
    """

    def __init__(self, database: Database, store: ObjectStore, embedder: Embedder, secret: str) -> None:
        self._database = database
        self._store = store
        self._embedder = embedder
        self._secret = secret.encode()
        self._days: dict[str, tuple[float, int]] = {}
        self._forgotten: dict[str, float] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    async def note(self, tenant: str, user_id: str | None, search_id: str, photos: Sequence[Photo]) -> None:
        """Keep what was searched by, unless the shop did not ask for it. Returns before it is kept."""
        if not photos or not await self._wanted(tenant):
            return
        if len(self._waiting) >= _AT_ONCE:
            _log.info("query_photos_left_out", photos=len(photos))
            return
        task = asyncio.create_task(self._keep(tenant, self._folder(tenant, user_id), search_id, photos))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def forget(self, tenant: str, user_id: str) -> int:
        """Delete the photos of a shopper, also those that are on their way; how many there were."""
        folder = self._folder(tenant, user_id)
        self._forgotten[f"{tenant}/{folder}"] = time.monotonic()
        keys = list(self._store.keys(tenant, f"{folder}/"))
        for key in keys:
            self._store.delete(tenant, key)
        return len(keys)

    def of_shopper(self, tenant: str, user_id: str) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each photo that is kept of a shopper, for who may ask for all that is."""
        for key in list(self._store.keys(tenant, f"{self._folder(tenant, user_id)}/")):
            yield key.rpartition("/")[2], self._store.get(tenant, key)

    def clean(self) -> None:
        """Delete what is older than its shop wants; all, where it wants none any more."""
        with self._database.read() as session:
            tenants = session.execute(select(Tenant.tenant, Tenant.query_photo_days)).all()
        for tenant, days in tenants:
            until = datetime.now(UTC) - timedelta(days=days)
            for entry in self._store.entries(tenant):
                if entry.put_at < until:
                    self._store.delete(tenant, entry.key)
        self._forgotten = {who: at for who, at in self._forgotten.items() if at > time.monotonic() - 600}

    async def settled(self) -> None:
        """Return when none is on its way."""
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _keep(self, tenant: str, folder: str, search_id: str, photos: Sequence[Photo]) -> None:
        began = time.monotonic()
        try:
            for number, photo in enumerate(photos):
                clean = await self._embedder.without_faces(photo.data)
                if self._forgotten.get(f"{tenant}/{folder}", began - 1) < began:
                    await asyncio.to_thread(self._store.put, tenant, f"{folder}/{search_id}-{number}.jpg", clean)
        except LoupeError as error:
            _log.warning("query_photo_not_kept", detail=error.detail)

    async def _wanted(self, tenant: str) -> bool:
        at, days = self._days.get(tenant, (float("-inf"), 0))
        if at + _ASKED_SECONDS <= time.monotonic():
            days = await asyncio.to_thread(self._asked, tenant)
            self._days[tenant] = time.monotonic(), days
        return days > 0

    def _asked(self, tenant: str) -> int:
        with self._database.read() as session:
            days = session.execute(select(Tenant.query_photo_days).where(Tenant.tenant == tenant)).scalar_one_or_none()
        return days or 0

    def _folder(self, tenant: str, user_id: str | None) -> str:
        if user_id is None:
            return _NOBODY
        return hmac.new(self._secret, f"query-photos\0{tenant}\0{user_id}".encode(), hashlib.sha256).hexdigest()
