"""A shop's year, told to the gateway as the shop tells it, with what is on hand at every step and at each location."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import SAMPLE
from loupe.catalogue_file import read
from loupe.sample_sales import movements
from tests.support.shop_handling import handle, news
from tests.support.stocking import Shop, running_stock


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_stock(tmp_path) as running:
        yield running


def test_a_shops_year(shop: Shop) -> None:
    shop.stand.put_item("RING-1", price=490, currency="EUR")

    def told(kind: str, day: str, on_hand: int | None, places: dict[str, int], **data: Any) -> None:
        """Something happens on a day, and then the books say this; `id` is of the event."""
        name = {"id": data.pop("id")} if "id" in data else {}
        handle(shop.stand, f"shop.{kind}", data, time=f"2026-{day}T12:00:00Z", **name)
        shop.settle()
        assert shop.level() == (on_hand, places), f"{day}: {kind} {data}"
        assert shop.stock() == (None if on_hand is None else max(on_hand, 0))

    def order(number: int, quantity: int = 1, **more: Any) -> dict[str, Any]:
        lines = [{"sku": "RING-1", "quantity": quantity, "price": 490}]
        return {"order_id": f"2026/{number}", "user_id": "anna", "lines": lines, **more}

    ring = {"sku": "RING-1"}
    told("order.placed", "01-02", None, {}, **order(1))
    told("stock.counted", "01-03", 4, {"main": 4}, quantity=4, **ring)
    told("stock.received", "01-10", 14, {"main": 14}, id="delivery-1", quantity=10, unit_cost=180, **ring)
    told("stock.received", "01-10", 14, {"main": 14}, id="delivery-1", quantity=10, unit_cost=180, **ring)
    told("stock.received", "01-20", 19, {"main": 14, "Graz": 5}, quantity=5, location="Graz", **ring)
    told("order.placed", "02-01", 17, {"main": 12, "Graz": 5}, **order(2, 2))
    told("order.placed", "02-14", 16, {"main": 12, "Graz": 4}, **order(3, location="Graz"))
    told("order.placed", "02-14", 16, {"main": 12, "Graz": 4}, **order(3, location="Graz"))
    told("order.returned", "02-20", 17, {"main": 13, "Graz": 4}, **order(2))

    transfer = {"id": "t-1", "sku": "RING-1", "kind": "moved", "quantity": 3, "to_location": "Graz"}
    shop.move(transfer | {"occurred_at": "2026-03-01T12:00:00Z"})
    assert shop.level() == (17, {"main": 10, "Graz": 7})

    told("stock.counted", "03-31", 16, {"main": 9, "Graz": 7}, quantity=9, reason="stock-take", **ring)
    told("order.placed", "04-07", 15, {"main": 8, "Graz": 7}, **order(4))
    told("order.placed", "03-24", 15, {"main": 8, "Graz": 7}, **order(5))  # a week late, and counted since
    told("order.placed", "04-01", 14, {"main": 7, "Graz": 7}, **order(6))  # a week late, and after the count
    counts = shop.get("movements", sku="RING-1", kind="counted")["movements"]
    assert [(one["quantity"], one.get("adjustment"), one.get("reason")) for one in counts] == [
        (9, 0, "stock-take"),  # what looked like a loss was the order that came late
        (4, 5, None),
    ]

    told("stock.changed", "06-30", 9, {"main": 2, "Graz": 7}, stock=9, **ring)  # in all, so 2 are not in Graz
    told("stock.changed", "07-01", 8, {"main": 2, "Graz": 6}, stock=6, location="Graz", **ring)
    told("stock.changed", "06-01", 8, {"main": 2, "Graz": 6}, stock=20, **ring)  # a month late
    told("order.placed", "11-20", 2, {"main": -4, "Graz": 6}, **order(7, 6))  # more than there were, by the books
    told("order.placed", "11-20", -4, {"main": -4, "Graz": 0}, **order(8, 6, location="Graz"))
    assert shop.get("summary")["below_zero"] == 1
    told("stock.received", "11-19", 16, {"main": 16, "Graz": 0}, quantity=20, **ring)  # entered afterwards

    alerts = [one["data"]["kind"] for one in news(shop.stand) if one["type"] == "loupe.stock.alert"]
    assert alerts == ["out-of-stock", "back-in-stock"]
    handle(shop.stand, "shop.item.removed", ring)
    shop.settle()
    assert shop.get("items")["items"] == []
    assert shop.client.get("/v1/inventory/items/RING-1").status_code == 404
    assert shop.get("summary")["items"] == 0


def test_the_sample_shops_sales_lie_before_its_counts_and_told_again_they_change_nothing(shop: Shop) -> None:
    pieces = {entry.sku: entry.item for entry in read(SAMPLE / "catalogue.csv", SAMPLE / "pictures", {}).entries[:6]}
    for sku, item in pieces.items():
        shop.stand.put_item(sku, title=item.title, stock=item.stock)
    shop.settle()
    for today in (datetime.now(UTC).date(), datetime.now(UTC).date() + timedelta(days=1)):
        told = [one for one in movements(SAMPLE / "movements.csv", today) if one.sku in pieces]
        said = shop.move(*(one.model_dump(mode="json", exclude_none=True) for one in told))
        assert said["accepted"] == len(told)
        assert {sku: shop.level(sku)[0] for sku in pieces} == {sku: item.stock for sku, item in pieces.items()}
        kept = [one for sku in pieces for one in shop.get("movements", sku=sku, limit=100)["movements"]]
        assert len(kept) == len(told) + len(pieces), "those told, and a count of each"
        counts = [one for one in kept if not one["id"].startswith("sample-")]
        assert [one["adjustment"] for one in counts] == [0] * len(pieces), "the books agree with what was counted"
