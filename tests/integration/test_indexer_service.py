"""The indexer as its composition root builds it, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.indexer import main
from services.indexer.settings import Settings
from shared import messaging
from shared.contracts.messages import ItemChanged, ItemFields, ItemIndexed, ItemTextAnalysed
from shared.messaging import Consumer, Subscription
from shared.service import Service
from tests.support.broker import RunningBroker
from tests.support.waiting import until


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = RunningBroker(folder)
    yield broker
    broker.stop()


@pytest.fixture
def broker(running: RunningBroker) -> Iterator[messaging.Broker]:
    opened = messaging.open(running.url, "indexer")
    yield opened
    opened.close()


@pytest.fixture
def service(running: RunningBroker, broker: messaging.Broker, tmp_path: Path) -> Iterator[Service]:
    settings = Settings(
        broker_url=running.url,
        object_store_url=f"file://{tmp_path}/objects",
        vector_store_url=f"edge://{tmp_path}/vectors",
        database_url=f"sqlite:///{tmp_path}/indexer.db",
        dimension=4,
    )
    built = main.build(settings, broker)
    yield built
    built.close()


def test_a_message_of_its_queue_is_answered_with_its_outcome(service: Service, broker: messaging.Broker) -> None:
    outcomes: list[ItemIndexed] = []
    gateway = Subscription("gateway", {ItemIndexed: outcomes.append})
    consumer = Consumer(broker, [Subscription("indexer", service.handlers, service.unit), gateway], threads=2)
    consumer.start()
    fields = ItemFields(title="Ring", created_at=datetime(2026, 5, 1, tzinfo=UTC))
    told: dict[str, Any] = {"tenant": "acme", "correlation_id": "c-1", "sku": "RING-1", "revision": 3}
    broker.publish(ItemTextAnalysed(**told, sha256="0" * 64, model_version="text-1"))
    broker.publish(ItemChanged(**told, fields=fields))
    until(lambda: outcomes, "the outcome arrives")
    consumer.stop()
    outcome = outcomes[0]
    assert (outcome.tenant, outcome.correlation_id, outcome.sku, outcome.revision) == ("acme", "c-1", "RING-1", 3)


def test_readiness_names_the_part_that_is_away(service: Service, running: RunningBroker) -> None:
    ready = _ready(service)
    assert ready.status_code == 200
    assert set(ready.json()["parts"]) == {"broker", "analyses", "vectors", "database"}
    running.kill()
    away = _ready(service)
    assert away.status_code == 503
    assert [name for name, part in away.json()["parts"].items() if not part["ok"]] == ["broker"]


def _ready(service: Service) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(service.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://indexer") as client:
            return await client.get("/readyz")

    return asyncio.run(get())
