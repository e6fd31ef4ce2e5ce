"""A shop's user of RabbitMQ reaches the lines of that shop and nothing else, by the bus and by its management API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from amqp.exceptions import AMQPError
from kombu.connection import Connection

from shared.errors import Permanent, Retryable
from shared.shopbus import open as open_bus
from shared.shopbus.users import open_users
from tests.support.broker import free_port
from tests.support.servers import RunningServer
from tests.support.shop_users import users_of
from tests.support.waiting import until


@pytest.fixture
def tenant() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


def test_without_its_management_api_nobody_makes_users_on_rabbitmq() -> None:
    assert open_users("amqp://loupe@host//") is None


def on_rabbitmq(url: str) -> Connection:
    return Connection(url, connect_timeout=2, transport_options={"confirm_publish": True})


def publish(connection: Connection, exchange: str, routing_key: str = "") -> None:
    with connection.channel() as channel:
        connection.Producer(channel).publish(
            b"x", exchange=exchange, routing_key=routing_key, mandatory=True, timeout=5
        )


def take(connection: Connection, queue: str) -> bytes | None:
    with connection.channel() as channel:
        message = channel.basic_get(queue, no_ack=True)
        return (
            None
            if message is None
            else bytes(message.body if isinstance(message.body, bytes) else message.body.encode())
        )


def test_on_rabbitmq_a_shop_sends_and_reads_by_its_own_lines(running_rabbitmq: RunningServer, tenant: str) -> None:
    url = users_of(running_rabbitmq).give(tenant)
    bus = open_bus(running_rabbitmq.url)
    with on_rabbitmq(url) as theirs:
        publish(theirs, f"loupe.shop.{tenant}.in")
        taken = bus.receive([tenant], 5)
        assert [delivery.body for delivery in taken] == [b"x"]
        bus.bury(taken[0], b"refused")
        bus.publish(tenant, [b"told"])
        assert take(theirs, f"loupe.shop.{tenant}.out") == b"told"
        assert take(theirs, f"loupe.shop.{tenant}.dead") == b"refused"
    bus.close()


def test_on_rabbitmq_a_shop_reaches_neither_anothers_lines_nor_the_brokers_own_data(
    running_rabbitmq: RunningServer, tenant: str
) -> None:
    users, line, other = users_of(running_rabbitmq), f"loupe.shop.{tenant}", f"loupe.shop.{tenant}-2"
    url = users.give(tenant)
    users.give(f"{tenant}-2")
    bus = open_bus(running_rabbitmq.url)
    bus.publish(f"{tenant}-2", [b"secret"])
    with on_rabbitmq(running_rabbitmq.url) as ours, ours.channel() as channel:
        channel.queue_declare("gateway", durable=True, auto_delete=False)
        publish(ours, "", "gateway")
    forbidden: list[Callable[[Connection], object]] = [
        *(lambda c, key=key: publish(c, "", key) for key in (f"{other}.in", f"{other}.out", f"{line}.out", "gateway")),
        *(lambda c, name=name: publish(c, name, f"{other}.in") for name in (f"{other}.in", "amq.topic", "amq.fanout")),
        *(lambda c, name=name: take(c, name) for name in (f"{other}.out", f"{other}.dead", f"{line}.in", "gateway")),
        lambda c: c.default_channel.queue_purge(f"{other}.out"),
        lambda c: c.default_channel.queue_delete(f"{line}.in"),
        lambda c: c.default_channel.queue_delete(f"{line}.out"),
        lambda c: c.default_channel.queue_declare(f"{tenant}-of-my-own"),
        lambda c: c.default_channel.exchange_delete(f"{line}.in"),
        lambda c: c.default_channel.queue_bind(f"{line}.out", f"{other}.in"),
        lambda c: c.default_channel.queue_bind(f"{line}.in", "amq.topic", "#"),
        lambda c: c.default_channel.exchange_bind(f"{line}.in", f"{other}.in"),
    ]
    for attempt in forbidden:
        with on_rabbitmq(url) as theirs, pytest.raises(AMQPError, match="ACCESS_REFUSED"):
            attempt(theirs)
    with on_rabbitmq(running_rabbitmq.url) as ours:
        assert take(ours, f"{other}.out") == b"secret"
        assert take(ours, f"{other}.in") is None
        assert take(ours, "gateway") == b"x"
    bus.close()


def test_on_rabbitmq_a_new_password_ends_the_old_one_and_its_connections(
    running_rabbitmq: RunningServer, tenant: str
) -> None:
    users = users_of(running_rabbitmq)
    old = users.give(tenant)
    with on_rabbitmq(old) as connected:
        publish(connected, f"loupe.shop.{tenant}.in")
        new = users.give(tenant)

        def is_cut() -> bool:
            with suppress(TimeoutError):
                connected.drain_events(timeout=0.1)
            return False

        with pytest.raises((AMQPError, OSError)):
            until(is_cut, "never: the connection is cut")
    with pytest.raises((AMQPError, OSError)):
        on_rabbitmq(old).connect()
    with on_rabbitmq(new) as connected:
        publish(connected, f"loupe.shop.{tenant}.in")


def management(server: RunningServer, url: str) -> httpx.Client:
    """RabbitMQ's management API as the user of this URL."""
    parts = urlsplit(str(server.admin_url))
    user = urlsplit(url)
    address = f"http://{parts.hostname}:{parts.port}/api"
    return httpx.Client(base_url=address, auth=(str(user.username), str(user.password)))


def test_the_management_api_lets_a_shop_in_only_when_told_to_and_then_to_its_own_lines(
    running_rabbitmq: RunningServer, tenant: str
) -> None:
    users, other = users_of(running_rabbitmq), f"loupe.shop.{tenant}-2"
    users.give(f"{tenant}-2")
    message = {"properties": {}, "routing_key": f"{other}.in", "payload": "x", "payload_encoding": "string"}
    ask = {"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}
    with management(running_rabbitmq, users.give(tenant)) as outside:
        assert outside.get("/whoami").status_code == 401
    with management(running_rabbitmq, users.give(tenant, management=True)) as inside:
        assert inside.post(f"/exchanges/%2F/loupe.shop.{tenant}.in/publish", json=message).json() == {"routed": True}
        assert inside.post(f"/queues/%2F/loupe.shop.{tenant}.out/get", json=ask).json() == []
        for exchange in ("amq.default", f"{other}.in"):
            assert "ACCESS_REFUSED" in inside.post(f"/exchanges/%2F/{exchange}/publish", json=message).text
        for queue in (f"{other}.out", f"{other}.dead"):
            assert inside.post(f"/queues/%2F/{queue}/get", json=ask).status_code == 401
        for path in ("/users", "/permissions", "/definitions", f"/users/shop-{tenant}-2"):
            assert inside.get(path).status_code == 401
        body = {"password": "mine now", "tags": "administrator"}
        assert inside.put(f"/users/shop-{tenant}", json=body).status_code == 401
    users.give(tenant)
    with management(running_rabbitmq, users.give(tenant)) as outside:
        assert outside.get("/whoami").status_code == 401


def test_a_management_api_that_is_away_or_refuses_is_told_in_words(running_rabbitmq: RunningServer) -> None:
    away = open_users(running_rabbitmq.url, f"http://loupe:x@127.0.0.1:{free_port()}")
    refusing = open_users(running_rabbitmq.url, str(running_rabbitmq.admin_url).replace("loupe:", "nobody:"))
    assert away
    assert refusing
    with pytest.raises(Retryable, match="rabbitmq_management"):
        away.check()
    with pytest.raises(Permanent, match="administrator"):
        refusing.check()
