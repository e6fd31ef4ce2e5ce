"""Reconcile: the catalogue, page by page, against the object store here and against the index by the indexer.

One page of a shop is on its way at a time, and a few shops; the next page is sent when the answer of the one before has
come, or again when it stays away. How far it is lies in the database, so a kill costs a page.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.gateway import metrics
from services.gateway.collection import Collector
from services.gateway.outbox_keys import stored_key
from services.gateway.retelling import overtake, remove, tell_again
from services.gateway.tables import OUTBOX, Image, Item, Reconciliation, Tenant
from shared.contracts.analysis import picture_key
from shared.contracts.api import ReconcileReport
from shared.contracts.messages import ImageStored
from shared.contracts.reconcile import CatalogueListed, IndexCompared, ListedImage
from shared.database import Database
from shared.errors import NotFound, Retryable
from shared.messaging import Publisher
from shared.objectstore import ObjectStore
from shared.observability import logs

_PAGE = 100
_AT_ONCE = 4
_AGAIN = timedelta(seconds=60)
_POLL_SECONDS = 1.0
_LOST = "The bytes of this picture are gone from Loupe's object store. Upload the picture again."
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pace:
    """`every` so long all shops are compared, None for never; a picture without outcome is looked at after `stuck`."""

    every: timedelta | None
    stuck: timedelta


class Reconciler:
    """Compares and repairs. Safe to run in several gateways: each page is claimed in the database."""

    def __init__(
        self, database: Database, pictures: ObjectStore, collector: Collector, publisher: Publisher, pace: Pace
    ) -> None:
        self._database = database
        self._pictures = pictures
        self._collector = collector
        self._publisher = publisher
        self._pace = pace
        self._woken = threading.Event()

    def start(self, tenant: str) -> ReconcileReport:
        """Begin to compare the shop's stores, unless that is going on."""
        with self._database.write() as session:
            row = session.get(Reconciliation, tenant, with_for_update=True)
            if row is None or row.finished_at is not None:
                row = begin(session, tenant, row)
        self._woken.set()
        return _report(row)

    def report(self, tenant: str) -> ReconcileReport:
        """How far the newest comparison is. Raises `NotFound` before the first."""
        with self._database.read() as session:
            row = session.get(Reconciliation, tenant)
        if row is None:
            raise NotFound("This shop's stores were never compared. Start it: POST /v1/admin/reconcile.")
        return _report(row)

    def run(self, stop: threading.Event) -> None:
        """Go on with what is unfinished and begin what is due, until `stop` is set."""
        while not stop.is_set():
            self._woken.clear()
            try:
                self.advance()
            except Retryable as error:
                _log.warning("reconcile_waits", detail=error.detail)
                stop.wait(_POLL_SECONDS)
            self._woken.wait(_POLL_SECONDS)

    def advance(self) -> None:
        """One look: every unfinished shop takes its next step, if none is on its way."""
        with self._database.read() as session:
            unfinished = session.execute(
                select(Reconciliation.tenant)
                .where(Reconciliation.finished_at.is_(None))
                .order_by(Reconciliation.started_at)
            ).scalars()
            tenants = list(unfinished)[:_AT_ONCE]
            due = self._due(session)[: _AT_ONCE - len(tenants)]
        for tenant in due:
            self.start(tenant)
        for tenant in (*tenants, *due):
            with logs.bound(tenant=tenant, correlation_id=logs.correlation_id()):
                self._step(tenant)

    def compared(self, message: IndexCompared) -> None:
        """Take in the answer to a page. One that was answered before changes nothing."""
        with self._database.write() as session:
            row = session.get(Reconciliation, message.tenant, with_for_update=True)
            if row is None or row.finished_at or (row.run, row.page) != (message.run, message.page):
                return
            found = dict(message.found)
            found["stranger"] = sum(remove(session, message.tenant, s.image_id, s.sku) for s in message.strangers)
            found["item-behind"] = sum(tell_again(session, message.tenant, sku) for sku in message.behind)
            found["item-ahead"] = sum(overtake(session, message.tenant, *ahead) for ahead in message.ahead.items())
            _count(row, found)
            if not row.listed:
                row.listed, row.after = message.until is None, message.until or row.after
            if not row.scanned:
                row.scanned, row.scan_after = message.scan_next is None, message.scan_next or row.scan_after
            row.page += 1
            row.sent_at = None
        self._woken.set()

    def _due(self, session: Session) -> list[str]:
        if self._pace.every is None:
            return []
        last = {row.tenant: row for row in session.execute(select(Reconciliation)).scalars()}
        before = datetime.now(UTC) - self._pace.every
        tenants = session.execute(select(Tenant).order_by(Tenant.tenant)).scalars()
        return [
            tenant.tenant
            for tenant in tenants
            if (last[tenant.tenant].started_at if tenant.tenant in last else tenant.created_at) < before
            and not (tenant.tenant in last and last[tenant.tenant].finished_at is None)
        ]

    def _step(self, tenant: str) -> None:
        now = datetime.now(UTC)
        with self._database.write() as session:
            row = session.get(Reconciliation, tenant, with_for_update=True)
            if row is None or row.finished_at or (row.sent_at and now - _AGAIN < row.sent_at <= now):
                return
            row.sent_at = now
            images = [] if row.listed else _page_after(session, tenant, row.after)
        if row.listed and row.scanned:
            self._finish(tenant, row.run)
            return
        self._count_own(tenant, row.run, self._check(tenant, images))
        self._publisher.publish(
            CatalogueListed(
                tenant=tenant,
                correlation_id=logs.correlation_id(),
                run=row.run,
                page=row.page,
                listed=not row.listed,
                after=row.after,
                until=images[-1][0].image_id if len(images) == _PAGE else None,
                images=[_listed(image, revision) for image, revision in images],
                scan_after=None if row.scanned else row.scan_after,
            )
        )

    def _check(self, tenant: str, images: Sequence[tuple[Image, int]]) -> Mapping[str, int]:
        """What the gateway can see alone: pictures whose bytes are gone, or back, and those that nobody works on."""
        found = {"picture-lost": 0, "picture-back": 0, "message-lost": 0}
        stuck_before = datetime.now(UTC) - self._pace.stuck
        for image, _ in images:
            lost = image.reason == _LOST
            if image.state == "rejected" and not lost:
                continue
            there = self._pictures.exists(tenant, picture_key(image.sha256))
            if lost and there:
                found["picture-back"] += self._send_again(image)
            elif not there and not lost:
                found["picture-lost"] += self._reject(tenant, image)
            elif image.state == "stored" and image.stored_at < stuck_before:
                found["message-lost"] += self._send_again(image)
        return found

    def _reject(self, tenant: str, image: Image) -> int:
        with self._database.write() as session:
            rejected = session.execute(
                update(Image)
                .where(Image.image_id == image.image_id, Image.tenant == tenant, Image.state == image.state)
                .values(state="rejected", reason=_LOST)
                .returning(Image.image_id)
            ).all()
            if rejected:
                OUTBOX.close(session, stored_key(image.image_id))
                _log.error("picture_lost", image_id=image.image_id, sku=image.sku, sha256=image.sha256)
        return len(rejected)

    def _send_again(self, image: Image) -> int:
        with self._database.write() as session:
            row = session.get(Image, image.image_id, with_for_update=True)
            if row is None or row.state != image.state or OUTBOX.holds(session, stored_key(row.image_id)):
                return 0
            row.state, row.reason = "stored", None
            message = ImageStored(
                tenant=row.tenant,
                correlation_id=logs.correlation_id(),
                sku=row.sku,
                image_id=row.image_id,
                sha256=row.sha256,
                item_revision=row.item_revision,
                attempt=1,
                blur_faces=row.veiled,
            )
            OUTBOX.add(session, stored_key(row.image_id), message)
        return 1

    def _finish(self, tenant: str, run: int) -> None:
        self._count_own(tenant, run, self._collector.collect(tenant))
        with self._database.write() as session:
            row = session.get(Reconciliation, tenant, with_for_update=True)
            if row is None or row.run != run or row.finished_at:
                return
            row.finished_at = row.succeeded_at = datetime.now(UTC)
            found, pages, seconds = row.found, row.page, (row.finished_at - row.started_at).total_seconds()
        _log.info("reconciled", found=found, pages=pages, seconds=round(seconds, 1))

    def _count_own(self, tenant: str, run: int, found: Mapping[str, int]) -> None:
        if any(found.values()):
            with self._database.write() as session:
                row = session.get(Reconciliation, tenant, with_for_update=True)
                if row is not None and row.run == run:
                    _count(row, found)


