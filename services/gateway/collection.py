"""The collection of objects that no row refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.gateway import quotas
from services.gateway.image_rows import blurs_faces
from services.gateway.tables import Image, Item
from shared.contracts.references import ReferencesKept
from shared.database import Database
from shared.errors import LoupeError
from shared.objectstore import Entry, ObjectStore

_BATCH = 100
_log = structlog.get_logger(__name__)


class Collector:
    """Deletes pictures, analyses and texts of which no row of the shop tells, once they are older than `grace`.

    An upload that puts the same bytes at that very moment is not harmed: rows are not added while a batch is looked at
    and deleted, and after adding its rows an upload sees that its bytes are there. An item that gets the text is not
    harmed either: the embedder hears of it after its row is there, and makes what was deleted again.

    `references` tells what a shop's references have, which count as its pictures do.

    Where the shop wants no faces, the bytes of a rejected picture go too: nobody could look for faces in it.
    """

    def __init__(
        self,
        database: Database,
        pictures: ObjectStore,
        analyses: ObjectStore,
        grace: timedelta,
        references: Callable[[str], ReferencesKept],
    ) -> None:
        self._database = database
        self._pictures = pictures
        self._analyses = analyses
        self._grace = grace
        self._references = references

    def collect(self, tenant: str) -> dict[str, int]:
        """How many of each kind were deleted. What the shop has is counted anew."""
        references = self._kept(tenant)
        with self._database.write() as session:
            quotas.recount(session, tenant, references)
        return {
            "orphan-picture": self._collect(tenant, self._pictures),
            "orphan-analysis": self._collect(tenant, self._analyses),
        }

    def _kept(self, tenant: str) -> ReferencesKept | None:
        try:
            return self._references(tenant)
        except LoupeError as error:
            _log.warning("references_not_counted", detail=error.detail)
            return None

    def _collect(self, tenant: str, store: ObjectStore) -> int:
        old = (entry for entry in store.entries(tenant) if self._old(entry))
        deleted = 0
        while batch := list(islice(old, _BATCH)):
            deleted += self._delete_orphans(tenant, store, batch)
        return deleted

    def _old(self, entry: Entry) -> bool:
        return entry.put_at < datetime.now(UTC) - self._grace

    def _delete_orphans(self, tenant: str, store: ObjectStore, batch: list[Entry]) -> int:
        with self._database.read() as session:
            live = _live(session, tenant, batch)
        orphans = [entry for entry in batch if _subject(entry.key) not in live]
        if not orphans:
            return 0
        deleted = 0
        with self._database.write() as session:
            if session.connection().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                session.execute(text("LOCK TABLE items, images IN SHARE MODE"))
            live = _live(session, tenant, orphans)
            for entry in orphans:
                if _subject(entry.key) not in live and self._still_old(tenant, store, entry.key):
                    store.delete(tenant, entry.key)
                    deleted += 1
                    _log.info("orphan_deleted", key=entry.key, put_at=entry.put_at.isoformat())
        return deleted

    def _still_old(self, tenant: str, store: ObjectStore, key: str) -> bool:
        return any(entry.key == key and self._old(entry) for entry in store.entries(tenant, key))


def _live(session: Session, tenant: str, entries: Iterable[Entry]) -> set[tuple[str, str]]:
    subjects = {_subject(entry.key) for entry in entries}
    pictures, texts = ([sha256 for of, sha256 in subjects if of == kind] for kind in ("picture", "text"))
    with_picture = select(Image.sha256).where(Image.tenant == tenant, Image.sha256.in_(pictures))
    if blurs_faces(session, tenant):
        with_picture = with_picture.where(Image.state != "rejected")
    with_text = select(Item.text_sha256).where(Item.tenant == tenant, Item.text_sha256.in_(texts))
    return {
        *(("picture", sha256) for sha256 in session.execute(with_picture).scalars()),
        *(("text", str(sha256)) for sha256 in session.execute(with_text).scalars()),
    }


def _subject(key: str) -> tuple[str, str]:
    """What an object is of, a picture or a text, and its hash.

    `SHA`, `SHA/MODEL.json` or `attempts/SHA`; `texts/SHA/MODEL.json`.
    """
    kind = "text" if key.startswith("texts/") else "picture"
    return kind, key.removeprefix("attempts/").removeprefix("texts/").partition("/")[0]
