"""How long what is of shoppers is kept in the gateway's stores, each by a setting."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, func, select

from services.gateway.people.block_list import forget_entries
from services.gateway.people.exports import Exports
from services.gateway.people.finding import is_about_shoppers
from services.gateway.people.tables import ErasureRow, Forgotten
from services.gateway.tables import DeadLetter, Tenant
from shared.database import Database
from shared.errors import LoupeError
from shared.shopbus import ShopBus

_EVERY_SECONDS = 900.0
_OF_SHOPPERS = ("user.events", "impressions.shown", "erasure.asked")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Terms:
    """`letters`: dead letters that may name a shopper; `receipts`: that there were erasures and exports; `forgotten`:
    the block list, which has to outlive every backup."""

    letters: timedelta
    receipts: timedelta
    forgotten: timedelta


class Keeper:
    """Forgets what was kept its time. Safe to run in several gateways."""

    def __init__(self, database: Database, exports: Exports, terms: Terms, bus: ShopBus | None = None) -> None:
        self._database = database
        self._exports = exports
        self._terms = terms
        self._bus = bus

    def run(self, stop: threading.Event) -> None:
        """Every quarter of an hour until `stop` is set."""
        while not stop.is_set():
            try:
                self.tidy_up(datetime.now(UTC))
            except LoupeError as error:
                _log.warning("shoppers_not_tidied", detail=error.detail)
            stop.wait(_EVERY_SECONDS)

    def tidy_up(self, now: datetime) -> None:
        """Forget what is over at this moment."""
        old_letters, old_receipts = now - self._terms.letters, now - self._terms.receipts
        with self._database.write() as session:
            letters = delete(DeadLetter).where(DeadLetter.source.in_(_OF_SHOPPERS), DeadLetter.at < old_letters)
            session.execute(letters)
            session.execute(delete(ErasureRow).where(ErasureRow.done_at < old_receipts))
            forget_entries(session, now - self._terms.forgotten)
        self._exports.clean()
        self._exports.forget(old_receipts)
        if self._bus:
            with self._database.read() as session:
                tenants = session.scalars(select(Tenant.tenant)).all()
            for tenant in tenants:
                self._bus.take_out(tenant, "dead", is_about_shoppers, old_letters.timestamp())


def last_erasure(database: Database) -> datetime | None:
    """When somebody was erased last, of those who are known still."""
    with database.read() as session:
        return session.scalar(select(func.max(Forgotten.at)))
