"""A consumer that keeps what it handled, and each kind of broker to run it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from kombu.connection import Connection

from deploy.processes import servers
from shared import messaging
from shared.contracts.messages import ImageAnalysed, ImageRemoved, Message, MessageDied
from shared.contracts.routes import Service
from shared.messaging import Consumer, Handlers, Subscription
from shared.observability import logs
from tests.support.broker import free_port
from tests.support.servers import PASSWORD, RunningServer, made_certificates


def removed(sku: str = "RING-1") -> ImageRemoved:
    return ImageRemoved(tenant="acme", correlation_id="c-1", sku=sku, image_id="0" * 8 + "-" + "0" * 27)


def analysed() -> ImageAnalysed:
    base = removed().model_dump()
    return ImageAnalysed(**base, sha256="0" * 64, item_revision=1, model_version="m")


@pytest.fixture(params=["valkey", "redis", "redis-tls", "rabbitmq"])
def running_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningServer]:
    if request.param == "rabbitmq":
        shared: RunningServer = request.getfixturevalue("running_rabbitmq")
        with Connection(shared.url) as connection, connection.channel() as channel:
            for queue in get_args(Service):
                channel.queue_declare(queue, durable=True, auto_delete=False)
                channel.queue_purge(queue)
        yield shared
        return
    port = free_port()
    if request.param == "valkey":
        server = servers.valkey(tmp_path, port, PASSWORD)
    else:
        tls = made_certificates(tmp_path) if request.param == "redis-tls" else None
        server = servers.redis(tmp_path, port, PASSWORD, tls)
    own = RunningServer(server)
    yield own
    own.stop()


class Worker:
    """A consumer of the indexer's and the gateway's queues that keeps what it handled."""

    def __init__(self, url: str, on_removed: Callable[[ImageRemoved], object] = str) -> None:
        self.handled: list[Message] = []
        self.died: list[MessageDied] = []
        self.correlation_ids: list[str] = []
        self.broker = messaging.open(url, "worker")
        self._on_removed = on_removed
        indexer: Handlers = {ImageRemoved: self._removed, ImageAnalysed: self.handled.append}
        gateway: Handlers = {MessageDied: self.died.append}
        self.consumer = Consumer(self.broker, [Subscription("indexer", indexer), Subscription("gateway", gateway)], 4)

    def _removed(self, message: ImageRemoved) -> None:
        self.correlation_ids.append(logs.correlation_id())
        self._on_removed(message)
        self.handled.append(message)

    def __enter__(self) -> Worker:
        self.consumer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.consumer.stop()
        self.broker.close()


def sku_of(message: Message) -> str:
    assert isinstance(message, ImageRemoved)
    return message.sku
