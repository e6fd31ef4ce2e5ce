"""A shop that tells movements to real processes: a gateway and an inventory, over a real broker."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from services.gateway.tables import OUTBOX
from services.inventory.tables import ItemStock, MovementRow
from shared import database
from tests.support.broker import RunningBroker, free_port
from tests.support.supervised import Supervised
from tests.support.waiting import until

SECONDS = 180


class Moving:
    """Over a folder of its own, without embedder and index. With `dying` both die at the steps of `tests.support.dying`
    that are armed by a file in `steps`."""

    def __init__(self, folder: Path, *, dying: bool = False) -> None:
        self.steps = folder / "steps"
        for made in (self.steps, folder / "broker"):
            made.mkdir(parents=True)
        self.broker = RunningBroker(folder / "broker")
        key, port, inventory = secrets.token_hex(16), str(free_port()), str(free_port())
        environment = {
            "BROKER_URL": self.broker.url,
            "OBJECT_STORE_URL": f"file://{folder}/objects",
            "INVENTORY_DATABASE_URL": f"sqlite:///{folder}/inventory.db",
            "INVENTORY_PORT": inventory,
            "GATEWAY_DATABASE_URL": f"sqlite:///{folder}/gateway.db",
            "GATEWAY_PORT": port,
            "GATEWAY_SECRET": secrets.token_hex(16),
            "GATEWAY_PAGE_TENANT": "shop",
            "GATEWAY_PAGE_KEY": key,
            "EMBEDDER_URL": "http://127.0.0.1:1",
            "RECOMMENDER_URL": "http://127.0.0.1:1",
            "INVENTORY_URL": f"http://127.0.0.1:{inventory}",
            "DYING_FOLDER": str(self.steps),
        }
        modules = {
            name: ("tests.support.dying" if dying else f"services.{name}.main", environment | {"DYING_SERVICE": name})
            for name in ("gateway", "inventory")
        }
        self.catalogue = database.open(environment["GATEWAY_DATABASE_URL"])
        self.books = database.open(environment["INVENTORY_DATABASE_URL"])
        self.processes = Supervised(folder, modules)
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)
        until(self.answers, "the gateway answers", SECONDS)

    def close(self) -> None:
        self.http.close()
        self.processes.stop()
        self.catalogue.close()
        self.books.close()
        self.broker.stop()

    def answers(self) -> bool:
        try:
            return self.http.get("/v1/inventory/summary").is_success
        except httpx.TransportError:
            return False

    def tell(self, movements: Sequence[dict[str, Any]]) -> None:
        """Until they are taken: a gateway that is killed while it answers is asked again, with the same ids."""
        while True:
            try:
                answer = self.http.post("/v1/inventory/movements", json={"movements": movements})
            except httpx.TransportError:
                until(self.answers, "the gateway is back", SECONDS)
            else:
                assert answer.status_code == 202, answer.text
                return

    def settle(self) -> None:
        """Wait until every movement that was accepted has its outcome."""
        waiting = select(func.count()).where(OUTBOX.table.c.message == "stock.moved")

        def settled() -> bool:
            with self.catalogue.read() as session:
                return session.execute(waiting).scalar_one() == 0

        until(settled, "every movement has its outcome", SECONDS)
        until(self.answers, "both answer", SECONDS)

    def recorded(self) -> Counter[str]:
        with self.books.read() as session:
            return Counter(session.scalars(select(MovementRow.movement_id)))

    def levels(self) -> dict[str, int | None]:
        with self.books.read() as session:
            return dict(session.execute(select(ItemStock.sku, ItemStock.on_hand)).all())

    def shown(self) -> dict[str, int | None]:
        """As the catalogue shows it."""
        items = self.http.get("/v1/items?limit=100").json()["items"]
        return {item["sku"]: item.get("stock") for item in items}
