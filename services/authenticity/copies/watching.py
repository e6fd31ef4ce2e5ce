"""Which pictures there are to compare, as the embedder and the catalogue tell it: keys alone, and nothing is read.

Each handler may run twice and in any order. Pictures are compared in the background, so none of ingest waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.authenticity.copies.hiding import hide_pictures
from services.authenticity.copies.tables import PieceRow, RemovedItemRow, WatchedRow
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged
from shared.database import Database

_DIALECTS: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}
GONE = "gone"


class Watching:
    """`wake` is called after each commit that left something to compare."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def images_analysed(self, messages: Sequence[ImageAnalysed]) -> None:
        with self._database.write() as session:
            add_pictures(session, [_row(one) for one in messages])
            _drop_removed(session, messages)
        self._wake()

    def image_removed(self, message: ImageRemoved) -> None:
        """A row of no model says so to whatever comes late."""
        with self._database.write() as session:
            gone = {"tenant": message.tenant, "subject": message.image_id, "model_version": "", "sku": message.sku}
            add_pictures(session, [{**gone, "state": GONE, "item_revision": 0, "sha256": ""}])
            forget_pictures(session, message.tenant, [message.image_id])

    def items_changed(self, messages: Sequence[ItemChanged]) -> None:
        """Of interest only where the item was removed: its pictures went with it."""
        removed = [one for one in messages if one.fields is None]
        if not removed:
            return
        with self._database.write() as session:
            for one in sorted(removed, key=lambda told: (told.tenant, told.sku, told.revision)):
                _note_removed(session, one)
                was = (WatchedRow.tenant == one.tenant, WatchedRow.sku == one.sku, WatchedRow.state != GONE)
                before = select(WatchedRow.subject).where(*was, WatchedRow.item_revision <= one.revision)
                forget_pictures(session, one.tenant, session.scalars(before.distinct()).all())


def add_pictures(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Those that are not there yet, but for pictures that were removed."""
    subjects = {row["subject"] for row in rows if row["state"] != GONE}
    gone = select(WatchedRow.tenant, WatchedRow.subject).where(WatchedRow.state == GONE)
    late = set(session.execute(gone.where(WatchedRow.subject.in_(subjects))))
    kept = [row for row in rows if row["state"] == GONE or (row["tenant"], row["subject"]) not in late]
    if kept:
        insert = _DIALECTS[session.get_bind().dialect.name].insert(WatchedRow)
        session.connection().execute(insert.on_conflict_do_nothing(), kept)


def forget_pictures(session: Session, tenant: str, subjects: Sequence[str]) -> None:
    """They are not compared any more, and what was found by them names nobody."""
    for start in range(0, len(subjects), 500):
        some = list(subjects[start : start + 500])
        of_rows = (WatchedRow.tenant == tenant, WatchedRow.subject.in_(some), WatchedRow.state != GONE)
        session.execute(delete(WatchedRow).where(*of_rows))
        session.execute(delete(PieceRow).where(PieceRow.tenant == tenant, PieceRow.subject.in_(some)))
        hide_pictures(session, tenant, some)


def _row(message: ImageAnalysed) -> dict[str, Any]:
    return {
        "tenant": message.tenant,
        "subject": message.image_id,
        "model_version": message.model_version,
        "state": "waiting",
        "sku": message.sku,
        "item_revision": message.item_revision,
        "sha256": message.sha256,
    }


def _drop_removed(session: Session, messages: Sequence[ImageAnalysed]) -> None:
    """Pictures of items that were removed after these were stored."""
    keys = {(one.tenant, one.sku) for one in messages}
    removed = select(RemovedItemRow.tenant, RemovedItemRow.sku, RemovedItemRow.revision)
    told = session.execute(removed.where(tuple_(RemovedItemRow.tenant, RemovedItemRow.sku).in_(keys)))
    revisions = {(tenant, sku): revision for tenant, sku, revision in told}
    for one in messages:
        if one.item_revision <= revisions.get((one.tenant, one.sku), 0):
            forget_pictures(session, one.tenant, [one.image_id])


def _note_removed(session: Session, message: ItemChanged) -> None:
    insert = _DIALECTS[session.get_bind().dialect.name].insert(RemovedItemRow)
    row = {"tenant": message.tenant, "sku": message.sku, "revision": message.revision}
    session.connection().execute(insert.on_conflict_do_nothing(), [row])
    which = (RemovedItemRow.tenant == message.tenant, RemovedItemRow.sku == message.sku)
    newer = update(RemovedItemRow).where(*which, RemovedItemRow.revision < message.revision)
    session.execute(newer.values(revision=message.revision))
