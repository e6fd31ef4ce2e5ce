"""SIGTERM in the middle of work: each service ends in time, and what it did not do is in its queue again."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from shared import messaging, objectstore, vectorstore
from shared.contracts.analysis import picture_key
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ImageStored, Message, MessageDied, UserEvents
from shared.contracts.models import INDEX, Model
from shared.contracts.stock import Movement, StockMoved
from shared.contracts.user_events import UserEvent
from tests.support.broker import RunningBroker, free_port
from tests.support.gateway import picture
from tests.support.registering import SIGNING_KEY
from tests.support.small_model import small_model
from tests.support.waiting import until

SECONDS = 30
TOLD: dict[str, Any] = {"tenant": "acme", "correlation_id": "c"}


@dataclass
class Running:
    """A service over a database of the broker's own; `outcomes` is the queue into which it tells what it did, or, where
    it tells nothing, what counts that in its database."""

    name: str
    redis: Redis
    folder: Path
    process: subprocess.Popen[bytes]
    sent: int
    outcomes: str
    asked_at: float = 0.0
    """When it was told to stop, by the monotonic clock."""

    def done(self, patience: float = 5.0) -> int:
        """`patience`: seconds that a locked database is waited for."""
        if not self.outcomes.startswith("SELECT"):
            return messages_in(self.redis, self.outcomes)
        try:
            rows = sqlite3.connect(self.folder / f"{self.name}.db", timeout=patience).execute(self.outcomes)
        except sqlite3.OperationalError:  # it is not made yet, or locked
            return 0
        return int(rows.fetchone()[0])

    def begun(self) -> bool:
        """As `done` is more than 0, without reading what may be thousands, or waiting for what is locked."""
        return self.done(patience=0) > 0 if self.outcomes.startswith("SELECT") else self.redis.llen(self.outcomes) > 0

    def told_to_stop_when_at_work(self) -> None:
        until(lambda: self.process.poll() is not None or self.begun(), f"{self.name} is at work", 300)
        self.process.send_signal(signal.SIGTERM)
        self.asked_at = time.monotonic()

    def left(self) -> int:
        return messages_in(self.redis, self.name)


def messages_in(redis: Redis, queue: str) -> int:
    """Messages in the bundles that wait in a queue."""
    found = [orjson.loads(one) for one in redis.lrange(queue, 0, -1)]
    return sum(len(orjson.loads(base64.b64decode(one["body"]))[0][0]) for one in found)


def stored(folder: Path, count: int) -> list[Message]:
    pictures = objectstore.open(f"file://{folder}/objects", "pictures")
    found: list[Message] = []
    for number in range(count):
        data = picture(number, size=(600, 400))
        sha256 = hashlib.sha256(data).hexdigest()
        pictures.put("acme", picture_key(sha256), data)
        image_id = f"{number:036d}"
        found.append(ImageStored(**TOLD, sku="RING-1", image_id=image_id, sha256=sha256, item_revision=1))
    return found


def analysed(count: int) -> list[Message]:
    told: dict[str, Any] = {**TOLD, "sku": "RING", "item_revision": 1, "model_version": "m"}
    return [ImageAnalysed(**told, image_id=f"{n:036d}", sha256=f"{n:064x}") for n in range(count)]


def removed(count: int) -> list[Message]:
    return [ImageRemoved(**TOLD, sku=f"RING-{n}", image_id=f"{n:036d}") for n in range(count)]


def events(count: int) -> list[Message]:
    at = datetime.now(UTC)

    def told(n: int) -> list[UserEvent]:
        each = range(10 * n, 10 * n + 10)
        return [UserEvent(id=f"e-{one}", type="viewed", sku="RING-1", user_id=f"u-{one}", at=at) for one in each]

    return [UserEvents(**TOLD, batch_id=f"b-{n}", events=told(n)) for n in range(count)]


def moved(count: int) -> list[Message]:
    told: dict[str, Any] = {"sku": "RING", "kind": "sold", "quantity": 1, "occurred_at": datetime.now(UTC)}
    return [StockMoved(**TOLD, batch_id=f"b-{n}", movements=[Movement(id=f"m-{n}", **told)]) for n in range(count)]


def died(count: int) -> list[Message]:
    return [MessageDied(**TOLD, source="a", queue="b", reason=f"no {n}", payload={}) for n in range(count)]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Running]]:
    """All six, each with a queue that takes it a while, and each told to stop as soon as it is at work."""
    folder = tmp_path_factory.mktemp("stopping")
    broker = RunningBroker(folder)
    directory = vectorstore.directory(f"edge://{folder}/vectors-of-recommender", INDEX)
    directory.open("pieces-m", 4).close()
    directory.switch("pieces-m", Model(version="m", dimension=4, no_match_below=0.6, look_at_least=0.6).model_dump())
    directory.close()
    work: dict[str, tuple[Sequence[Message], str, dict[str, str]]] = {
        "embedder": (
            stored(folder, 1_000),
            "indexer",
            {"EMBEDDER_MODEL_DIRS": str(small_model(folder / "model")), "EMBEDDER_THREADS": "1"},
        ),
        "indexer": (removed(5_000), "gateway", {}),
        "recommender": (events(10_000), "gateway", {}),
        "inventory": (moved(10_000), "gateway", {}),
        "gateway": (
            died(5_000),
            "SELECT count(*) FROM dead_letters",
            {"GATEWAY_SECRET": "a secret for tests only"},
        ),
        "authenticity": (
            analysed(20_000),
            "SELECT count(*) FROM lookalike_pictures",
            {"AUTHENTICITY_SIGNING_KEY": SIGNING_KEY},
        ),
    }
    urls = {name: broker.url.replace("/0", f"/{number}") for number, name in enumerate(work)}
    for name, (messages, _, _) in work.items():
        publisher = messaging.open(urls[name], "publisher")
        publisher.publish_many(messages)
        publisher.close()
    found: dict[str, Running] = {}
    watching: list[threading.Thread] = []
    for name, (messages, outcomes, own) in work.items():  # all is sent before: a sender may be slower than they are
        environment = {
            "BROKER_URL": urls[name],
            "OBJECT_STORE_URL": f"file://{folder}/objects",
            "VECTOR_STORE_URL": f"edge://{folder}/vectors-of-{name}",
            "DATABASE_URL": f"sqlite:///{folder}/{name}.db",
            "EMBEDDER_URL": "http://127.0.0.1:1",
            "RECOMMENDER_URL": "http://127.0.0.1:1",
            f"{name.upper()}_PORT": str(free_port()),
            **own,
        }
        log = (folder / f"{name}.log").open("wb")
        command = [sys.executable, "-m", f"services.{name}.main"]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        found[name] = Running(name, Redis.from_url(urls[name]), folder, process, len(messages), outcomes)
        watching.append(threading.Thread(target=found[name].told_to_stop_when_at_work))
        watching[-1].start()
    for thread in watching:
        thread.join()
    yield found
    for one in found.values():
        one.process.kill()
        one.process.wait()
        one.redis.close()
    broker.stop()


@pytest.mark.parametrize("name", ["indexer", "recommender", "inventory", "gateway", "authenticity", "embedder"])
def test_what_is_in_work_at_sigterm_is_finished_and_the_rest_handed_back(
    services: Mapping[str, Running], name: str
) -> None:
    service = services[name]
    assert service.process.wait(max(0.1, service.asked_at + SECONDS - time.monotonic())) == 0
    assert service.redis.hlen(f"loupe:unacked:{name}") == 0
    assert service.done() + service.left() == service.sent
    assert service.done() > 0
    assert service.left() > 0, "it did all before it stopped: send more"


HANGS = """
import sys, threading
from pathlib import Path
from shared import messaging
from shared.contracts.messages import ImageRemoved
from shared.observability.http import create_app
from shared.service import Service, run
from tests.support.broker import free_port

broker = messaging.open(sys.argv[1], "indexer")

def hang(message):
    Path(sys.argv[2]).touch()
    threading.Event().wait()

service = Service("indexer", create_app("indexer", {}), "127.0.0.1", free_port(), lambda: None, {ImageRemoved: hang})
run([service], broker, 1, sole_worker=False, seconds_to_stop=1)
"""


def test_a_service_that_does_not_end_hands_its_work_back_and_ends_all_the_same(tmp_path: Path) -> None:
    broker = RunningBroker(tmp_path)
    publisher = messaging.open(broker.url, "publisher")
    publisher.publish(removed(1)[0])
    begun = tmp_path / "begun"
    process = subprocess.Popen([sys.executable, "-c", HANGS, broker.url, str(begun)], stderr=subprocess.DEVNULL)
    with Redis.from_url(broker.url) as redis:
        until(begun.exists, "the message is in work", 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 1
        assert redis.hlen("loupe:unacked:indexer") == 0
        assert messages_in(redis, "indexer") == 1
    publisher.close()
    broker.stop()
