"""The books of shops, kept by the inventory's own parts, and what it publishes; no broker between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from services.inventory.alerts import AlertsTold
from services.inventory.catalogue import Catalogue
from services.inventory.handlers import Recorder, handlers
from services.inventory.main import MIGRATIONS
from services.inventory.tables import OUTBOX
from shared import database
from shared.contracts.messages import ItemChanged, ItemFields, Message
from shared.contracts.stock import ItemLevel, Movement, StockAlert, StockLevel, StockMoved

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
_numbers = count()


def movement(kind: str, quantity: int | None, sku: str = "RING", at: datetime = BEGIN, **fields: Any) -> Movement:
    """With an id of its own unless `id` says another."""
    given = {"id": f"m-{next(_numbers)}", "sku": sku, "kind": kind, "quantity": quantity, "occurred_at": at}
    return Movement.model_validate(given | fields)


class Books:
    """`url`: of an empty database. `said` are the messages that were published."""

    def __init__(self, url: str) -> None:
        self.database = database.open(url)
        self.database.migrate(MIGRATIONS)
        self.said: list[Message] = []
        recorder = Recorder(self.database, self, lambda: None)
        self.recorder = recorder
        self._handlers = handlers(Catalogue(self.database), recorder, AlertsTold(self.database))

    def publish(self, message: Message) -> None:
        self.said.append(message)

    def hear(self, *messages: Message) -> None:
        for message in messages:
            self._handlers[type(message)](message)

    def move(self, *movements: Movement, tenant: str = "shop", batch: str = "") -> StockLevel:
        """Record them in one message; what is said of it."""
        self.hear(moved(movements, tenant, batch))
        level = self.said[-1]
        assert isinstance(level, StockLevel)
        return level

    def level(self, sku: str = "RING", tenant: str = "shop") -> ItemLevel:
        """What was last said of the item."""
        told = [one for one in self.said if isinstance(one, StockLevel) and one.tenant == tenant]
        return next(level for one in reversed(told) for level in one.levels if level.sku == sku)

    def put(self, sku: str = "RING", tenant: str = "shop", revision: int = 1, **fields: Any) -> None:
        """The catalogue has the item."""
        said = ItemFields.model_validate({"title": f"Title of {sku}", "created_at": BEGIN} | fields)
        self.hear(ItemChanged(tenant=tenant, correlation_id="c", sku=sku, revision=revision, fields=said))

    def remove(self, sku: str = "RING", tenant: str = "shop", revision: int = 2) -> None:
        self.hear(ItemChanged(tenant=tenant, correlation_id="c", sku=sku, revision=revision))

    def alerts(self) -> list[StockAlert]:
        """What waits to be told to shops, oldest first."""
        with self.database.read() as session:
            rows = session.execute(select(OUTBOX.table.c.payload).order_by(OUTBOX.table.c.id)).scalars()
            return [StockAlert.model_validate(row) for row in rows]

    def close(self) -> None:
        self.database.close()


def moved(movements: Sequence[Movement], tenant: str = "shop", batch: str = "") -> StockMoved:
    batch_id = batch or f"b-{next(_numbers)}"
    return StockMoved(tenant=tenant, correlation_id="c", batch_id=batch_id, movements=list(movements))
