"""Orders, returns and removed pictures, as shops tell them by queue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.messages import ImageRemoved
from shared.errors import NotFound
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.shop_handling import AT, acts, handle


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        for sku in ("A", "B"):
            stand.put_item(sku)
        yield stand


def test_each_line_of_an_order_is_a_purchase_with_a_name_that_stays_the_same(gateway: Stand) -> None:
    lines = [{"sku": "A", "quantity": 2, "price": 490}, {"sku": "B"}, {"sku": "A"}]
    order = {"order_id": "2026/17", "user_id": "anna", "session_id": "v-1", "lines": lines}
    for told in (order, order | {"lines": [lines[1], lines[0], lines[2]]}):
        assert handle(gateway, "shop.order.placed", told, time=AT) == "handled"
    first, again = acts(gateway)[:3], acts(gateway)[3:]
    assert [(act.type, act.sku, act.user_id, act.session_id) for act in first] == [
        ("purchased", sku, "anna", "v-1") for sku in ("A", "B", "A")
    ]
    assert {act.at.isoformat() for act in first} == {"2026-05-01T12:00:00+00:00"}
    assert len({act.id for act in first}) == 3
    assert {act.id for act in again} == {act.id for act in first}


def test_an_order_of_nobody_known_is_a_visit_of_its_own(gateway: Stand) -> None:
    for order_id in ("2026/17", "2026-17"):
        handle(gateway, "shop.order.placed", {"order_id": order_id, "at": AT, "lines": [{"sku": "A"}]})
    assert [(act.user_id, act.session_id) for act in acts(gateway)] == [
        (None, "order-2026 17"),
        (None, "order-2026-17"),
    ]


def test_what_is_returned_is_told_of_the_same_shopper_under_names_of_its_own(gateway: Stand) -> None:
    order = {"order_id": "17", "user_id": "anna", "at": AT, "lines": [{"sku": "A"}, {"sku": "B"}]}
    handle(gateway, "shop.order.placed", order)
    for sku in ("A", "B"):
        handle(gateway, "shop.order.returned", order | {"lines": [{"sku": sku}]})
    told = acts(gateway)
    assert [(act.type, act.sku) for act in told[2:]] == [("returned", "A"), ("returned", "B")]
    assert len({act.id for act in told}) == 4


def test_an_order_of_an_item_that_the_shop_never_had_is_not_taken_in_part(gateway: Stand) -> None:
    order = {"order_id": "17", "user_id": "anna", "at": AT, "lines": [{"sku": "A"}, {"sku": "NEVER"}]}
    with pytest.raises(NotFound) as refused:
        handle(gateway, "shop.order.placed", order)
    assert refused.value.errors == [{"path": "data.lines.1.sku", "message": refused.value.detail}]
    assert acts(gateway) == []
    handle(gateway, "shop.item.removed", {"sku": "A"})
    assert handle(gateway, "shop.order.placed", order | {"lines": [{"sku": "A"}]}) == "handled", "it was there once"


def test_a_picture_goes_by_its_name_or_by_its_bytes_and_being_gone_is_no_fault(gateway: Stand) -> None:
    by_name, by_bytes = gateway.upload("A", picture(1)), gateway.upload("A", picture(2))
    others = gateway.upload("B", picture(2))
    sha256 = hashlib.sha256(picture(2)).hexdigest()
    for data in ({"image_id": by_name}, {"sha256": sha256}, {"sha256": sha256}, {"image_id": others}):
        assert handle(gateway, "shop.image.removed", {"sku": "A"} | data) == "handled"
    assert handle(gateway, "shop.image.removed", {"sku": "B", "image_id": others}, tenant="other") == "handled"
    removed = [told.image_id for told in gateway.waiting() if isinstance(told, ImageRemoved)]
    assert removed == [by_name, by_bytes]
    left = [gateway.client.get(f"/v1/items/{sku}").json()["images"] for sku in ("A", "B")]
    assert [[image["image_id"] for image in images] for images in left] == [[], [others]]
