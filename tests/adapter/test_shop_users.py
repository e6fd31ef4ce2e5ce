"""A shop's user of the broker reaches the lines of that shop and nothing else, on each real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.exceptions import RedisError

from deploy.processes import servers
from shared.errors import InvalidInput, Permanent, Retryable
from shared.shopbus.users import open_users
from tests.support.broker import RunningBroker, free_port
from tests.support.servers import PASSWORD, RunningServer
from tests.support.shop_users import users_of


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


def test_redis_has_no_management_api(running_redis: RunningServer, tenant: str) -> None:
    with pytest.raises(InvalidInput, match="no management API"):
        users_of(running_redis).give(tenant, management=True)
