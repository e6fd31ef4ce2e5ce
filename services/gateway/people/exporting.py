"""Gathers what is kept of a shopper into one zip: JSON Lines, and photos where the shop keeps them."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import orjson
import structlog
from sqlalchemy import or_, select

from services.gateway.erasing import told_of
from services.gateway.impressions import Whose
from services.gateway.people.exports import Exports, data_url
from services.gateway.people.finding import Named
from services.gateway.people.tables import ErasureRow, ExportRow
from services.gateway.query_photos import QueryPhotos
from services.gateway.shop_news import News, tell
from services.gateway.upstream import Recommender
from shared.contracts.kept import KeptOf, KeptStore
from shared.contracts.shop import UserExportedData
from shared.database import Database
from shared.errors import LoupeError
from shared.objectstore import ObjectStore
from shared.shopbus import ShopBus

_EVERY_SECONDS = 1.0
_HELD = timedelta(minutes=10)
_IN_MEMORY = 8_000_000
_log = structlog.get_logger(__name__)


class Exporter:
    """`recommender` makes a client of its own: each export asks in an event loop of its own."""

    def __init__(
        self,
        database: Database,
        exports: Exports,
        objects: ObjectStore,
        photos: QueryPhotos,
        recommender: Callable[[], Recommender],
        bus: ShopBus | None = None,
    ) -> None:
        self._database = database
        self._exports = exports
        self._objects = objects
        self._photos = photos
        self._recommender = recommender
        self._bus = bus

    def run(self, stop: threading.Event) -> None:
        """Look each second until `stop` is set. Waits, and says so, while a store is away."""
        while not stop.is_set():
            try:
                while self.export_one() and not stop.is_set():
                    pass
            except LoupeError as error:
                _log.warning("export_waits", detail=error.detail)
                stop.wait(_EVERY_SECONDS * 5)
            except Exception:  # noqa: BLE001 - a fault of ours must not end the exports of all shops
                _log.exception("export_failed")
                stop.wait(_EVERY_SECONDS * 5)
            stop.wait(_EVERY_SECONDS)

    def export_one(self) -> bool:
        """Gather what was asked for first; whether there was anything."""
        now = datetime.now(UTC)
        free = or_(ExportRow.held_until.is_(None), ExportRow.held_until < now)
        waiting = select(ExportRow).where(ExportRow.done_at.is_(None), ~ExportRow.gone, free)
        first = waiting.order_by(ExportRow.asked_at).limit(1)
        with self._database.read() as session:
            if session.execute(first).first() is None:
                return False
        with self._database.write() as session:
            row = session.scalars(first.with_for_update(skip_locked=True)).first()
            if row is None:
                return False
            row.held_until = now + _HELD
        try:
            self._export(row)
        except BaseException:
            with suppress(LoupeError), self._database.write() as session:
                if kept := session.get(ExportRow, row.export_id):
                    kept.held_until = None
            raise
        return True

    def _export(self, row: ExportRow) -> None:
        whose, found = Whose(row.user_id, row.session_id), {}
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                about = {"user_id": row.user_id, "session_id": row.session_id, "asked_at": row.asked_at}
                archive.writestr("about.json", orjson.dumps(about))
                for store in get_args(KeptStore):
                    found[store] = asyncio.run(self._history(archive, row.tenant, whose, store))
                for name, lines in self._here(row.tenant, whose, row.shopper).items():
                    found[name] = len(lines)
                    archive.writestr(f"{name}.jsonl", b"".join(orjson.dumps(line) + b"\n" for line in lines))
                found["photos"] = self._searched_by(archive, row.tenant, row.user_id)
            size = file.tell()
            file.seek(0)
            self._objects.put(row.tenant, row.export_id, file)  # type: ignore[arg-type]  # it has what a BinaryIO has
        with self._database.write() as session:
            kept = session.get(ExportRow, row.export_id, with_for_update=True)
            if kept is None or kept.gone:  # its shopper was erased meanwhile
                self._objects.delete(row.tenant, row.export_id)
                return
            kept.done_at = datetime.now(UTC)
            kept.expires_at = kept.done_at + self._exports.kept
            kept.bytes, kept.found = size, {name: count for name, count in found.items() if count}
            kept.user_id = kept.session_id = kept.held_until = None
            data = UserExportedData(
                export_id=kept.export_id,
                shopper=kept.shopper,
                asked_by=kept.asked_by,
                data_url=data_url(kept.export_id),
                expires_at=kept.expires_at,
            )
            tell(session, [News(kept.tenant, data, kept.export_id, kept.correlation_id)])
        _log.info("shopper_exported", export_id=row.export_id, shopper=row.shopper, bytes=size)

    async def _history(self, archive: zipfile.ZipFile, tenant: str, whose: Whose, store: KeptStore) -> int:
        recommender, count = self._recommender(), 0
        try:
            with archive.open(f"{store}.jsonl", "w") as lines:
                async for kept in _pages(recommender, tenant, whose, store):
                    lines.write(orjson.dumps(kept) + b"\n")
                    count += 1
        finally:
            await recommender.close()
        return count

    def _searched_by(self, archive: zipfile.ZipFile, tenant: str, user_id: str | None) -> int:
        photos = list(self._photos.of_shopper(tenant, user_id)) if user_id else []
        for name, picture in photos:
            archive.writestr(f"photos/{name}", picture)
        return len(photos)

    def _here(self, tenant: str, whose: Whose, shopper: str) -> dict[str, list[Any]]:
        with self._database.read() as session:
            found: dict[str, list[Any]] = {name: list(lines) for name, lines in told_of(session, tenant, whose).items()}
            tables: tuple[tuple[str, type[ErasureRow] | type[ExportRow]], ...] = (
                ("erasures", ErasureRow),
                ("exports", ExportRow),
            )
            for name, table in tables:
                asked = select(table.asked_at, table.done_at).where(table.tenant == tenant, table.shopper == shopper)
                found[name] = [{"asked_at": row.asked_at, "done_at": row.done_at} for row in session.execute(asked)]
        if self._bus:
            for line in ("in", "out", "dead"):
                found[f"shop-bus-{line}"] = list(_lying(self._bus, tenant, line, Named(whose)))
        return found


async def _pages(
    recommender: Recommender, tenant: str, whose: Whose, store: KeptStore
) -> AsyncIterator[dict[str, Any]]:
    after: str | None = ""
    while after is not None:
        asked = KeptOf(tenant=tenant, user_id=whose.user_id, session_id=whose.session_id, store=store, after=after)
        page = await recommender.kept(asked)
        for kept in page.kept:
            yield kept
        after = page.next


def _lying(bus: ShopBus, tenant: str, line: Any, named: Named) -> Iterator[Any]:
    """What lies in a line and tells of the shopper: looked at, and left."""
    bodies: list[bytes] = []

    def look(body: bytes) -> bool:
        if named.is_told_of(body):
            bodies.append(body)
        return False

    bus.take_out(tenant, line, look)
    for body in bodies:
        try:
            yield orjson.loads(body)
        except ValueError:
            yield body.decode(errors="replace")
