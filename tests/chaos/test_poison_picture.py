"""A picture that kills whoever decodes it: it is kept out, and harms none of those that came with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from services.indexer import main as indexer
from services.indexer.settings import Settings as IndexerSettings
from shared import messaging, objectstore
from shared.contracts.analysis import picture_key
from shared.contracts.messages import ImageIndexed, ImageRejected, ImageStored, MessageDied
from shared.messaging import Broker, Consumer, Handlers, Subscription
from tests.support.broker import RunningBroker, free_port
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.poison import EATS, HANGS, KILLS, poison
from tests.support.supervised import Supervised
from tests.support.waiting import until

TENANT = "acme"
SECONDS = 120


@dataclass
class World:
    """An embedder as a process of its own; the indexer, and an ear for outcomes, in this one."""

    broker: Broker
    processes: Supervised
    folder: Path
    indexed: list[ImageIndexed] = field(default_factory=list)
    rejected: list[ImageRejected] = field(default_factory=list)
    died: list[MessageDied] = field(default_factory=list)

    def stored(self, data: bytes, attempt: int = 0) -> ImageStored:
        sha256 = hashlib.sha256(data).hexdigest()
        objectstore.open(f"file://{self.folder}/objects", "pictures").put(TENANT, picture_key(sha256), data)
        return ImageStored(
            tenant=TENANT,
            correlation_id="c-1",
            sku="RING-1",
            image_id=str(uuid4()),
            sha256=sha256,
            item_revision=1,
            attempt=attempt,
        )

    def attempts(self) -> list[str]:
        keys = objectstore.open(f"file://{self.folder}/objects", "analyses").keys(TENANT)
        return [key for key in keys if key.startswith("attempts/")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "broker").mkdir()
    running = RunningBroker(tmp_path / "broker")
    environment = {
        "BROKER_URL": running.url,
        "OBJECT_STORE_URL": f"file://{tmp_path}/objects",
        "EMBEDDER_PORT": str(free_port()),
        "EMBEDDER_THREADS": "1",
        "EMBEDDER_ALONE_SECONDS": "10",
        "EMBEDDER_ALONE_MEMORY_MB": "500",
    }
    processes = Supervised(tmp_path, {"embedder": ("tests.support.poison", environment)})
    broker = messaging.open(running.url, "indexer")
    settings = IndexerSettings(
        broker_url=running.url,
        object_store_url=f"file://{tmp_path}/objects",
        vector_store_url="memory://",
        database_url=f"sqlite:///{tmp_path}/indexer.db",
    )
    service = indexer.build(settings, broker)
    world = World(broker, processes, tmp_path)
    ear: Handlers = {
        ImageIndexed: world.indexed.append,
        ImageRejected: world.rejected.append,
        MessageDied: world.died.append,
    }
    consumer = Consumer(
        broker, [Subscription("indexer", service.handlers, service.unit), Subscription("gateway", ear)], 4
    )
    consumer.start()
    yield world
    processes.stop()
    consumer.stop()
    service.close()
    broker.close()
    running.stop()


def test_a_poison_picture_is_rejected_with_the_reason_and_its_batch_mates_are_indexed(world: World) -> None:
    good = [world.stored(jpeg(piece)) for piece in drawn_pieces(7)]
    bad = world.stored(poison(KILLS))
    world.broker.publish_many([*good[:3], bad, *good[3:]])

    until(lambda: world.rejected and len(world.indexed) >= 7, "all eight have their outcome", SECONDS)
    assert {message.image_id for message in world.indexed} == {message.image_id for message in good}
    assert {message.image_id for message in world.rejected} == {bad.image_id}
    assert world.rejected[0].code == "quarantined-picture"
    assert "ended the program that read it" in world.rejected[0].reason
    assert world.processes.deaths("embedder") == 1, "it killed one worker, and from then on only children"
    assert world.attempts() == []
    assert world.died == []


@pytest.mark.parametrize("mark", [HANGS, EATS], ids=["hangs", "eats memory"])
def test_a_suspect_that_hangs_or_eats_memory_kills_no_worker(world: World, mark: bytes) -> None:
    bad = world.stored(poison(mark), attempt=1)
    good = world.stored(jpeg(drawn_pieces(1)[0]), attempt=1)
    world.broker.publish_many([bad, good])
    until(lambda: world.rejected and world.indexed, "both have their outcome", SECONDS)
    assert world.rejected[0].image_id == bad.image_id
    assert world.indexed[0].image_id == good.image_id
    assert world.processes.words == [], "the embedder lived through it"


def test_the_child_dies_with_its_worker_and_the_attempt_stays_counted(world: World) -> None:
    world.broker.publish(world.stored(poison(HANGS), attempt=1))
    until(world.attempts, "the attempt is counted: the child has the picture", SECONDS)
    embedder = psutil.Process(world.processes.pid("embedder"))
    (child,) = (child for child in embedder.children() if "spawn_main" in " ".join(child.cmdline()))
    embedder.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child is gone")
    assert world.attempts(), "the count outlived the worker"
    until(lambda: world.rejected, "the next worker goes on with it", SECONDS)
    assert world.processes.deaths("embedder") == 1
