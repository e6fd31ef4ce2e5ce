"""A batch of events: each is taken or refused by itself, by HTTP and by queue alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.shop_events import ShopEvents
from shared.contracts.messages import EventsRecorded, UserEvents
from shared.contracts.shop import parse
from shared.contracts.user_events import UserEvent
from shared.errors import NotFound
from tests.support.gateway import Stand, running_gateway
from tests.support.snippets import openapi_examples

AT = "2026-05-01T12:00:00Z"
SEARCH = "0" * 31 + "a"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with running_gateway(tmp_path_factory.mktemp("events")) as made:
        made.put_item("RING-1")
        yield made


@pytest.fixture
def gateway(stand: Stand) -> Stand:
    """Nothing was told before."""
    for message in told(stand):
        stand.handle(EventsRecorded(tenant="shop", correlation_id="c", batch_id=message.batch_id))
    return stand


def told(gateway: Stand) -> list[UserEvents]:
    return [message for message in gateway.waiting() if isinstance(message, UserEvents)]


def click(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"e-{number}", "type": "clicked", "user_id": "anna", "sku": "RING-1", "at": AT} | fields


def without(field: str, event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != field}


BROKEN: dict[str, tuple[Any, str, str, str | None]] = {
    "not an object": (7, "", "object", None),
    "no id": (without("id", click(1)), ".id", "required", None),
    "an id with a space": (click(1, id="e 1"), ".id", "match", "e 1"),
    "an id without end": (click(1, id="e" * 1_000), ".id", "match", None),
    "an id of another kind": (click(1, id=7), ".id", "string", None),
    "an unknown type": (click(1, type="bought"), ".type", "'purchased'", "e-1"),
    "a time without a zone": (click(1, at="2026-05-01T12:00:00"), ".at", "time zone", "e-1"),
    "a negative place": (click(1, position=-1), ".position", "greater", "e-1"),
    "a list that is none": (click(1, search_id="x"), ".search_id", "match", "e-1"),
    "a field that nobody knows": (click(1, price=7), ".price", "not permitted", "e-1"),
    "nobody's": (without("user_id", click(1)), "", "user_id or session_id", "e-1"),
    "a click on nothing": (without("sku", click(1)), "", "give its sku", "e-1"),
    "a search of an item": (click(1, type="searched", search_id=SEARCH), "", "no sku", "e-1"),
    "a search of no list": (without("sku", click(1, type="searched")), "", "search_id", "e-1"),
    "an item that never was": (click(1, sku="NEVER"), ".sku", "never had an item 'NEVER'", "e-1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_event_is_refused_by_itself_with_its_place_its_id_the_reason_and_the_field(
    gateway: Stand, name: str
) -> None:
    broken, path, reason, told_id = BROKEN[name]
    answer = gateway.client.post("/v1/events", json={"events": [click(7), broken, click(8)]})
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 2
    [refused] = answer.json()["rejected"]
    assert (refused["index"], refused["path"], refused.get("id")) == (1, f"events.1{path}", told_id)
    assert reason in refused["reason"]
    [message] = told(gateway)
    assert [event.id for event in message.events] == ["e-7", "e-8"]


def test_refusals_are_told_in_the_order_of_the_batch_whatever_they_are_for(gateway: Stand) -> None:
    batch = [click(0, sku="NEVER"), click(1, type="bought"), click(2), click(3, sku="NEVER"), None]
    answer = gateway.client.post("/v1/events", json={"events": batch}).json()
    assert [refused["index"] for refused in answer["rejected"]] == [0, 1, 3, 4]
    assert answer["accepted"] == 1


def test_searches_and_visits_are_taken_without_an_item_and_without_a_user(gateway: Stand) -> None:
    visit = {"session_id": "v-1", "at": AT}
    batch = [
        {"id": "e-1", "type": "searched", "search_id": SEARCH, **visit},
        {"id": "e-2", "type": "viewed", "sku": "RING-1", **visit},
        {"id": "e-3", "type": "carted", "sku": "RING-1", "user_id": "anna", **visit},
    ]
    assert gateway.client.post("/v1/events", json={"events": batch}).json() == {"accepted": 3, "rejected": []}
    [message] = told(gateway)
    assert message.events == [UserEvent.model_validate(event) for event in batch]


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        (b"", 400, None),
        (b'{"events": [', 400, None),
        (b"[]", 422, "body"),
        (b"{}", 422, "body.events"),
        (b'{"events": {}}', 422, "body.events"),
        (b'{"events": []}', 422, "body.events"),
        (b'{"events": [1], "more": 1}', 422, "body.more"),
        (json.dumps({"events": [click(n) for n in range(1_001)]}).encode(), 422, "body.events"),
        (json.dumps({"events": [1, click(1, sku="NEVER")]}).encode(), 422, "events.0"),
        (b'{"events": ["' + b"x" * 2_000_000 + b'"]}', 413, None),
    ],
    ids=["empty", "cut off", "a list", "nothing", "no list", "no event", "more", "too many", "none good", "too large"],
)
def test_a_batch_that_cannot_be_read_or_has_no_good_event_leaves_nothing(
    gateway: Stand, body: bytes, status: int, path: str | None
) -> None:
    answer = gateway.client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if path:
        assert answer.json()["errors"][0]["path"] == path
    assert told(gateway) == []


def test_what_is_not_said_to_be_json_is_not_read(gateway: Stand) -> None:
    body = json.dumps({"events": [click(1)]}).encode()
    answer = gateway.client.post("/v1/events", content=body, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, told(gateway)) == (400, [])


def test_the_openapi_document_describes_an_event_whole_and_its_examples_are_taken(gateway: Stand) -> None:
    document = gateway.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert set(schemas["UserEvent"]["properties"]) == set(UserEvent.model_fields)
    assert schemas["EventsIn"]["properties"]["events"]["items"] == {"$ref": "#/components/schemas/UserEvent"}
    examples = openapi_examples(document, "/v1/events", "post")
    assert len(examples) == 2
    for _, example in examples:
        answer = gateway.client.post("/v1/events", json=example)
        assert answer.json() == {"accepted": len(example["events"]), "rejected": []}


def test_events_by_queue_are_taken_and_refused_by_the_same_rules(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand:
        stand.put_item("RING-1")
        parts = stand.parts
        events = ShopEvents.of(parts)
        searched = {"type": "searched", "session_id": "v-1", "search_id": SEARCH, "at": AT}
        for number, data in enumerate([searched, without("id", click(1)), click(2, sku="NEVER")]):
            body = {"specversion": "1.0", "id": f"q-{number}", "source": "/s", "type": "shop.user.event", "data": data}
            event = parse(json.dumps(body).encode())
            if number < 2:
                events.handle("shop", event)
            else:
                with pytest.raises(NotFound, match="never had an item 'NEVER'") as refused:
                    events.handle("shop", event)
                assert refused.value.errors[0]["path"] == "data.sku"
        assert [message.events[0].id for message in told(stand)] == ["q-0", "q-1"]
