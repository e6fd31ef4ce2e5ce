"""The levels held against the movements that they follow from. They are written together, so nothing should differ."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, select, tuple_

from services.inventory import ledger, metrics
from services.inventory.places import recomputed
from services.inventory.tables import ItemStock, Level
from shared.database import Database
from shared.errors import Retryable

_AT_ONCE = 200
_EVERY = timedelta(days=1)
_LOOKED_EVERY_SECONDS = 60.0
_log = structlog.get_logger(__name__)


def differing(rows: Connection, tenant: str, after: str = "", most: int = 1_000_000) -> list[str]:
    """The items of a shop whose levels are not what their movements make, of the first `most` after a SKU."""
    page = select(ItemStock.sku).where(ItemStock.tenant == tenant, ItemStock.sku > after).order_by(ItemStock.sku)
    skus = rows.execute(page.limit(most)).scalars().all()
    return [sku for sku in skus if _differs(rows, tenant, sku)]


def _differs(rows: Connection, tenant: str, sku: str) -> bool:
    levels = rows.execute(select(Level).where(Level.tenant == tenant, Level.sku == sku)).all()
    for level in levels:
        place = recomputed(rows, tenant, sku, level.location)
        if (place.on_hand, place.counted_at, place.moved_at) != (level.on_hand, level.counted_at, level.moved_at):
            return True
    counted = [level.on_hand for level in levels if level.on_hand is not None]
    stock = select(ItemStock.on_hand).where(ItemStock.tenant == tenant, ItemStock.sku == sku)
    return bool(rows.execute(stock).scalar_one() != (sum(counted) if counted else None))


class Checker:
    """Looks through all shops once a day, in small steps, and mends what differs; `now` is the time, as UTC."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._next = now() + _EVERY

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set. Waits, and says so, while the database is away."""
        while not stop.wait(_LOOKED_EVERY_SECONDS):
            if self._now() < self._next:
                continue
            try:
                self.look(stop)
            except Retryable as error:
                _log.warning("check_waits", detail=error.detail)
                continue
            self._next = self._now() + _EVERY

    def look(self, stop: threading.Event) -> int:
        """Check everything; how many items were mended."""
        after, mended = ("", ""), 0
        while not stop.is_set():
            page = select(ItemStock.tenant, ItemStock.sku).where(tuple_(ItemStock.tenant, ItemStock.sku) > after)
            with self._database.read() as session:
                keys = session.execute(page.order_by(ItemStock.tenant, ItemStock.sku).limit(_AT_ONCE)).all()
                wrong = [(t, sku) for t, sku in keys if _differs(session.connection(), t, sku)]
            for tenant, sku in wrong:
                _log.error("levels_differ", tenant=tenant, sku=sku)
                with self._database.write() as session:
                    ledger.mend(session.connection(), tenant, sku)
            metrics.MENDED.inc(len(wrong))
            mended += len(wrong)
            if len(keys) < _AT_ONCE:
                break
            after = keys[-1].tenant, keys[-1].sku
        return mended
