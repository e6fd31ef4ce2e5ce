"""A shop that tells events to real processes: a gateway and a recommender, or the one process that holds both."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from services.gateway.tables import OUTBOX
from services.recommender.tables import Event
from shared import database, messaging
from shared.contracts.messages import UserEvents
from tests.support.broker import RunningBroker, free_port
from tests.support.supervised import Supervised
from tests.support.waiting import until

_SECONDS = 120


class Telling:
    """Over a folder of its own, without an embedder and without an index. `in_one`: the backend of the local stack.

    Else the recommender dies at the steps of `tests.support.dying` that are armed by a file in `steps`.
    """

    def __init__(self, folder: Path, *, in_one: bool) -> None:
        self.steps = folder / "steps"
        for made in (self.steps, folder / "broker"):
            made.mkdir(parents=True)
        self.broker = RunningBroker(folder / "broker")
        self._broker = messaging.open(self.broker.url, "telling")
        self.recommender = "backend" if in_one else "recommender"
        key, port = secrets.token_hex(16), str(free_port())
        self._ports = {"gateway": port, "recommender": str(free_port())}
        self.events_url = f"sqlite:///{folder}/recommender.db"
        self._catalogue_url = f"sqlite:///{folder}/gateway.db"
        self._catalogue, self._events = database.open(self._catalogue_url), database.open(self.events_url)
        self._looking = httpx.Client()
        modules = self._backend(folder, key, port) if in_one else self._apart(folder, key, port)
        self.processes = Supervised(folder, modules)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        until(lambda: self.answers("gateway") and self.answers("recommender"), "both answer", _SECONDS)

    def _backend(self, folder: Path, key: str, port: str) -> dict[str, tuple[str, Mapping[str, str]]]:
        (folder / "api-key").write_text(key)
        environment = {
            "LOUPE_HOME": str(folder),
            "PORT": port,
            "BROKER_URL": self.broker.url,
            "SHOP_BUS_URL": self.broker.url.replace("/0", "/1"),
            "EMBEDDER_URL": "http://127.0.0.1:1",
            "INDEXER_PORT": str(free_port()),
            "RECOMMENDER_PORT": self._ports["recommender"],
            "INVENTORY_PORT": str(free_port()),
            "AUTHENTICITY_PORT": str(free_port()),
        }
        return {"backend": ("deploy.local.backend", environment)}

    def _apart(self, folder: Path, key: str, port: str) -> dict[str, tuple[str, Mapping[str, str]]]:
        environment = {
            "BROKER_URL": self.broker.url,
            "OBJECT_STORE_URL": f"file://{folder}/objects",
            "VECTOR_STORE_URL": f"edge://{folder}/vectors",
            "RECOMMENDER_DATABASE_URL": self.events_url,
            "RECOMMENDER_PORT": self._ports["recommender"],
            "GATEWAY_DATABASE_URL": self._catalogue_url,
            "GATEWAY_PORT": port,
            "GATEWAY_SECRET": secrets.token_hex(16),
            "GATEWAY_PAGE_TENANT": "shop",
            "GATEWAY_PAGE_KEY": key,
            "GATEWAY_SOLE_WORKER": "true",
            "EMBEDDER_URL": "http://127.0.0.1:1",
            "RECOMMENDER_URL": "http://127.0.0.1:1",
            "DYING_FOLDER": str(self.steps),
            "DYING_SERVICE": "recommender",
        }
        return {
            "gateway": ("services.gateway.main", environment),
            "recommender": ("tests.support.dying", environment),
        }

    def close(self) -> None:
        self.http.close()
        self._looking.close()
        self._catalogue.close()
        self._events.close()
        self.processes.stop()
        self._broker.close()
        self.broker.stop()

    def answers(self, service: str = "gateway") -> bool:
        try:
            return self._looking.get(f"http://127.0.0.1:{self._ports[service]}/healthz").is_success
        except httpx.TransportError:
            return False

    def put(self, skus: Sequence[str]) -> None:
        for start in range(0, len(skus), 500):
            items = [{"sku": sku, "title": sku} for sku in skus[start : start + 500]]
            assert self.http.post("/v1/items:batch", json={"items": items}).is_success

    def tell(self, events: Sequence[Mapping[str, Any]]) -> httpx.Response:
        """Until they are taken: a gateway that is killed while it answers is asked again, with the same ids."""
        while True:
            try:
                answer = self.http.post("/v1/events", json={"events": events})
            except httpx.TransportError:
                until(self.answers, "the gateway is back", _SECONDS)
            else:
                assert answer.status_code == 202, answer.text
                return answer

    def open_batches(self) -> int:
        """How many batches of events are accepted and have no outcome."""
        with self._catalogue.read() as session:
            of_events = select(func.count()).where(OUTBOX.table.c.message == UserEvents.name)
            return session.execute(of_events).scalar_one()

    def settle(self) -> None:
        """Wait until every batch has its outcome, and what was given back to the queue was handled again."""
        until(lambda: self.open_batches() == 0, "all events are recorded", _SECONDS)
        until(lambda: self.answers("recommender") and self._broker.idle(["recommender"]), "nothing waits", _SECONDS)

    def recorded(self) -> Counter[tuple[str, str | None]]:
        """How often each event, by its shopper and item, is in the history."""
        with self._events.read() as session:
            return Counter((shopper, sku) for shopper, sku in session.execute(select(Event.shopper, Event.sku)))


def clicks(shoppers: Sequence[str], skus: Sequence[str]) -> list[dict[str, Any]]:
    """A click of each shopper, by turns, on each item, all of them at this moment."""
    at = datetime.now(UTC).isoformat()
    return [
        {"id": uuid.uuid4().hex, "type": "clicked", "user_id": shoppers[n % len(shoppers)], "sku": sku, "at": at}
        for n, sku in enumerate(skus)
    ]
