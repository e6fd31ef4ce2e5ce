"""Outcomes from the queue: dead letters, and the whole way over a real broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from services.gateway import tenants
from services.gateway.auth import Keys
from services.gateway.tables import Base, DeadLetter
from shared import messaging
from shared.contracts.messages import ImageIndexed, ImageStored, Message, MessageDied
from shared.errors import Conflict, InvalidInput, Unauthorized
from shared.messaging import Consumer, Subscription
from tests.support.broker import RunningBroker
from tests.support.databases import NewDatabase
from tests.support.gateway import SECRET, Stand, picture, running_gateway
from tests.support.waiting import until


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        stand.put_item()
        yield stand


def died(message: Message, **fields: Any) -> MessageDied:
    return MessageDied(
        **{
            "tenant": "shop",
            "correlation_id": "c",
            "source": message.name,
            "queue": "embedder",
            "reason": "The model cannot read it.",
            "payload": message.model_dump(mode="json"),
        }
        | fields
    )


def letters(gateway: Stand) -> list[str]:
    with gateway.catalogue.read() as session:
        return list(session.execute(select(DeadLetter.reason)).scalars())


def test_a_picture_whose_message_died_is_rejected_with_the_reason_and_the_letter_kept_once(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", picture())
    letter = died(gateway.waiting()[-1])
    for _ in range(2):
        gateway.handle(letter)
    image = gateway.client.get(f"/v1/images/{image_id}").json()
    assert image["state"] == "rejected"
    assert "The model cannot read it." in image["reason"]
    assert letters(gateway) == ["The model cannot read it."]
    assert not any(isinstance(m, ImageStored) for m in gateway.waiting())


def test_a_message_that_may_yet_succeed_stays_in_the_outbox(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", picture())
    gateway.handle(died(gateway.waiting()[-1], retryable=True))
    assert gateway.client.get(f"/v1/images/{image_id}").json()["state"] == "stored"
    assert isinstance(gateway.waiting()[-1], ImageStored)
    assert len(letters(gateway)) == 1


def test_every_kind_of_message_that_died_leaves_the_outbox(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", picture())
    event = {"id": "e", "type": "viewed", "user_id": "u", "sku": "RING-1", "at": "2026-05-01T12:00:00Z"}
    gateway.client.post("/v1/events", json={"events": [event]})
    gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"type": "ring"})
    gateway.client.delete(f"/v1/images/{image_id}")
    waiting = gateway.waiting()
    assert [m.name for m in waiting] == ["item.changed", "user.events", "image.corrected", "image.removed"]
    for message in waiting:
        gateway.handle(died(message))
    assert gateway.waiting() == []


def test_a_letter_whose_payload_is_nonsense_is_kept_all_the_same(gateway: Stand) -> None:
    message = gateway.waiting()[0]
    gateway.handle(died(message, payload={"revision": [1], "sku": {}, "image_id": 5}))
    gateway.handle(died(message, source="who.knows", payload={}))
    gateway.handle(died(message, source="who.knows", reason="a NUL: \0", payload={"title": "\0"}))
    assert len(letters(gateway)) == 3
    assert len(gateway.waiting()) == 1


def test_a_late_rejection_does_not_touch_an_indexed_picture(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", picture())
    letter = died(gateway.waiting()[-1])
    gateway.handle(indexed(letter.payload))
    gateway.handle(letter)
    assert gateway.client.get(f"/v1/images/{image_id}").json()["state"] == "indexed"


def test_an_outcome_for_another_shop_does_not_touch_this_one(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", picture())
    letter = died(gateway.waiting()[-1])
    gateway.handle(indexed(letter.payload | {"tenant": "other"}))
    assert gateway.client.get(f"/v1/images/{image_id}").json()["state"] == "stored"


def indexed(stored: dict[str, Any]) -> ImageIndexed:
    fields = {name: stored[name] for name in ("tenant", "correlation_id", "sku", "image_id")}
    return ImageIndexed(**fields, model_version="model-1")


def test_the_migrations_make_the_tables_that_the_code_expects(gateway: Stand) -> None:
    with gateway.catalogue.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_new_shop_gets_a_key_that_works_and_names_are_checked(gateway: Stand) -> None:
    key = tenants.add_tenant(gateway.catalogue, SECRET, "new-shop")
    assert gateway.client.get("/v1/items", headers={"Authorization": f"Bearer {key}"}).json() == {"items": []}
    with pytest.raises(Conflict):
        tenants.add_tenant(gateway.catalogue, SECRET, "new-shop")
    with pytest.raises(InvalidInput, match="lower-case"):
        tenants.add_tenant(gateway.catalogue, SECRET, "New Shop")
    with pytest.raises(Unauthorized):
        Keys(gateway.catalogue, "another secret, so another hash").look_up(key)


def test_an_upload_travels_over_the_broker_and_its_outcome_comes_back(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    (tmp_path / "broker").mkdir()
    running = RunningBroker(tmp_path / "broker")
    broker = messaging.open(running.url, "worker")
    stop = threading.Event()
    seen: list[ImageStored] = []

    def embed_and_index(message: ImageStored) -> None:
        seen.append(message)
        broker.publish(indexed(message.model_dump()))

    with running_gateway(tmp_path, database_url=new_database(), broker_url=running.url) as gateway:
        gateway.put_item()
        relays = [threading.Thread(target=loop, args=(stop,)) for loop in gateway.service.background]
        consumer = Consumer(
            broker,
            [
                Subscription("embedder", {ImageStored: embed_and_index}),
                Subscription("gateway", gateway.service.handlers, gateway.service.unit),
            ],
            threads=2,
        )
        for relay in relays:
            relay.start()
        consumer.start()
        try:
            image_id = gateway.upload("RING-1", picture())
            path = f"/v1/images/{image_id}"
            until(lambda: gateway.client.get(path).json()["state"] == "indexed", "the picture is indexed")
            assert [m.name for m in gateway.waiting()] == ["item.changed"]
            queues = gateway.client.get("/v1/status").json()["queues"]
            assert set(queues) == {"gateway", "embedder", "indexer", "recommender", "inventory", "authenticity"}
            assert queues["indexer"]["waiting"] == 1
            metrics = gateway.client.get("/metrics").text
            assert 'loupe_catalogue_pictures{state="indexed"} 1.0' in metrics
            assert 'loupe_queue_waiting{queue="indexer"} 1.0' in metrics
            assert "loupe_outbox_open 1.0" in metrics
            assert "\nloupe_outbox_oldest_seconds " in metrics
        finally:
            stop.set()
            consumer.stop()
            for relay in relays:
                relay.join()
    broker.close()
    running.stop()
    assert [message.image_id for message in seen] == [image_id]
