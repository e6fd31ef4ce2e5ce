"""A shop's user of the broker reaches the lines of that shop and nothing else, on each real server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from redis import Redis
from redis.exceptions import RedisError

from deploy.processes import servers
from shared.errors import InvalidInput, Permanent, Retryable
from shared.shopbus import open as open_bus
from shared.shopbus.users import ShopUsers, open_users
from tests.support.broker import RunningBroker, free_port
from tests.support.servers import PASSWORD, RunningServer
from tests.support.waiting import until


@pytest.fixture(scope="module", params=["valkey", "redis"])
def running_redis(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Database 1 is the shop bus, database 0 the broker's own."""
    make = {"valkey": servers.valkey, "redis": servers.redis}[request.param]
    running = RunningServer(make(tmp_path_factory.mktemp(request.param), free_port(), PASSWORD))
    running.url = running.url.removesuffix("/0") + "/1"
    yield running
    running.stop()


@pytest.fixture
def tenant() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


def users_of(server: RunningServer) -> ShopUsers:
    users = open_users(server.url, server.admin_url)
    assert users
    users.check()
    return users


def on_redis(url: str) -> Redis:
    return Redis.from_url(url)


def test_on_redis_a_shop_sends_reads_and_consumes_its_own_lines(running_redis: RunningServer, tenant: str) -> None:
    line, ours = f"loupe:shop:{tenant}", Redis.from_url(running_redis.url)
    theirs = on_redis(users_of(running_redis).give(tenant))
    with theirs.pipeline(transaction=True) as several:
        several.xadd(f"{line}:in", {"event": "1"})
        several.xadd(f"{line}:in", {"event": "2"})
        several.execute()
    assert ours.xlen(f"{line}:in") == 2
    ours.xadd(f"{line}:out", {"event": "told"})
    ours.xadd(f"{line}:dead", {"event": "refused"})
    read: Any = theirs.xread({f"{line}:out": "0", f"{line}:dead": "0"})
    assert [key for key, _ in read] == [f"{line}:out".encode(), f"{line}:dead".encode()]
    refused: Any = theirs.xrange(f"{line}:dead")
    assert theirs.xlen(f"{line}:out") == len(refused) == 1
    theirs.xgroup_create(f"{line}:out", "warehouse", id="0")
    taken: Any = theirs.xreadgroup("warehouse", "one", {f"{line}:out": ">"})
    entry = taken[0][1][0][0]
    assert theirs.xack(f"{line}:out", "warehouse", entry) == theirs.xdel(f"{line}:out", entry) == 1


def test_on_redis_a_shop_reaches_neither_anothers_lines_nor_the_brokers_own_data(
    running_redis: RunningServer, tenant: str
) -> None:
    line, other = f"loupe:shop:{tenant}", f"loupe:shop:{tenant}-2"
    ours, own_data = Redis.from_url(running_redis.url), Redis.from_url(running_redis.url.removesuffix("1") + "0")
    ours.xadd(f"{other}:out", {"event": "secret"})
    ours.xadd(f"{line}:in", {"event": "waiting"})
    own_data.lpush("gateway", "a message of ours")
    before = ours.dbsize(), own_data.dbsize()
    theirs = on_redis(users_of(running_redis).give(tenant))
    forbidden: list[tuple[object, ...]] = [
        ("XADD", f"{other}:in", "*", "event", "x"),
        ("XADD", f"{line}:out", "*", "event", "x"),
        ("XADD", f"{line}:dead", "*", "event", "x"),
        ("XADD", f"{line}:lease", "*", "event", "x"),
        ("XREAD", "STREAMS", f"{other}:out", "0"),
        ("XREAD", "STREAMS", f"{line}:out", f"{other}:dead", "0", "0"),
        ("XRANGE", f"{other}:dead", "-", "+"),
        ("XREAD", "STREAMS", f"{line}:in", "0"),
        ("XLEN", f"{other}:out"),
        ("XINFO", "STREAM", f"{other}:out"),
        ("XGROUP", "CREATE", f"{other}:out", "g", "0", "MKSTREAM"),
        ("XGROUP", "DESTROY", f"{line}:in", "loupe"),
        ("XREADGROUP", "GROUP", "loupe", "gateway", "STREAMS", f"{line}:in", ">"),
        ("XACK", f"{line}:in", "loupe", "0-1"),
        ("XDEL", f"{line}:dead", "0-1"),
        ("XTRIM", f"{line}:in", "MAXLEN", "0"),
        ("DEL", f"{line}:in"),
        ("RENAME", f"{other}:out", f"{line}:out"),
        ("COPY", f"{line}:out", "x", "DB", "0"),
        ("SELECT", "0"),
        ("LRANGE", "gateway", "0", "-1"),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("SUBSCRIBE", "x"),
        ("PUBLISH", "x", "y"),
        ("EVAL", "return 1", "0"),
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("CLIENT", "LIST"),
        ("MONITOR",),
        ("INFO",),
        ("DEBUG", "SLEEP", "0"),
        ("SHUTDOWN",),
    ]
    for command in forbidden:
        with pytest.raises(RedisError, match=r"(?i)permission|DEBUG"):
            theirs.execute_command(*command)  # type: ignore[no-untyped-call]
    assert (ours.dbsize(), own_data.dbsize()) == before


