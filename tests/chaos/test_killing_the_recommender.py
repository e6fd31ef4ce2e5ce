"""SIGKILL of whoever records events while they come in: none is lost, none counts twice, each is its shopper's."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.telling import Telling, clicks
from tests.support.waiting import until

SKUS = [f"SKU-{number:02}" for number in range(50)]
BATCHES = 40
SECONDS = 60


@pytest.fixture(scope="module", params=[False, True], ids=["recommender", "backend"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telling]:
    made = Telling(tmp_path_factory.mktemp("telling") / "shop", in_one=request.param)
    made.put(SKUS)
    yield made
    made.close()


def test_a_kill_while_events_come_in_loses_and_doubles_none(shop: Telling) -> None:
    expected: Counter[tuple[str, str | None]] = Counter()
    deaths = shop.processes.deaths(shop.recommender)
    for number in range(BATCHES):
        batch = clicks([f"u-{number}", f"v-{number}"], SKUS)
        shop.tell(batch)
        expected.update((f"u:{event['user_id']}", event["sku"]) for event in batch)
    until(shop.recorded, "events are being recorded", SECONDS)
    os.kill(shop.processes.pid(shop.recommender), signal.SIGKILL)
    until(lambda: shop.processes.deaths(shop.recommender) > deaths, "it is dead", SECONDS)
    shop.settle()
    found = shop.recorded()
    assert (sorted(found - expected)[:5], sorted(expected - found)[:5]) == ([], []), "none twice, none lost"


@pytest.mark.parametrize("step", ["before-gateway:events.recorded", "after-gateway:events.recorded"])
def test_a_kill_between_keeping_a_batch_and_settling_it_changes_nothing(shop: Telling, step: str) -> None:
    if shop.recommender == "backend":
        pytest.skip("the steps are those of a recommender alone")
    before, deaths = shop.recorded(), shop.processes.deaths("recommender")
    (shop.steps / step).touch()
    batch = clicks([step], SKUS)
    shop.tell(batch)
    until(lambda: shop.processes.deaths("recommender") > deaths, "it dies there", SECONDS)
    shop.settle()
    assert sorted((shop.recorded() - before).elements()) == sorted((f"u:{step}", sku) for sku in SKUS)
