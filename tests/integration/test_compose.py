"""The compose file: valid where it is promised to be, closed to the outside, and complete for the services in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic_settings import BaseSettings
from redis import Redis
from redis.exceptions import RedisError

from services.authenticity.settings import Settings as Authenticity
from services.embedder.settings import Settings as Embedder
from services.gateway.settings import Settings as Gateway
from services.indexer.settings import Settings as Indexer
from services.inventory.settings import Settings as Inventory
from services.recommender.settings import Settings as Recommender
from shared import database, messaging
from shared.errors import Retryable
from shared.shopbus.users import open_users
from tests.support.broker import free_port
from tests.support.servers import RunningServer
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, type[BaseSettings]] = {
    "gateway": Gateway,
    "embedder": Embedder,
    "embedder-gpu": Embedder,
    "indexer": Indexer,
    "recommender": Recommender,
    "inventory": Inventory,
    "authenticity": Authenticity,
}
RUN_BY_HAND = {"vector-suite", "loupe"}
OURS = {*SETTINGS, *RUN_BY_HAND}
ENDS = "volume-owner"
"""Runs as root, without a network and with two capabilities, and ends before the others start."""
PINNED = re.compile(r":(v?\d+\.\d+|RELEASE\.\d{4})")


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Debian's docker-compose 1.29 reads it, all profiles included."""
    config: dict[str, Any] = yaml.safe_load(
        run("docker-compose", "--profile", "gpu", "--profile", "suite", "--profile", "tools", "config")
    )
    return config


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that make-secrets makes."""
    folder = tmp_path_factory.mktemp("docker")
    shutil.copy(ROOT / "deploy/docker/make-secrets", folder)
    run(str(folder / "make-secrets"))
    return folder / "secrets"


def test_only_what_others_speak_to_is_published_and_on_loopback_unless_told_otherwise(
    compose: dict[str, Any],
) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published.keys() == {"gateway", "grafana", "shop-bus"}
    assert all(str(port).startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_services_and_stores_are_in_a_network_that_nothing_enters_or_leaves(compose: dict[str, Any]) -> None:
    inside = {name for name, network in compose["networks"].items() if network.get("internal")}
    assert inside == {"default", "watching"}
    for name, service in compose["services"].items():
        networks = set(service.get("networks", {"default": None}))
        assert ("outside" in networks) == ("ports" in service), name
    assert set(compose["services"]["grafana"]["networks"]) == {"watching", "outside"}, "it reaches no store"


def test_nobody_is_root_has_capabilities_or_writes_but_to_volumes_and_memory(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        written = [mount.partition(":")[0] for mount in service["tmpfs"]] if "tmpfs" in service else []
        written += [volume for volume in service.get("volumes", []) if ":" not in volume]
        assert "/tmp" in written or name in {"redis", "shop-bus", "prometheus", ENDS}, name  # noqa: S108
        if name == ENDS:
            assert service["cap_add"] == ["CHOWN", "DAC_READ_SEARCH"]
            assert service["network_mode"] == "none"
        else:
            assert "cap_add" not in service, name
            assert name in OURS or str(service["user"]) not in {"", "0", "root"}, name
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text()
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE)[-1:] == ["10001:10001"]


def test_whose_volumes_begin_as_roots_waits_until_they_are_given_to_its_user(compose: dict[str, Any]) -> None:
    owner = compose["services"][ENDS]
    given = {volume.partition(":")[0] for volume in owner["volumes"]}
    for name in ("minio", "qdrant"):
        service = compose["services"][name]
        assert service["user"] in owner["entrypoint"][-1]
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= given
        assert service["depends_on"] == {ENDS: {"condition": "service_completed_successfully"}}
    assert "chown -R 10001:10001 /forgotten" in owner["entrypoint"][-1], "the gateway's, which waits for minio"
    assert "forgotten" in given


def test_images_of_others_are_pinned_and_the_base_image_can_be_chosen(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        image = service["build"]["args"]["BASE_IMAGE"] if name in OURS else service["image"]
        assert PINNED.search(image), f"{name}: {image}"
    assert f"ARG BASE_IMAGE={compose['services']['gateway']['build']['args']['BASE_IMAGE']}" in (
        (ROOT / "deploy/docker/Dockerfile").read_text()
    )


def test_what_runs_on_and_on_is_watched_limited_and_started_again(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name not in {*RUN_BY_HAND, ENDS}:
            assert {"healthcheck", "mem_limit", "logging", "restart"} <= service.keys(), name


def test_make_secrets_makes_what_compose_names_once_and_for_no_other_user(
    compose: dict[str, Any], secrets: Path
) -> None:
    named = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert {file.name for file in secrets.iterdir()} == named
    assert secrets.stat().st_mode & 0o077 == 0
    again = subprocess.run([secrets.parent / "make-secrets"], capture_output=True, text=True, timeout=60)
    assert again.returncode == 1
    assert "kept" in again.stderr


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_can_be_built_from_the_variables_and_secret_files_that_compose_gives_it(
    compose: dict[str, Any], secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for variable in ("BROKER_URL", "OBJECT_STORE_URL", "VECTOR_STORE_URL", "DATABASE_URL", "SECRET", "INTERNAL_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    service = compose["services"][name]
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    for secret in service["secrets"]:
        shutil.copy(secrets / secret["source"], tmp_path / secret.get("target", secret["source"]))
    settings = SETTINGS[name](_secrets_dir=tmp_path).model_dump()
    assert settings["host"] == "0.0.0.0"  # noqa: S104 - inside its container
    assert settings["internal_secret"] == (secrets / "internal_secret").read_text().strip()
    assert f"http://127.0.0.1:{settings['port']}/readyz" in service["healthcheck"]["test"][-1]
    if "database_url" in settings:
        user, database = re.findall(r"//(\w+):|/(\w+)$", settings["database_url"])
        assert {user[0], database[1]} == {name}, "a database of its own"


def test_postgresql_gives_each_service_a_database_of_its_own_by_the_password_that_make_secrets_made(
    secrets: Path, running_postgresql: RunningServer
) -> None:
    administrator = running_postgresql.url.replace("+psycopg", "") + "/postgres"
    run("psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={secrets / 'databases.sql'}", administrator)
    address = urlsplit(running_postgresql.url).netloc.rpartition("@")[2]
    for service in ("gateway", "indexer", "recommender", "inventory", "authenticity"):
        url = (secrets / f"{service}_database_url").read_text().strip().replace("postgres:5432", address)
        opened = database.open(url)
        opened.migrate(ROOT / "services" / service / "migrations")
        opened.close()


def test_redis_starts_as_compose_starts_it_and_takes_the_password_that_make_secrets_made(
    compose: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    port = free_port()
    options = [secrets / "redis.conf", *compose["services"]["redis"]["command"][1:], "--port", str(port)]
    server = subprocess.Popen(["redis-server", *options, "--dir", tmp_path], stdout=subprocess.DEVNULL)
    try:
        url = (secrets / "broker_url").read_text().strip().replace("redis:6379", f"127.0.0.1:{port}")
        broker = messaging.open(url, "test")
        until(lambda: answers(broker), "the broker lets the services in")
        broker.close()
    finally:
        server.terminate()
        server.wait()


def test_the_shop_bus_starts_as_compose_starts_it_and_keeps_the_users_of_shops(
    compose: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    *shell, script = compose["services"]["shop-bus"]["command"]
    for there, here in (("/run/secrets", secrets), ("/data", tmp_path), ("docker-entrypoint.sh ", "")):
        script = script.replace(there, str(here))
    port = free_port()
    bus_url = (secrets / "shop_bus_url").read_text().strip().replace("shop-bus:6379", f"127.0.0.1:{port}")

    def started(url: str) -> subprocess.Popen[bytes]:
        server = subprocess.Popen([*shell, f"{script.strip()} --port {port}"], stdout=subprocess.DEVNULL)
        until(lambda: pings(url), "it answers")
        return server

    def pings(url: str) -> bool:
        try:
            return bool(Redis.from_url(url, retry=None).ping())
        except RedisError:
            return False

    first = started(bus_url)
    users = open_users(bus_url)
    assert users
    shop_url = users.give("shop")
    first.kill()
    first.wait()
    again = started(shop_url)
    assert pings(bus_url)
    assert not pings(bus_url.replace("redis://:", "redis://:x"))
    again.terminate()
    again.wait()


def test_loupe_in_its_container_is_told_the_catalogue_and_the_bus_of_the_gateway(
    compose: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    shell, options, script, name = compose["services"]["loupe"]["entrypoint"]
    for there, here in (("/run/secrets", secrets), ("/repository", tmp_path), ("python3 -m loupe", "env echo")):
        script = script.replace("$$", "$").replace(there, str(here))
    assert (
        run(shell, options, script.replace("env echo", "printenv SHOP_BUS_URL #"), name)
        == (secrets / "shop_bus_url").read_text()
    )
    assert run(shell, options, script, name, "tenant", "add", "a b").strip() == "tenant add a b"
    for secret, variable in (("gateway_database_url", "GATEWAY_DATABASE_URL"), ("gateway_secret", "GATEWAY_SECRET")):
        assert (
            run(shell, options, script.replace("env echo", f"printenv {variable} #"), name)
            == (secrets / secret).read_text()
        )


def answers(broker: messaging.Broker) -> bool:
    try:
        broker.ping()
    except Retryable:
        return False
    return True


def test_prometheus_finds_every_service_at_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    run("promtool", "check", "config", "deploy/prometheus/prometheus.yml")
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    found = {job["job_name"]: job["dns_sd_configs"][0] for job in config["scrape_configs"]}
    ports = {name: SETTINGS[name].model_fields["port"].default for name in SETTINGS if name != "embedder-gpu"}
    assert {name: service["port"] for name, service in found.items()} == ports
    assert all(service["names"] == [name] for name, service in found.items())
