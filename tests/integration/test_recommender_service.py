"""The recommender as its composition root builds it, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from services.recommender import main
from services.recommender.settings import Settings
from shared import messaging, vectorstore
from shared.contracts.messages import EventsRecorded, UserEvents
from shared.contracts.models import INDEX, Model
from shared.contracts.user_events import UserEvent
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
    opened = messaging.open(running.url, "recommender")
    yield opened
    opened.close()


@pytest.fixture
def service(running: RunningBroker, broker: messaging.Broker, tmp_path: Path) -> Iterator[Service]:
    settings = Settings(
        broker_url=running.url,
        vector_store_url=f"edge://{tmp_path}/vectors",
        database_url=f"sqlite:///{tmp_path}/recommender.db",
    )
    built = main.build(settings, broker)
    yield built
    built.close()


def test_a_batch_of_events_is_answered_with_its_outcome(service: Service, broker: messaging.Broker) -> None:
    outcomes: list[EventsRecorded] = []
    gateway = Subscription("gateway", {EventsRecorded: outcomes.append})
    consumer = Consumer(broker, [Subscription("recommender", service.handlers, service.unit), gateway], threads=2)
    consumer.start()
    event = UserEvent(id="e-1", type="clicked", user_id="ann", sku="RING-1", at=datetime(2026, 5, 1, tzinfo=UTC))
    broker.publish(UserEvents(tenant="acme", correlation_id="c-1", batch_id="b-1", events=[event]))
    until(lambda: outcomes, "the outcome arrives")
    consumer.stop()
    assert (outcomes[0].tenant, outcomes[0].correlation_id, outcomes[0].batch_id) == ("acme", "c-1", "b-1")


def test_there_is_no_readiness_without_an_index_and_it_comes_with_the_index(service: Service, tmp_path: Path) -> None:
    away = _ready(service)
    assert away.status_code == 503
    assert "no index yet" in away.json()["parts"]["vectors"]["detail"]
    _make_index(tmp_path)
    assert _ready(service).status_code == 200


def _make_index(folder: Path) -> None:
    directory = vectorstore.directory(f"edge://{folder}/vectors", INDEX)
    directory.open("pieces-m", 4).close()
    directory.switch("pieces-m", Model(version="m", dimension=4, no_match_below=0.6, look_at_least=0.6).model_dump())


def test_readiness_names_the_part_that_is_away(service: Service, running: RunningBroker, tmp_path: Path) -> None:
    _make_index(tmp_path)
    ready = _ready(service)
    assert ready.status_code == 200
    assert set(ready.json()["parts"]) == {"broker", "vectors", "database"}
    running.kill()
    away = _ready(service)
    assert away.status_code == 503
    assert [name for name, part in away.json()["parts"].items() if not part["ok"]] == ["broker"]


def _ready(service: Service) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(service.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://recommender") as client:
            return await client.get("/readyz")

    return asyncio.run(get())
