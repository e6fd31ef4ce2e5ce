"""What shops are told: written with what it tells of, sent until the shop bus has it. Their webhooks get the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from services.gateway.tables import Image, ShopNews
from services.gateway.webhooks.deliveries import add_deliveries
from shared.contracts import shop
from shared.contracts.messages import ImageIndexed, Message
from shared.database import Database
from shared.errors import Retryable
from shared.shopbus import ShopBus

_BATCH = 64
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


def tell_indexed(session: Session, messages: Sequence[ImageIndexed]) -> None:
    """Of the pictures that are still there."""
    there = set(
        session.execute(select(Image.image_id).where(Image.image_id.in_([m.image_id for m in messages]))).scalars()
    )
    told = [
        News(
            message.tenant,
            shop.ImageIndexedData.model_validate(message.model_dump(), extra="ignore"),
            f"{message.image_id}:{message.correlation_id}:{message.model_version}",
            message.correlation_id,
        )
        for message in messages
        if message.image_id in there
    ]
    tell(session, told)


def tell_rejected(session: Session, message: Message, sku: str, image_id: str, reason: str) -> None:
    data = shop.ImageRejectedData(sku=sku, image_id=image_id, reason=reason)
    tell(session, [News(message.tenant, data, f"{image_id}:{message.correlation_id}", message.correlation_id)])


@dataclass(frozen=True, slots=True)
class News:
    """An event for a shop; `key` tells it from all others of its type, and is the same when it is told again."""

    tenant: str
    data: shop.Outgoing
    key: str
    correlation_id: str


def tell(session: Session, news: Sequence[News]) -> None:
    """Have shops hear of these, once the caller's transaction is committed."""
    rows = [
        {
            "tenant": one.tenant,
            "event": shop.write(one.data, tenant=one.tenant, key=one.key, correlation_id=one.correlation_id).decode(),
        }
        for one in news
    ]
    if rows:
        session.execute(insert(ShopNews), rows)
        add_deliveries(session, rows)


class NewsRelay:
    """Sends what is in the table and deletes it: at least once, each time with the same id.

    Without a shop bus it only deletes: webhooks have theirs already.
    """

    def __init__(self, database: Database, bus: ShopBus | None) -> None:
        self._database = database
        self._bus = bus
        self._paused: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set. Waits, and says so, while the bus or the database is away."""
        while not stop.is_set():
            pause = _POLL_SECONDS
            try:
                while self.send() == _BATCH and not stop.is_set():
                    pass
            except Retryable as error:
                _log.warning("shop_news_waits", detail=error.detail)
                pause = _PAUSE_SECONDS
            stop.wait(pause)

    def send(self) -> int:
        """Send up to a batch; how many were sent. A shop whose line does not take them does not hold up the others."""
        now = time.monotonic()
        self._paused = {tenant: until for tenant, until in self._paused.items() if until > now}
        waiting = select(ShopNews).where(ShopNews.tenant.not_in(self._paused)).order_by(ShopNews.id).limit(_BATCH)
        with self._database.read() as session:
            if session.execute(waiting.limit(1)).first() is None:
                return 0
        if self._bus:
            self._bus.ping()  # while it is away nobody has to wait for the rows below
        sent: list[int] = []
        with self._database.write() as session:
            rows = session.execute(waiting.with_for_update(skip_locked=True)).scalars().all()
            for tenant, alike in groupby(sorted(rows, key=lambda row: row.tenant), key=lambda row: row.tenant):
                sent += self._publish(tenant, list(alike))
            session.execute(delete(ShopNews).where(ShopNews.id.in_(sent)))
        return len(sent)

    def _publish(self, tenant: str, rows: list[ShopNews]) -> list[int]:
        try:
            if self._bus:
                self._bus.publish(tenant, [row.event.encode() for row in rows])
        except Retryable as error:
            _log.warning("shop_news_waits", tenant=tenant, detail=error.detail)
            self._paused[tenant] = time.monotonic() + _PAUSE_SECONDS
            return []
        return [row.id for row in rows]
