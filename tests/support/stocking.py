"""A gateway and an inventory, each served with a database of its own; messages between them go by hand, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import update

from services.gateway.tables import OUTBOX
from services.inventory import main as inventory
from services.inventory.settings import Settings
from services.inventory.tables import OUTBOX as ALERTS
from shared import database, messaging
from shared.contracts.messages import ItemChanged, Message
from shared.contracts.routes import MESSAGES
from shared.contracts.stock import StockAlert, StockMoved
from shared.messaging.broker import holding
from shared.service import Service
from tests.support.databases import migrated
from tests.support.gateway import NOBODY, Stand, running_gateway
from tests.support.upstreams import Upstreams, served


class Shop:
    """`stand.client` is a shop's program."""

    def __init__(self, stand: Stand, service: Service, books: database.Database) -> None:
        self.stand = stand
        self.client = stand.client
        self.inventory = service
        self.books = books

    def settle(self) -> None:
        """Carry messages until nothing is on its way but what others than the inventory are waited for."""
        while messages := [*self._waiting(), *self._alerts()]:
            for message in messages:
                self.carry(message)

    def carry(self, message: Message) -> list[Message]:
        """Hand a message to who hears it, and what it publishes to those who hear that; what that was."""
        to_inventory = type(message) in self.inventory.handlers
        handlers = self.inventory.handlers if to_inventory else self.stand.service.handlers
        with holding() as said:
            handlers[type(message)](message)
        found = list(said)
        for one in found:
            self.carry(one)
        return found

    def told(self) -> list[StockMoved]:
        """The movements that wait to be recorded."""
        return [one for one in self.stand.waiting() if isinstance(one, StockMoved)]

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.client.get(f"/v1/inventory/{path}", params=params)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(f"/v1/inventory/{path}", json=body)
        assert answer.status_code == 202, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def move(self, *movements: dict[str, Any]) -> dict[str, Any]:
        """Tell movements and let them be recorded."""
        said = self.post("movements", movements=list(movements))
        self.settle()
        return said

    def stock(self, sku: str = "RING-1") -> int | None:
        """As the catalogue shows it."""
        found: int | None = self.client.get(f"/v1/items/{sku}").raise_for_status().json().get("stock")
        return found

    def level(self, sku: str = "RING-1") -> tuple[int | None, dict[str, int]]:
        """As the ledger says it: in all, and by location."""
        found = self.get(f"items/{sku}")
        return found.get("on_hand"), found["locations"]

    def _waiting(self) -> list[Message]:
        """Those for the inventory; what it is told of items has no outcome there, so each is carried once."""
        found: list[Message] = []
        with self.stand.catalogue.write() as session:
            table = OUTBOX.table
            rows = session.execute(
                update(table)
                .where(table.c.late_at.is_(None), table.c.message.in_([StockMoved.name, ItemChanged.name]))
                .values(late_at=table.c.created_at)
                .returning(table.c.id, table.c.message, table.c.payload)
            ).all()
        found += [MESSAGES[name].model_validate(payload) for _, name, payload in sorted(rows, key=lambda row: row[0])]
        return found

    def _alerts(self) -> Sequence[Message]:
        with self.books.read() as session:
            rows = session.execute(ALERTS.table.select().order_by(ALERTS.table.c.id)).all()
        return [StockAlert.model_validate(row.payload) for row in rows]


@contextmanager
def running_inventory(folder: Path, url: str = "", **settings: Any) -> Iterator[tuple[Service, str, str]]:
    """An inventory, the URL at which it is served, and that of its database: `url`, or SQLite in `folder`."""
    url = migrated(url or f"sqlite:///{folder}/inventory.db", inventory.MIGRATIONS)
    given = {"broker_url": NOBODY, "object_store_url": f"file://{folder}/objects", "database_url": url}
    broker = messaging.open(NOBODY, "inventory")
    service = inventory.build(Settings(**given | settings), broker)
    with served(service.http) as address:
        yield service, address, url
    service.close()
    broker.close()


@contextmanager
def running_stock(
    folder: Path, inventory_url: str = "", upstreams: Upstreams | None = None, **settings: Any
) -> Iterator[Shop]:
    """`inventory_url`: of an empty database; without it, SQLite in `folder`. `upstreams`: what is asked besides."""
    upstreams = upstreams or Upstreams()
    with (
        running_inventory(folder, inventory_url, embedder_url=upstreams.embedder_url) as (service, address, url),
        running_gateway(folder, upstreams, inventory_url=address, **settings) as stand,
    ):
        books = database.open(url)
        yield Shop(stand, service, books)
        books.close()