def test_on_redis_a_new_password_ends_the_old_one_and_a_killed_server_remembers_it(
    running_redis: RunningServer, tenant: str
) -> None:
    users = users_of(running_redis)
    old = users.give(tenant)
    connected = on_redis(old)
    connected.ping()
    assert connected.client_id()
    before = connected.client_id()
    new = users.give(tenant)
    with pytest.raises(RedisError):
        Redis.from_url(old, retry=None).ping()
    with pytest.raises(RedisError):  # the connection that was open is gone, and a new one is refused
        assert connected.client_id() == before
    running_redis.kill()
    port = urlsplit(running_redis.url).port
    assert port
    running_redis.start()
    on_redis(new).xadd(f"loupe:shop:{tenant}:in", {"event": "x"})
    with pytest.raises(RedisError):
        Redis.from_url(old, retry=None).ping()


def test_the_users_of_shops_outlive_a_new_password_of_the_broker(tmp_path: Path, tenant: str) -> None:
    port = free_port()
    first = RunningServer(servers.valkey(tmp_path, port, PASSWORD))
    url = users_of(first).give(tenant)
    first.stop()
    again = RunningServer(servers.valkey(tmp_path, port, "another password"))
    on_redis(url).ping()
    with pytest.raises(RedisError):
        Redis.from_url(first.url, retry=None).ping()
    again.stop()


def test_a_redis_that_would_forget_its_users_is_told_what_it_lacks(tmp_path: Path, tenant: str) -> None:
    forgetful = RunningBroker(tmp_path)
    users = open_users(forgetful.url)
    assert users
    with pytest.raises(Permanent, match="aclfile"):
        users.check()
    with pytest.raises(Permanent, match="aclfile"):
        users.give(tenant)
    assert Redis.from_url(forgetful.url).acl_users() == ["default"]
    forgetful.stop()
    with pytest.raises(Retryable, match="does not answer"):
        users.check()


def test_whoever_may_not_make_users_is_told_the_setting(running_redis: RunningServer, tenant: str) -> None:
    shop_url = users_of(running_redis).give(tenant)
    users = open_users(running_redis.url, shop_url)
    assert users
    with pytest.raises(Permanent, match="SHOP_BUS_ADMIN_URL"):
        users.check()


@pytest.mark.parametrize(
    ("bus_url", "admin_url"),
    [("kafka://host", None), ("amqp://host", "redis://host"), ("redis://host", "http://host:15672")],
)
def test_an_administrator_of_another_kind_of_bus_is_refused(bus_url: str, admin_url: str | None) -> None:
    with pytest.raises(Permanent, match="SHOP_BUS_ADMIN_URL"):
        open_users(bus_url, admin_url)


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


def test_redis_has_no_management_api(running_redis: RunningServer, tenant: str) -> None:
    with pytest.raises(InvalidInput, match="no management API"):
        users_of(running_redis).give(tenant, management=True)
