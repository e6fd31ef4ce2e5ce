"""SIGKILL of the broker, of the gateway and of a consumer while a shop sends messages by queue: each has its effect
once. `make chaos` sends 10,000 (CHAOS_MESSAGES).

Prices make a double effect show: each of an item's prices is a revision of it, so one that comes again after a later
one would count. Everything is in memory where that is a folder: what is lost by SIGKILL is lost there too.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as Away
from redis.retry import Retry
from sqlalchemy import func, select

from services.gateway.tables import OUTBOX, Item
from services.recommender.tables import Event
from shared import database
from shared.contracts.messages import UserEvents
from tests.support.broker import RunningBroker, free_port
from tests.support.supervised import Supervised
from tests.support.waiting import until

MESSAGES = int(os.environ.get("CHAOS_MESSAGES", "2000"))
ITEMS = MESSAGES // 50
PRICES = 5
SECONDS = 300
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
LINE = "loupe:shop:shop:in"
AT_ONCE = MESSAGES // 500
"""However many there are, the shop sends for as long, so that the broker dies meanwhile."""


class Processes:
    """A broker with the shop bus in it, a gateway, and the recommender, which consumes what the gateway accepts."""

    def __init__(self, folder: Path) -> None:
        (folder / "broker").mkdir()
        self.broker = RunningBroker(folder / "broker", synced=True)
        self.key, port = secrets.token_hex(16), free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.catalogue = database.open(f"sqlite:///{folder}/gateway.db")
        self.history = database.open(f"sqlite:///{folder}/recommender.db")
        environment = {
            "BROKER_URL": self.broker.url,
            "SHOP_BUS_URL": self.broker.url.removesuffix("/0") + "/1",
            "OBJECT_STORE_URL": f"file://{folder}/objects",
            "VECTOR_STORE_URL": f"edge://{folder}/vectors",
            "RECOMMENDER_DATABASE_URL": f"sqlite:///{folder}/recommender.db",
            "RECOMMENDER_PORT": str(free_port()),
            "RECOMMENDER_SOLE_WORKER": "true",
            "GATEWAY_DATABASE_URL": f"sqlite:///{folder}/gateway.db",
            "GATEWAY_PORT": str(port),
            "GATEWAY_SOLE_WORKER": "true",
            "GATEWAY_SECRET": secrets.token_hex(16),
            "GATEWAY_PAGE_TENANT": "shop",
            "GATEWAY_PAGE_KEY": self.key,
            "EMBEDDER_URL": "http://127.0.0.1:1",
            "RECOMMENDER_URL": "http://127.0.0.1:1",
        }
        names = ("gateway", "recommender")
        self.processes = Supervised(folder, {name: (f"services.{name}.main", environment) for name in names})
        self.bus = Redis.from_url(
            environment["SHOP_BUS_URL"], retry=Retry(ConstantBackoff(0.05), SECONDS * 20), retry_on_error=[Away]
        )
        until(self.answers, "the gateway answers", SECONDS)
        until(lambda: self.bus.exists(LINE), "the shop is served", SECONDS)

    def close(self) -> None:
        self.processes.stop()
        self.catalogue.close()
        self.history.close()
        self.broker.stop()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/healthz").is_success
        except httpx.TransportError:
            return False

    def kill(self, name: str) -> None:
        """Returns once another one was started."""
        pid = self.processes.pid(name)
        os.kill(pid, 9)
        until(lambda: self.processes.deaths(name) == 1, f"the {name} was killed")

    def open_batches(self) -> int:
        """How much of what shoppers did is accepted and not recorded."""
        with self.catalogue.read() as session:
            of_events = select(func.count()).where(OUTBOX.table.c.message == UserEvents.name)
            return session.execute(of_events).scalar_one()


@pytest.fixture
def processes() -> Iterator[Processes]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        running = Processes(Path(folder))
        yield running
        running.close()


def messages() -> list[bytes]:
    """First the prices of all items, one after the other of each, then what shoppers did."""
    said = [
        ("shop.item.upserted", {"sku": f"RING-{number}", "title": "A ring", "price": price})
        for price in range(1, PRICES + 1)
        for number in range(ITEMS)
    ]
    said += [
        (
            "shop.user.event",
            {
                "type": "viewed",
                "user_id": f"user-{number % 100}",
                "sku": f"RING-{number % ITEMS}",
                "at": "2026-05-01T12:00:00Z",
            },
        )
        for number in range(MESSAGES - len(said))
    ]
    return [
        json.dumps({"specversion": "1.0", "id": f"m-{number}", "source": "/chaos", "type": kind, "data": data}).encode()
        for number, (kind, data) in enumerate(said)
    ]


def send(bus: Redis, bodies: list[bytes]) -> None:
    """What was not answered is sent again, as every sender does."""
    for start in range(0, len(bodies), AT_ONCE):
        with bus.pipeline(transaction=True) as several:
            for body in bodies[start : start + AT_ONCE]:
                several.xadd(LINE, {"event": body})
            several.execute()


def test_each_message_has_its_effect_once_whatever_is_killed(processes: Processes) -> None:
    sent = messages()
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send, processes.bus, sent)

        def taken(share: float) -> None:
            def is_so() -> bool:
                return sending.done() and processes.bus.xlen(LINE) < len(sent) * (1 - share)

            until(is_so, f"{share:.0%} are taken", SECONDS)

        until(lambda: processes.bus.xlen(LINE) > len(sent) // 5, "a part is sent", SECONDS)
        processes.broker.kill()
        still_sending = not sending.done()
        processes.broker.start()
        taken(0.1)
        processes.kill("recommender")
        taken(0.4)
        processes.kill("gateway")
    assert still_sending, "the broker was killed while the shop sent"
    until(lambda: processes.bus.xlen(LINE) == 0, "nothing waits in the line", SECONDS)
    until(lambda: processes.open_batches() == 0, "what shoppers did has its outcome", SECONDS)

    with processes.history.read() as session:
        ids = session.execute(select(Event.event_id)).scalars().all()
    assert sorted(ids) == sorted(f"m-{number}" for number in range(ITEMS * PRICES, len(sent))), "each once, none lost"
    with processes.catalogue.read() as session:
        revisions = session.execute(select(Item.sku, Item.revision, Item.body)).all()
    there = sorted((sku, revision, body["price"]) for sku, revision, body in revisions)
    assert there == sorted((f"RING-{number}", PRICES, PRICES) for number in range(ITEMS)), "each price once, in order"
    assert processes.bus.xlen("loupe:shop:shop:dead") == 0
