"""A release beside the one before, forward and back, while a shop goes on sending and searching: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.launch import free_ports
from deploy.local.supervisor import Child
from tests.support.small_model import DIMENSION, VERSION, small_model
from tests.support.uploading import Shop, sending
from tests.support.versions import ROOT, SERVICES, MixedStack, before_the_newest_migration
from tests.support.waiting import until

_TOGETHER = 5
"""Pictures that are accepted, and searched with, while both versions of a service run."""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return before_the_newest_migration(tmp_path / "before")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[MixedStack]:
    model = {
        "EMBEDDER_MODEL_DIRS": str(small_model(tmp_path / "model")),
        "MODEL_VERSION": VERSION,
        "MODEL_DIMENSION": str(DIMENSION),
    }
    mixed = MixedStack(Home.at(tmp_path / "home"), model)
    try:
        mixed.start_servers()
        yield mixed
    finally:
        mixed.stop()


@pytest.mark.long
def test_each_service_is_upgraded_and_taken_back_under_traffic_and_nothing_is_lost(
    stack: MixedStack, before: Path
) -> None:
    running = {service: stack.start(service, before) for service in SERVICES}
    with sending(stack.address, stack.key) as shop:
        for service in SERVICES:
            beside = stack.start(service, ROOT, free_ports(1)[0])
            goes_on(shop, f"both versions of {service} run")
            ended(running[service])
            running[service] = stack.start(service, ROOT)
            ended(beside)
            goes_on(shop, f"{service} is upgraded")
        for service in reversed(SERVICES):
            ended(running[service])
            stack.revert(service, before)
            running[service] = stack.start(service, before)
            goes_on(shop, f"{service} is the one before again")
    assert shop.lost() == []
    assert shop.unfound() == []


def goes_on(shop: Shop, what: str) -> None:
    enough = len(shop.accepted) + _TOGETHER
    until(lambda: shop.failed or len(shop.accepted) >= enough, f"pictures are taken while {what}", 120, 0.1)
    assert shop.failed is None, f"while {what}: {shop.failed}"


def ended(child: Child) -> None:
    child.ask_to_stop()
    assert child.ended_in_time(), f"{child.name} had to be killed"
    assert child.process
    assert child.process.returncode == 0, child.log.read_text()[-3000:]
