"""What a shop may leave out or write in its own way, and what it may not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.api import ItemPut
from shared.contracts.shop import MAX_INLINE_BYTES, ImageAdded, ItemRemoved, OrderPlaced, parse, write
from shared.contracts.shop import ImageRejectedData as Rejected
from shared.contracts.user_events import UserEvent
from shared.errors import InvalidInput


def body(kind: str, data: object, **attributes: Any) -> bytes:
    event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": kind, "data": data}
    return json.dumps(event | attributes).encode()


def test_a_click_takes_its_id_and_time_from_the_event_unless_it_says_them() -> None:
    click = {"type": "clicked", "user_id": "anna", "sku": "R"}
    plain = parse(body("shop.user.event", click, id="e-1", time="2026-05-01T12:00:00Z")).data
    own = parse(body("shop.user.event", click | {"id": "c-1", "at": "2026-05-02T12:00:00Z"}, id="e-1")).data
    assert isinstance(plain, UserEvent)
    assert isinstance(own, UserEvent)
    assert (plain.id, plain.at.day) == ("e-1", 1)
    assert (own.id, own.at.day) == ("c-1", 2)


def test_base64_with_line_breaks_is_the_same_picture() -> None:
    data = bytes(range(256)) * 4
    added = parse(body("shop.image.added", {"sku": "R", "content": base64.encodebytes(data).decode()})).data
    assert isinstance(added, ImageAdded)
    assert added.content == data


def test_a_picture_of_the_largest_size_passes_and_one_byte_more_is_told_the_other_ways() -> None:
    def of(size: int) -> bytes:
        return body("shop.image.added", {"sku": "R", "content": base64.b64encode(bytes(size)).decode()})

    added = parse(of(MAX_INLINE_BYTES)).data
    assert isinstance(added, ImageAdded)
    assert len(added.content or b"") == MAX_INLINE_BYTES
    with pytest.raises(InvalidInput, match=r"data\.content: the picture is over 8 MB.*object_key"):
        parse(of(MAX_INLINE_BYTES + 1))


@pytest.mark.parametrize(("given_id", "taken"), [("abc-1", "abc-1"), ("with space", None), (7, None), ("", None)])
def test_a_correlation_id_that_cannot_be_one_is_let_go(given_id: object, taken: str | None) -> None:
    assert parse(body("shop.item.removed", {"sku": "R"}, correlationid=given_id)).correlation_id == taken


def test_attributes_that_loupe_does_not_know_are_let_pass() -> None:
    event = parse(body("shop.item.removed", {"sku": "R"}, subject="R", dataschema="http://s", sequence="7", mine=1))
    assert event.data == ItemRemoved(sku="R")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/cloudevents+json", "application/json; charset=utf-8"]
)
def test_data_is_json_whatever_its_declaration_adds(kind: str) -> None:
    assert parse(body("shop.item.removed", {"sku": "R"}, datacontenttype=kind)).data == ItemRemoved(sku="R")


def test_data_declared_as_something_else_is_refused() -> None:
    with pytest.raises(InvalidInput, match="datacontenttype"):
        parse(body("shop.item.removed", {"sku": "R"}, datacontenttype="text/xml"))


@given(
    st.fixed_dictionaries(
        {"sku": st.from_regex(r"[A-Z]{1,5}", fullmatch=True), "title": st.text(min_size=1, max_size=50)},
        optional={
            "price": st.floats(0, 1e9),
            "stock": st.integers(0, 1_000),
            "tags": st.lists(st.just("gold"), max_size=50),
        },
    )
)
def test_an_item_is_the_same_by_queue_as_by_http(item: dict[str, Any]) -> None:
    assert parse(body("shop.item.upserted", item)).data == ItemPut.model_validate_json(json.dumps(item))


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_whatever_else_comes_is_refused_and_breaks_nothing(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse(data)


def test_the_same_news_of_two_shops_has_two_ids() -> None:
    news = Rejected(sku="R", image_id="0" * 36, reason="It is cut off.")
    ids = {json.loads(write(news, tenant=shop, key="k", correlation_id="c"))["id"] for shop in ("a", "b", "a")}
    assert len(ids) == 2


@pytest.mark.parametrize(("said", "taken"), [(7, "7"), ("7", "7"), ("007", "007"), ("2026-05-01", "2026-05-01")])
def test_a_sequence_is_a_number_or_text(said: object, taken: str) -> None:
    assert parse(body("shop.item.removed", {"sku": "R"}, sequence=said)).sequence == taken


@pytest.mark.parametrize("said", [-1, 1.5, True, "", "x" * 65, "a\nb", [1]])
def test_a_sequence_that_orders_nothing_is_refused_with_its_path(said: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(body("shop.item.removed", {"sku": "R"}, sequence=said))
    assert refused.value.errors
    assert refused.value.errors[0]["path"] == "sequence"


def test_events_without_a_sequence_or_with_none_have_no_place() -> None:
    assert parse(body("shop.item.removed", {"sku": "R"})).sequence is None
    assert parse(body("shop.item.removed", {"sku": "R"}, sequence=None)).sequence is None


ORDER: dict[str, object] = {"order_id": "17", "lines": [{"sku": "R"}]}
BROKEN: dict[str, tuple[str, dict[str, object], str]] = {
    "stock below none": ("shop.stock.changed", {"sku": "R", "stock": -1}, "data.stock"),
    "stock not said": ("shop.stock.changed", {"sku": "R"}, "data.stock"),
    "a picture by two names": ("shop.image.removed", {"sku": "R", "image_id": "0" * 36, "sha256": "0" * 64}, "data"),
    "a picture by none": ("shop.image.removed", {"sku": "R"}, "data"),
    "an order of no time": ("shop.order.placed", ORDER, "data.at"),
    "an order of no line": ("shop.order.placed", ORDER | {"at": "2026-05-01T12:00:00Z", "lines": []}, "data.lines"),
    "an order of too many": ("shop.order.placed", ORDER | {"lines": [{"sku": "R"}] * 201}, "data.lines"),
    "a line of nothing": (
        "shop.order.returned",
        ORDER | {"lines": [{"sku": "R", "quantity": 0}]},
        "data.lines.0.quantity",
    ),
    "an order with a space": ("shop.order.placed", ORDER | {"order_id": "1 7"}, "data.order_id"),
    "nobody to erase": ("shop.user.erase", {}, "data"),
    "two to erase": ("shop.user.erase", {"user_id": "anna", "session_id": "v-1"}, "data"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_event_that_breaks_the_contract_is_refused_with_the_path(name: str) -> None:
    kind, data, path = BROKEN[name]
    with pytest.raises(InvalidInput) as refused:
        parse(body(kind, data))
    assert path in {error["path"] for error in refused.value.errors or []}


def test_an_orders_time_is_the_events_unless_it_says_its_own() -> None:
    plain = parse(body("shop.order.placed", ORDER, time="2026-05-01T12:00:00Z")).data
    own = parse(body("shop.order.placed", ORDER | {"at": "2026-05-02T12:00:00Z"}, time="2026-05-01T12:00:00Z")).data
    assert isinstance(plain, OrderPlaced)
    assert isinstance(own, OrderPlaced)
    assert (plain.at.day, own.at.day) == (1, 2)
