"""What a shop is told of its items as a whole, and of its shoppers' suggestions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.gateway import tenants
from services.gateway.suggestion_news import SuggestionNewsTeller
from shared.contracts.messages import EventsRecorded, ImageIndexed, ImageRejected, ImageUnindexed, UserEvents
from tests.support.databases import NewDatabase
from tests.support.gateway import NOBODY, Stand, picture, running_gateway
from tests.support.shop_handling import AT, news


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    """Its shop bus is away, so what shops are to be told is still there to be looked at."""
    with running_gateway(tmp_path, database_url=new_database(), shop_bus_url=NOBODY) as stand:
        stand.put_item("R")
        yield stand


def outcome(image_id: str, correlation_id: str = "c-1") -> dict[str, Any]:
    return {"tenant": "shop", "correlation_id": correlation_id, "sku": "R", "image_id": image_id}


def indexed(gateway: Stand, image_id: str, correlation_id: str = "c-1") -> None:
    gateway.handle(ImageIndexed(**outcome(image_id, correlation_id), model_version="model-1"))


def rejected(gateway: Stand, image_id: str, correlation_id: str = "c-1") -> None:
    gateway.handle(ImageRejected(**outcome(image_id, correlation_id), code="damaged", reason="It is cut off."))


def of_items(gateway: Stand) -> list[tuple[str, list[str]]]:
    told = [event for event in news(gateway) if event["type"].startswith("loupe.item.")]
    return [(event["type"], [image["state"] for image in event["data"]["images"]]) for event in told]


def test_an_item_is_told_once_none_of_its_pictures_is_on_its_way(gateway: Stand) -> None:
    first, second, third = (gateway.upload("R", picture(seed)) for seed in range(3))
    rejected(gateway, first)
    indexed(gateway, second)
    assert of_items(gateway) == []
    indexed(gateway, third)
    assert of_items(gateway) == [("loupe.item.indexed", ["rejected", "indexed", "indexed"])]
    told = news(gateway)[-1]
    assert told["data"]["images"][0] == {"image_id": first, "state": "rejected", "reason": "It is cut off."}


def test_an_item_without_a_picture_that_can_be_found_is_rejected_and_told_anew_after_another_try(
    gateway: Stand,
) -> None:
    first, second = (gateway.upload("R", picture(seed)) for seed in range(2))
    for image_id in (first, second, first):
        rejected(gateway, image_id)
    gateway.upload("R", picture(0))
    rejected(gateway, first, "c-2")
    kinds = [kind for kind, _ in of_items(gateway)]
    assert kinds == ["loupe.item.rejected"] * 3
    ids = [event["id"] for event in news(gateway) if event["type"] == "loupe.item.rejected"]
    assert ids[0] == ids[1], "a repeat of one picture's outcome says the same again"
    assert ids[2] != ids[0]


def test_when_the_last_picture_on_its_way_is_removed_the_item_is_told(gateway: Stand) -> None:
    there, going = gateway.upload("R", picture(1)), gateway.upload("R", picture(2))
    indexed(gateway, there)
    gateway.client.delete(f"/v1/images/{going}")
    gateway.handle(ImageUnindexed(**outcome(going)))
    assert of_items(gateway) == [("loupe.item.indexed", ["indexed"])]
    gateway.client.delete("/v1/items/R")
    gateway.handle(ImageUnindexed(**outcome(there)))
    assert len(of_items(gateway)) == 1, "an item without pictures is neither"


def test_the_last_two_pictures_done_at_the_same_moment_tell_of_the_item(gateway: Stand) -> None:
    for turn in range(5):
        pair = [gateway.upload("R", picture(2 * turn + n)) for n in range(2)]
        before, together = len(of_items(gateway)), threading.Barrier(2)

        def done(image_id: str, together: threading.Barrier = together) -> None:
            together.wait()
            indexed(gateway, image_id)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(done, pair))
        assert len(of_items(gateway)) == before + 1


def act(gateway: Stand, **who: str) -> None:
    """An event that the recommender recorded."""
    event = {"id": f"e-{len(gateway.waiting())}", "type": "viewed", "sku": "R", "at": AT} | who
    assert gateway.client.post("/v1/events", json={"events": [event]}).status_code == 202
    (batch,) = [told for told in gateway.waiting() if isinstance(told, UserEvents)]
    for _ in range(2):
        gateway.handle(EventsRecorded(tenant="shop", correlation_id="c", batch_id=batch.batch_id))


def test_a_shop_that_asked_hears_of_each_shopper_once_in_a_while_and_at_last(gateway: Stand) -> None:
    act(gateway, user_id="anna")
    tenants.set_suggestions_changed(gateway.catalogue, "shop", wanted=True)
    teller = SuggestionNewsTeller(gateway.catalogue, timedelta(hours=1))
    act(gateway, user_id="boris", session_id="v-1")
    act(gateway, session_id="v-2")
    assert teller.tell_due() == 2
    act(gateway, user_id="boris")
    assert teller.tell_due() == 0, "boris was told of within the hour"
    later = SuggestionNewsTeller(gateway.catalogue, timedelta(0))
    assert (later.tell_due(), later.tell_due(), later.tell_due()) == (2, 1, 0)
    told = news(gateway)
    assert {event["type"] for event in told} == {"loupe.suggestions.changed"}
    assert [event["data"] for event in told] == [{"session_id": "v-2"}, {"user_id": "boris"}, {"user_id": "boris"}]
    assert len({event["id"] for event in told}) == 3