def begin(session: Session, tenant: str, before: Reconciliation | None) -> Reconciliation:
    """A new comparison of the shop's stores, in the caller's transaction; `before` is the one before."""
    row = before or Reconciliation(tenant=tenant, succeeded_at=None)
    row.run = before.run + 1 if before else 1
    row.started_at, row.finished_at = datetime.now(UTC), None
    row.page, row.sent_at, row.found = 0, None, {}
    row.after, row.listed, row.scan_after, row.scanned = "", False, "", False
    session.add(row)
    return row


def _report(row: Reconciliation) -> ReconcileReport:
    return ReconcileReport(
        run=row.run, started_at=row.started_at, finished_at=row.finished_at, pages=row.page, found=row.found
    )


def _page_after(session: Session, tenant: str, after: str) -> list[tuple[Image, int]]:
    """The next pictures, each with the revision of its item."""
    found = session.execute(
        select(Image, Item.revision)
        .join(Item, (Item.tenant == Image.tenant) & (Item.sku == Image.sku))
        .where(Image.tenant == tenant, Image.image_id > after)
        .order_by(Image.image_id)
        .limit(_PAGE)
    )
    return [(row.Image, row.revision) for row in found]


def _listed(image: Image, revision: int) -> ListedImage:
    return ListedImage(
        image_id=image.image_id,
        sku=image.sku,
        sha256=image.sha256,
        item_revision=image.item_revision,
        revision=revision,
        indexed=image.state == "indexed",
    )


def _count(row: Reconciliation, found: Mapping[str, int]) -> None:
    real = {kind: count for kind, count in found.items() if count}
    row.found = {kind: row.found.get(kind, 0) + real.get(kind, 0) for kind in row.found.keys() | real.keys()}
    for kind, count in real.items():
        metrics.FOUND.labels(kind).inc(count)
