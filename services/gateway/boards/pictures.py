"""Pictures that people upload to boards: without faces and without what their files told, and gone with their board."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select

from services.gateway.boards.tables import BoardRow
from services.gateway.tables import Tenant
from services.gateway.upstream import Embedder
from shared.contracts.boards import MAX_BOARD_PICTURES
from shared.database import Database
from shared.errors import Conflict
from shared.objectstore import ObjectStore

BUCKET = "boards"
_UNNAMED_FOR = timedelta(days=1)
_log = structlog.get_logger(__name__)


class BoardPictures:
    """`store` is a bucket of their own, a folder a board. No shopper is told by a name in it."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        embedder: Embedder,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._database = database
        self._store = store
        self._embedder = embedder

    async def add(self, tenant: str, board_id: str, photo: bytes) -> str:
        """Keep a picture as a JPEG; its id. Raises `Conflict` for a board that has as many as it may."""
        held = await asyncio.to_thread(lambda: len(list(self._store.keys(tenant, f"{board_id}/"))))
        if held >= MAX_BOARD_PICTURES:
            raise Conflict(f"The board has {MAX_BOARD_PICTURES} pictures already. Take some away, or begin another.")
        clean = await self._embedder.without_faces(photo)
        picture_id = f"bp_{secrets.token_hex(12)}"
        await asyncio.to_thread(self._store.put, tenant, _key(board_id, picture_id), clean)
        return picture_id

    def get(self, tenant: str, board_id: str, picture_id: str) -> bytes:
        """Raises `NotFound`."""
        return self._store.get(tenant, _key(board_id, picture_id))

    def erase(self, tenant: str, board_id: str) -> None:
        """Delete all of a board's."""
        for key in list(self._store.keys(tenant, f"{board_id}/")):
            self._store.delete(tenant, key)

    def clean(self) -> None:
        """Delete those that no entry of their board has named for a day, and those of boards that are gone."""
        with self._database.read() as session:
            tenants = session.execute(select(Tenant.tenant)).scalars().all()
        until = self._now() - _UNNAMED_FOR
        for tenant in tenants:
            old = [entry.key for entry in self._store.entries(tenant) if entry.put_at < until]
            if not old:
                continue
            named = self._named(tenant)
            for key in old:
                if key not in named:
                    self._store.delete(tenant, key)
                    _log.info("board_picture_dropped", tenant=tenant)

    def _named(self, tenant: str) -> set[str]:
        with self._database.read() as session:
            rows = session.execute(select(BoardRow.board_id, BoardRow.entries).where(BoardRow.tenant == tenant)).all()
        return {
            _key(board_id, entry["picture_id"])
            for board_id, entries in rows
            for entry in entries
            if "picture_id" in entry
        }


def _key(board_id: str, picture_id: str) -> str:
    return f"{board_id}/{picture_id}.jpg"
