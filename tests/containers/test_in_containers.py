"""What users and operators are promised, of Loupe as docker-compose.yml runs it."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.containers.composed import SERVICES, STORES, ComposedStack
from tests.e2e.conftest import query_photos
from tests.e2e.test_photo_to_suggestion import *  # noqa: F403 - the end-to-end test, over the stack of this folder
from tests.support.uploading import reconciled, sending
from tests.support.waiting import until

__all__ = ["query_photos"]
SECONDS_TO_STOP = 30
"""What docker-compose.yml gives a service before it is killed."""
WATCHED = ("prometheus", "alertmanager")


@pytest.mark.parametrize("service", [*SERVICES, *STORES, *WATCHED])
def test_a_container_is_no_root_has_no_capability_and_writes_nothing_beside_its_volumes(
    stack: ComposedStack, service: str
) -> None:
    first = stack.container(service)["State"]["Pid"]
    status = dict(re.findall(r"^(\w+):\s+(\S+)", Path(f"/proc/{first}/status").read_text(), re.MULTILINE))
    assert status["Uid"] != "0"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2", "Docker's filter of system calls"
    with pytest.raises(AssertionError, match="Read-only file system"):
        stack.compose("exec", "-T", service, "sh", "-c", "echo > /usr/written")


@pytest.mark.parametrize("service", [*SERVICES, *STORES])
def test_only_what_shops_reach_has_a_way_out(stack: ComposedStack, service: str) -> None:
    inside = [stack.internal(network) for network in stack.container(service)["NetworkSettings"]["Networks"]]
    assert all(inside) == (service not in {"gateway", "shop-bus"})


def test_prometheus_finds_and_scrapes_every_service(stack: ComposedStack) -> None:
    def up() -> set[str]:
        targets = stack.ask("prometheus", "/api/v1/targets").json()["data"]["activeTargets"]
        return {target["labels"]["job"] for target in targets if target["health"] == "up"}

    until(lambda: up() == set(SERVICES), "each is scraped", 60, 0.5)


def test_a_broker_that_is_gone_is_told_of_as_such_while_searches_are_answered(
    stack: ComposedStack, query_photos: list[Path]
) -> None:
    def pending() -> set[str]:
        return {
            one["labels"]["alertname"] for one in stack.ask("prometheus", "/api/v1/alerts").json()["data"]["alerts"]
        }

    stack.compose("stop", "redis")
    try:
        until(lambda: "LoupeBrokerDown" in pending(), "the broker is missed", 60, 0.5)
        assert "LoupeServiceDown" not in pending()
        photo = ("p.jpg", query_photos[0].read_bytes(), "image/jpeg")
        with stack.api as api:
            assert api.post("/v1/search", files={"image": photo}).status_code == httpx.codes.OK
    finally:
        stack.compose("start", "redis")
    until(lambda: "LoupeBrokerDown" not in pending(), "the broker is there again", 60, 0.5)


def test_a_shop_is_added_by_the_container_of_tools_and_its_key_opens_its_own_catalogue(stack: ComposedStack) -> None:
    said = stack.compose("run", "--rm", "loupe", "tenant", "add", "another-shop")
    key = re.findall(r"\blk_[\w-]+", said)[0]
    answer = httpx.get(f"{stack.address}/v1/items", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["items"] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_stops_in_order_while_pictures_come_in_and_nothing_is_lost(
    stack: ComposedStack, measured: dict[str, object], service: str
) -> None:
    with sending(stack.address, stack.key) as shop:
        until(lambda: len(shop.accepted) >= 3, "pictures are on their way", 60)
        started = time.monotonic()
        stack.compose("stop", service)
        measured[f"seconds to stop {service}"] = round(time.monotonic() - started, 1)
        state = stack.container(service)["State"]
        before = len(shop.accepted)
        stack.compose("start", service)
        until(lambda: stack.healthy(service), f"{service} is healthy again", 120, 0.5)
        until(lambda: len(shop.accepted) >= before + 3, "pictures are taken again", 60)
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    assert shop.lost() == []


def test_what_is_killed_is_started_again_and_nothing_is_lost(stack: ComposedStack) -> None:
    killed = {service: stack.container(service)["State"]["Pid"] for service in (*SERVICES, "redis", "postgres")}
    with sending(stack.address, stack.key) as shop:
        until(lambda: len(shop.accepted) >= 3, "pictures are on their way", 60)
        for process in killed.values():
            os.kill(process, signal.SIGKILL)
        until(lambda: all(stack.healthy(service) for service in killed), "all are healthy again", 180, 0.5)
        before = len(shop.accepted)
        until(lambda: len(shop.accepted) >= before + 3, "pictures are taken again", 60)
    assert shop.lost() == []


def test_a_backup_taken_while_pictures_come_in_is_put_into_empty_volumes_and_all_of_before_it_is_found(
    stack: ComposedStack,
) -> None:
    with sending(stack.address, stack.key) as shop:
        until(lambda: len(shop.promised.events) >= 3, "pictures are on their way", 60)
        before = shop.promised.copy()
        stack.compose("run", "--rm", "loupe", "backup", "/backups/loupe")
    stack.lose("databases", "objects", "vectors", "broker")
    stack.compose("run", "--rm", "loupe", "restore", "/backups/loupe")
    stack.begin()
    assert before.lost(stack.client) == []
    reconciled(stack.client)
    assert before.unfound(stack.client) == []


def test_nobody_was_killed_for_memory_and_each_stays_within_its_limit(stack: ComposedStack) -> None:
    for service in (*SERVICES, *STORES):
        found = stack.container(service)
        assert found["State"]["OOMKilled"] is False, service
        limit = found["HostConfig"]["Memory"]
        assert 0 < stack.memory(service) < limit, service
    assert stack.out_of_memory() == []
