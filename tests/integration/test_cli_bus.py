"""`loupe tenant add` and `loupe tenant bus` give a shop its address of the shop bus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from deploy.local.home import Home
from deploy.processes import servers
from services.gateway import tenants
from shared import database
from shared.shopbus.users import open_users
from tests.integration.test_cli_keys import deployment, done, gateway, loupe
from tests.support.broker import free_port
from tests.support.gateway import Stand
from tests.support.servers import PASSWORD, RunningServer

__all__ = ["deployment", "gateway"]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(servers.valkey(tmp_path_factory.mktemp("valkey"), free_port(), PASSWORD))
    yield running
    running.stop()


def can_send(url: str, shop: str) -> bool:
    try:
        Redis.from_url(url, retry=None).xadd(f"loupe:shop:{shop}:in", {"event": "{}"})
    except RedisError:
        return False
    return True


def test_a_new_shop_gets_a_key_and_an_address_of_the_bus_and_later_another_one(
    gateway: Stand, deployment: dict[str, str], valkey: RunningServer
) -> None:
    there = deployment | {"SHOP_BUS_URL": valkey.url.removesuffix("/0") + "/1"}
    made = loupe(there, "tenant", "add", "new-shop")
    key, url = made.stdout.split()
    assert key.startswith("lk_")
    assert url.startswith("redis://shop-new-shop:")
    assert url.endswith(f"@{valkey.url.rpartition('@')[2].removesuffix('/0')}/1")
    assert made.stderr.count("only time") == 2
    assert can_send(url, "new-shop")
    assert not can_send(url, "shop")
    again = done(there, "tenant", "bus", "new-shop").strip()
    assert can_send(again, "new-shop")
    assert not can_send(url, "new-shop")


def test_on_rabbitmq_users_are_made_by_the_management_api_or_by_hand(
    gateway: Stand, deployment: dict[str, str], running_rabbitmq: RunningServer
) -> None:
    there = deployment | {"SHOP_BUS_URL": running_rabbitmq.url}
    made = loupe(there, "tenant", "add", "by-hand")
    assert (made.exit_code, len(made.stdout.split())) == (0, 1)
    assert "SHOP_BUS_ADMIN_URL" in made.stderr
    assert loupe(there, "tenant", "bus", "by-hand").exit_code == 1
    url = done(there | {"SHOP_BUS_ADMIN_URL": str(running_rabbitmq.admin_url)}, "tenant", "bus", "by-hand")
    assert url.startswith("amqp://shop-by-hand:")


def test_no_shop_is_made_when_its_user_cannot_be(gateway: Stand, deployment: dict[str, str]) -> None:
    away = deployment | {"SHOP_BUS_URL": f"redis://127.0.0.1:{free_port()}/1"}
    result = loupe(away, "tenant", "add", "new-shop")
    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert "new-shop" not in done(deployment, "tenant", "list")


def test_an_unknown_shop_and_a_deployment_without_a_bus_are_told(gateway: Stand, deployment: dict[str, str]) -> None:
    assert "no shop 'nobody'" in loupe(deployment, "tenant", "bus", "nobody").stderr
    assert "SHOP_BUS_URL" in loupe(deployment, "tenant", "bus", "shop").stderr


def test_of_a_home_its_own_bus_is_meant_whatever_a_shops_program_reads(tmp_path: Path, valkey: RunningServer) -> None:
    home = Home.at(tmp_path / "home")
    home.note_running(catalogue_url=home.database_url("gateway"))
    own = home.note_shop_bus(valkey.url)
    users = open_users(own)
    assert users
    environment = {"LOUPE_HOME": str(home.path), "SHOP_BUS_URL": users.give("a-shop")}
    done(environment, "tenant", "list")
    catalogue = database.open(home.database_url("gateway"))
    tenants.ensure_key(catalogue, home.secret("gateway"), "shop", "lk_first")
    catalogue.close()
    assert can_send(done(environment, "tenant", "bus", "shop").strip(), "shop")


def test_the_broker_of_a_home_keeps_its_port_unless_somebody_has_it(tmp_path: Path, valkey: RunningServer) -> None:
    home = Home.at(tmp_path / "home")
    port = home.broker_port()
    assert [home.broker_port(), Home.at(home.path).broker_port()] == [port, port]
    taken = valkey.url.rpartition(":")[2].removesuffix("/0")
    (home.path / "broker-port").write_text(taken)
    assert home.broker_port() != int(taken)
