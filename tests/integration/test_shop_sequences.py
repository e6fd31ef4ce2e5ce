"""Stock told by itself, and the order of events that shops number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import NotFound
from tests.support.gateway import Stand, running_gateway
from tests.support.shop_handling import changes, handle


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


def upsert(gateway: Stand, title: str = "A ring", sequence: object = None, **fields: Any) -> str:
    return handle(gateway, "shop.item.upserted", {"sku": "R", "title": title} | fields, sequence=sequence)


def remove(gateway: Stand, sequence: object = None) -> str:
    return handle(gateway, "shop.item.removed", {"sku": "R"}, sequence=sequence)


def stock(gateway: Stand, stock: int | None, sequence: object = None) -> str:
    return handle(gateway, "shop.stock.changed", {"sku": "R", "stock": stock}, sequence=sequence)


def shown(gateway: Stand) -> dict[str, Any] | None:
    answer = gateway.client.get("/v1/items/R")
    return dict(answer.json()) if answer.status_code == 200 else None


def in_shop(gateway: Stand) -> tuple[str, int | None]:
    item = shown(gateway)
    assert item
    return item["title"], item.get("stock")


def test_stock_that_is_told_changes_nothing_else_and_the_index_hears_whether_there_is_any(gateway: Stand) -> None:
    upsert(gateway, price=490, tags=["gold"])
    stock(gateway, 0)
    item = shown(gateway)
    assert item
    assert (item["stock"], item["price"], item["tags"], item["revision"]) == (0, 490, ["gold"], 2)
    stock(gateway, 0)
    stock(gateway, 3)
    stock(gateway, None)
    assert [(one.revision, one.fields.in_stock) for one in changes(gateway) if one.fields] == [
        (1, True),
        (2, False),
        (3, True),
        (4, True),
    ]


def test_an_item_put_without_stock_keeps_what_was_told_and_with_it_takes_it(gateway: Stand) -> None:
    upsert(gateway, stock=9)
    upsert(gateway)
    assert in_shop(gateway) == ("A ring", None), "nobody told its stock by itself"
    stock(gateway, 4)
    upsert(gateway, title="Another title")
    assert in_shop(gateway) == ("Another title", 4)
    gateway.client.put("/v1/items/R", json={"title": "By HTTP"})
    assert in_shop(gateway) == ("By HTTP", 4)
    gateway.client.put("/v1/items/R", json={"title": "By HTTP", "stock": None})
    assert in_shop(gateway) == ("By HTTP", None)
    stock(gateway, 4)
    remove(gateway)
    upsert(gateway)
    assert in_shop(gateway) == ("A ring", None), "what is made anew has no stock told"


def test_stock_of_an_item_that_is_not_there_waits_for_it(gateway: Stand) -> None:
    with pytest.raises(NotFound) as refused:
        stock(gateway, 4, sequence=7)
    assert refused.value.errors == [{"path": "data.sku", "message": refused.value.detail}]
    upsert(gateway)
    assert stock(gateway, 4, sequence=7) == "handled", "the first try left no trace"


def test_an_event_lower_than_the_last_is_late_and_the_same_again_is_a_repeat(gateway: Stand) -> None:
    assert upsert(gateway, "Nine", 9) == "handled"
    assert upsert(gateway, "Ten", "10") == "handled", "digits are numbers"
    assert upsert(gateway, "Nine again", 9) == "late"
    assert upsert(gateway, "Ten again", 10) == "repeated"
    assert upsert(gateway, "By arrival") == "handled"
    assert upsert(gateway, "Letters", "a-2") == "handled", "anything else is text, and letters follow digits"
    assert upsert(gateway, "Lower letters", "a-10") == "late"
    assert in_shop(gateway) == ("Letters", None)
    assert len(changes(gateway)) == 4


def test_the_order_outlives_the_item_and_holds_before_it_was_ever_there(gateway: Stand) -> None:
    assert remove(gateway, 5) == "handled"
    assert upsert(gateway, "Too late", 4) == "late"
    assert shown(gateway) is None
    assert upsert(gateway, "In time", 6) == "handled"
    assert remove(gateway, 5) == "late"
    assert in_shop(gateway) == ("In time", None)
    assert remove(gateway, 7) == "handled"
    assert upsert(gateway, "Too late", 6) == "late"
    assert shown(gateway) is None


def test_fields_and_stock_have_each_their_own_order(gateway: Stand) -> None:
    upsert(gateway, "Five", 5)
    assert stock(gateway, 3, 2) == "handled"
    assert stock(gateway, 2, 1) == "late"
    assert stock(gateway, 4, 8) == "handled"
    assert upsert(gateway, "Six", 6, stock=1) == "handled"
    assert in_shop(gateway) == ("Six", 4), "what the item said of its stock was overtaken"
    assert upsert(gateway, "Nine", 9, stock=0) == "handled"
    assert in_shop(gateway) == ("Nine", 0)


def test_the_order_of_one_shop_is_not_that_of_another(gateway: Stand) -> None:
    upsert(gateway, "Ours", 9)
    item = {"sku": "R", "title": "Theirs"}
    assert handle(gateway, "shop.item.upserted", item, tenant="other", sequence=1) == "handled"
