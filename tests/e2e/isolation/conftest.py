from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.foreign import VISIT, theirs
from tests.support.foreign_bodies import one_variant
from tests.support.stack import RunningStack
from tests.support.two_shops import SHOPPER, Shop, open_shop
from tests.support.waiting import until


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("isolation") / "home", settings={"RECOMMENDER_EXPLORE": "0"})
    yield running
    running.stop()


@pytest.fixture(scope="package")
def shops(stack: RunningStack) -> Iterator[tuple[Shop, Shop]]:
    """Mine and theirs: two shops with the same SKUs. Theirs has a shopper, a visit, a correction and an experiment."""
    mine, other = open_shop(stack, "aquila", 100), open_shop(stack, "bellatrix", 200)
    mine.partner = other.partner = open_shop(stack, "carina", 300).api
    assert other.tell("event-1", "RING-1").status_code == 202
    assert other.tell("event-2", other.only, "favourited").status_code == 202
    assert other.api.patch(f"/v1/images/{other.images['RING-1'][0]}/analysis", json={"type": "brooch"}).is_success
    click_in_a_visit(other, other.only)
    for shop, name in ((mine, "mine"), (other, other.word)):
        shop.api.put("/v1/experiment", json=one_variant(name)).raise_for_status()
        shop.api.post("/v1/admin/reconcile").raise_for_status()
    other.settle()
    until(
        lambda: "2 shoppers" in other.api.get("/v1/users/a-newcomer/suggestions").text,
        "both shoppers of theirs are counted",
    )
    yield mine, other
    mine.api.close()
    other.api.close()


@pytest.fixture(scope="package")
def foreign(shops: tuple[Shop, Shop]) -> dict[str, str]:
    """What theirs has, by the names of the contract."""
    return theirs(shops[1])


@pytest.fixture(scope="package")
def before(shops: tuple[Shop, Shop], foreign: dict[str, str]) -> dict[str, Any]:
    """All that theirs could see at the start, when it had all of `foreign`."""
    assert foreign
    shops[1].settle()
    return shops[1].world()


def click_in_a_visit(shop: Shop, sku: str) -> None:
    at = datetime.now(UTC).isoformat()
    event = {"id": "visit-1", "type": "clicked", "session_id": VISIT, "sku": sku, "at": at}
    assert shop.api.post("/v1/events", json={"events": [event]}).status_code == 202
    paths = (f"/v1/sessions/{VISIT}/suggestions", f"/v1/users/{SHOPPER}/suggestions")
    until(lambda: not any(shop.api.get(path).json()["cold"] for path in paths), "what they did is known")
