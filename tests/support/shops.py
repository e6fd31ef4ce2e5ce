"""A shop at its end of the shop bus, in plain Redis or plain kombu, and the gateway's end of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import uuid4

import pytest
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from redis import Redis

from shared.service import Loop, Service
from shared.shopbus import AmqpBus, RedisStreams, ShopBus
from tests.support.broker import RunningBroker
from tests.support.servers import RunningServer


class Server(Protocol):
    """A server of a bus that a test may stop, or kill, and start again."""

    url: str

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def stop(self) -> None: ...


class Shop:
    """All shops of one bus: what they send and read. `bus()` is a gateway's end of it, each time a new one."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def url(self) -> str:
        return self.server.url

    def bus(self) -> ShopBus:
        raise NotImplementedError

    def abandon(self, bus: ShopBus) -> None:
        """Let the bus's process be dead, without a word."""
        raise NotImplementedError

    def send(self, tenant: str, body: bytes) -> None:
        raise NotImplementedError

    def read(self, tenant: str, line: str) -> list[bytes]:
        """All that is in a tenant's line `out` or `dead`."""
        raise NotImplementedError

    def waiting(self, tenant: str) -> int:
        """How many events of a tenant are not settled."""
        raise NotImplementedError

    def is_served(self, tenant: str) -> bool:
        """Whether a gateway reads the tenant's line."""
        raise NotImplementedError

    def forget_all(self) -> None:
        """Begin with an empty bus."""
        raise NotImplementedError

    def spoil(self, tenant: str) -> None:
        """Make a tenant's line in into something that no bus can read."""
        raise NotImplementedError

    def hurry(self) -> None:
        """Let what a dead gateway held be free at once."""

    def tell(self, tenant: str, kind: str, data: object, **attributes: Any) -> None:
        """Send a CloudEvent."""
        event = {"specversion": "1.0", "id": uuid4().hex, "source": "/shop", "type": kind, "data": data} | attributes
        self.send(tenant, json.dumps(event).encode())

    def heard(self, tenant: str, line: str = "out") -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.read(tenant, line)]


class RedisShop(Shop):
    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.redis = Redis.from_url(server.url)

    def bus(self) -> ShopBus:
        return RedisStreams(self.url, lease_seconds=0.5)

    def abandon(self, bus: ShopBus) -> None:
        """It renews its lease no more."""

    def send(self, tenant: str, body: bytes) -> None:
        self.redis.xadd(f"loupe:shop:{tenant}:in", {"event": body})

    def read(self, tenant: str, line: str) -> list[bytes]:
        entries: Any = self.redis.xrange(f"loupe:shop:{tenant}:{line}")
        return [fields[b"event"] for _, fields in entries]

    def waiting(self, tenant: str) -> int:
        return int(self.redis.xlen(f"loupe:shop:{tenant}:in"))

    def is_served(self, tenant: str) -> bool:
        return bool(self.redis.exists(f"loupe:shop:{tenant}:lease"))

    def forget_all(self) -> None:
        self.redis.flushall()

    def spoil(self, tenant: str) -> None:
        self.redis.delete(f"loupe:shop:{tenant}:in")
        self.redis.set(f"loupe:shop:{tenant}:in", "not a stream")

    def hurry(self) -> None:
        for lease in self.redis.scan_iter("loupe:shop:*:lease"):
            self.redis.delete(lease)


class AmqpShop(Shop):
    """What it reads stays remembered, because a queue gives each event once."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._read: dict[str, list[bytes]] = {}

    def bus(self) -> ShopBus:
        return AmqpBus(self.url)

    def abandon(self, bus: ShopBus) -> None:
        """Cut its connections, as the end of its process does."""
        assert isinstance(bus, AmqpBus)
        bus.close()

    def send(self, tenant: str, body: bytes) -> None:
        with self._connection() as connection, connection.Producer() as producer:
            producer.publish(
                body,
                routing_key=f"loupe.shop.{tenant}.in",
                content_type="application/cloudevents+json",
                content_encoding="utf-8",
                mandatory=True,
            )

    def read(self, tenant: str, line: str) -> list[bytes]:
        name = f"loupe.shop.{tenant}.{line}"
        got = self._read.setdefault(name, [])
        with self._connection() as connection, connection.channel() as channel:
            try:
                while message := channel.basic_get(name, no_ack=True):
                    got.append(message.body if isinstance(message.body, bytes) else message.body.encode())
            except AMQPError:  # nobody made the queue yet, or it is not up again
                pass
        return list(got)

    def waiting(self, tenant: str) -> int:
        """Ready ones and unacknowledged ones: the management plugin is off, so a gateway's are seen once it left."""
        with self._connection() as connection, connection.channel() as channel:
            return int(channel.queue_declare(f"loupe.shop.{tenant}.in", passive=True).message_count)

    def is_served(self, tenant: str) -> bool:
        with self._connection() as connection, connection.channel() as channel:
            try:
                return bool(channel.queue_declare(f"loupe.shop.{tenant}.in", passive=True).consumer_count)
            except AMQPError:
                return False

    def forget_all(self) -> None:
        self._read = {}
        for tenant in ("shop", "other", "newcomer"):
            for line in ("in", "out", "dead"):
                with self._connection() as connection, connection.channel() as channel:
                    channel.queue_delete(f"loupe.shop.{tenant}.{line}")

    def spoil(self, tenant: str) -> None:
        with self._connection() as connection, connection.channel() as channel:
            channel.queue_declare(f"loupe.shop.{tenant}.in", durable=True, auto_delete=False)

    def _connection(self) -> Connection:
        return Connection(self.url, connect_timeout=2, transport_options={"confirm_publish": True})


def shop_loops(service: Service) -> Sequence[Loop]:
    """The loops of a gateway that hear and tell shops by queue."""
    return service.background[-2:]


@contextmanager
def running(loops: Sequence[Loop]) -> Iterator[None]:
    """Background loops of a service, run as its process would."""
    stop = threading.Event()
    threads = [threading.Thread(target=loop, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="session")
def redis_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    broker = RunningBroker(tmp_path_factory.mktemp("shop-valkey"), synced=True)
    yield RedisShop(broker)
    broker.stop()


@pytest.fixture(scope="session")
def amqp_shop(running_rabbitmq: RunningServer) -> Shop:
    return AmqpShop(running_rabbitmq)


@pytest.fixture(scope="session", params=["redis_shop", "amqp_shop"])
def any_shop(request: pytest.FixtureRequest) -> Shop:
    """The shops of each bus in turn."""
    shop: Shop = request.getfixturevalue(request.param)
    return shop
