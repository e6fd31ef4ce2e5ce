"""SIGKILL of whoever keeps the ledger, or tells it, at each step between them: no movement is lost, none counts twice.

The gateway and the inventory are real, a process each, over a real broker, kept running by the supervisor.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.inventory.checking import differing
from tests.support.moving import SECONDS, Moving
from tests.support.waiting import until

SKUS = [f"SKU-{number:02}" for number in range(20)]
BATCHES = 40


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moving]:
    made = Moving(tmp_path_factory.mktemp("ledger") / "shop", dying=True)
    items = [{"sku": sku, "title": sku, "stock": 1_000} for sku in SKUS]
    assert made.http.post("/v1/items:batch", json={"items": items}).is_success
    made.settle()
    yield made
    made.close()


def sales() -> list[dict[str, Any]]:
    at = datetime.now(UTC).isoformat()
    return [{"id": uuid4().hex, "sku": sku, "kind": "sold", "quantity": 1, "occurred_at": at} for sku in SKUS]


def check(world: Moving, before: dict[str, int | None], told: Sequence[dict[str, Any]]) -> None:
    """Nothing was lost and nothing counts twice, and all agree on what is left."""
    world.settle()
    found = world.recorded()
    assert [movement["id"] for movement in told if found[movement["id"]] != 1] == []
    sold = Counter(movement["sku"] for movement in told)
    expected = {sku: (level or 0) - sold[sku] for sku, level in before.items()}
    assert world.levels() == expected
    assert world.shown() == expected
    with world.books.read() as session:
        assert differing(session.connection(), "shop") == []


def test_a_kill_while_movements_come_in_loses_and_doubles_none(world: Moving) -> None:
    before, deaths, told = world.levels(), world.processes.deaths("inventory"), []
    for number in range(BATCHES):
        batch = sales()
        world.tell(batch)
        told += batch
        if number == BATCHES // 2:
            until(lambda: len(world.recorded()) > len(SKUS), "movements are being recorded", SECONDS)
            os.kill(world.processes.pid("inventory"), signal.SIGKILL)
    until(lambda: world.processes.deaths("inventory") > deaths, "it is dead", SECONDS)
    check(world, before, told)


@pytest.mark.parametrize(
    ("service", "step"),
    [
        ("gateway", "before-inventory:stock.moved"),
        ("gateway", "after-inventory:stock.moved"),
        ("inventory", "before-gateway:stock.level"),
        ("inventory", "after-gateway:stock.level"),
    ],
    ids=[
        "gateway, between the commit and the message",
        "gateway, between the message and the note that it was sent",
        "inventory, between the commit and the outcome",
        "inventory, between the outcome and the ack",
    ],
)
def test_a_kill_between_two_steps_changes_nothing(world: Moving, service: str, step: str) -> None:
    before, deaths = world.levels(), world.processes.deaths(service)
    (world.steps / step).touch()
    batch = sales()
    world.tell(batch)
    until(lambda: world.processes.deaths(service) > deaths, "it dies there", SECONDS)
    check(world, before, batch)
