"""The stock over HTTP: what a shop's systems tell and read, and how the catalogue follows the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update

from services.gateway.outbox_keys import item_key
from services.gateway.tables import OUTBOX, Item
from shared.contracts.messages import MessageDied
from shared.contracts.stock import StockLevel
from tests.support.gateway import OTHER_KEY
from tests.support.shop_handling import changes, handle
from tests.support.stocking import Shop, running_stock

AT = "2026-05-01T12:00:00Z"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_stock(tmp_path) as running:
        for number in (1, 2, 3):
            running.stand.put_item(f"RING-{number}", price=100 * number, currency="EUR")
        yield running


def moved(name: str, kind: str, quantity: int | None, sku: str = "RING-1", **fields: Any) -> dict[str, Any]:
    return {"id": name, "sku": sku, "kind": kind, "quantity": quantity, "occurred_at": AT} | fields


def test_movements_are_taken_each_by_itself_and_the_catalogue_follows(shop: Shop) -> None:
    said = shop.move(
        moved("m-1", "received", 5),
        moved("m-2", "sold", 0),
        moved("m-3", "received", 2, sku="NEVER"),
        moved("m-4", "moved", 2, to_location="Graz"),
        {"id": "m-5"},
    )
    assert said["accepted"] == 2
    assert [(one["index"], one["id"], one["path"]) for one in said["rejected"]] == [
        (1, "m-2", "movements.1"),
        (2, "m-3", "movements.2.sku"),
        (4, "m-5", "movements.4.sku"),
    ]
    assert shop.level() == (5, {"Graz": 2, "main": 3})
    assert (shop.stock(), shop.stock("RING-2")) == (5, None)
    assert shop.move(moved("m-1", "received", 5))["accepted"] == 1, "known, so it changes nothing"
    assert shop.stock() == 5


def test_when_no_movement_is_taken_that_is_said_as_a_problem(shop: Shop) -> None:
    refused = shop.client.post("/v1/inventory/movements", json={"movements": [moved("m", "sold", 1, sku="NEVER")]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "movements.0.sku"
    many = [moved(f"m-{n}", "sold", 1) for n in range(1_001)]
    bodies: list[Any] = [{"movements": []}, {"movements": many}, {}, []]
    for body in bodies:
        assert shop.client.post("/v1/inventory/movements", json=body).status_code == 422


def test_what_is_counted_is_an_adjustment_with_its_reason(shop: Shop) -> None:
    shop.move(moved("m-1", "received", 5, location="Graz"))
    counts = {"id": "tray-7", "location": "Graz", "reason": "stock-take"}
    body = counts | {"counts": [{"sku": "RING-1", "quantity": 3}, {"sku": "NEVER", "quantity": 1}]}
    for _ in range(2):
        said = shop.post("counts", **body)
        shop.settle()
        assert (said["accepted"], [one["path"] for one in said["rejected"]]) == (1, ["body.counts.1.sku"])
    assert shop.level() == (3, {"Graz": 3})
    first, *_ = shop.get("movements", location="Graz")["movements"]
    assert (first["kind"], first["quantity"], first["adjustment"], first["reason"]) == ("counted", 3, -2, "stock-take")


def test_an_item_put_with_a_stock_has_it_at_once_and_the_ledger_confirms_it(shop: Shop) -> None:
    shop.stand.put_item("RING-1", stock=3)
    assert shop.stock() == 3
    revision = changes(shop.stand)[-1].revision
    shop.settle()
    assert shop.level() == (3, {"main": 3})
    assert changes(shop.stand)[-1].revision == revision, "what was known already changes nothing"
    shop.stand.put_item("RING-1", stock=3, price=5)
    assert shop.told() == []
    shop.client.patch("/v1/items/RING-1", json={"stock": None})
    shop.settle()
    assert (shop.stock(), shop.level()) == (None, (None, {}))


def test_what_the_ledger_says_of_the_time_before_a_told_stock_is_not_taken_over(shop: Shop) -> None:
    shop.stand.put_item("RING-1", stock=3)
    shop.settle()
    shop.post("movements", movements=[moved("m-1", "sold", 1, occurred_at="2199-01-01T00:00:00Z")])
    (sale,) = shop.told()
    shop.stand.put_item("RING-1", stock=9)
    shop.carry(sale)
    assert shop.stock() == 9, "it was told after the sale, and the ledger has yet to hear of it"
    (count,) = shop.told()
    shop.carry(count)
    assert (shop.stock(), shop.level()) == (9, (9, {"main": 9}))


def test_levels_that_come_twice_or_in_another_order_end_the_same(shop: Shop) -> None:
    shop.stand.put_item("RING-1", stock=9)
    shop.settle()
    said = []
    for number in range(3):
        shop.post("movements", movements=[moved(f"m-{number}", "sold", 1, occurred_at="2199-01-01T00:00:00Z")])
        said += [one for told in shop.told() for one in shop.carry(told) if isinstance(one, StockLevel)]
    for level in [*reversed(said), *said]:
        shop.carry(level)
    assert shop.stock() == 6
    assert shop.told() == []


def test_an_order_takes_from_the_stock_and_what_comes_back_adds_to_it(shop: Shop) -> None:
    shop.stand.put_item("RING-1", stock=3)
    now = datetime.now(UTC).isoformat()
    order = {"order_id": "17", "at": now, "lines": [{"sku": "RING-1", "quantity": 2, "price": 90}]}
    for _ in range(2):
        handle(shop.stand, "shop.order.placed", order)
        shop.settle()
        assert shop.stock() == 1, "the same order again is no other one"
    for left in (2, 3):
        handle(shop.stand, "shop.order.returned", order | {"lines": [{"sku": "RING-1"}]})
        shop.settle()
        assert shop.stock() == left, "each event tells of other pieces"
    shop.stand.put_item("RING-1")
    assert shop.stock() == 3, "who puts the item without a stock leaves it as it is"


def test_the_stock_of_a_shop_that_is_older_than_the_ledger_opens_its_books(shop: Shop) -> None:
    shop.stand.put_item("RING-1", stock=4)
    shop.stand.put_item("RING-2", stock=2)
    with shop.stand.catalogue.write() as session:
        session.execute(update(Item).values(stock_batch=None, level_sequence=0))
    for told in shop.told():
        shop.stand.handle(StockLevel(tenant="shop", correlation_id="c", batch_id=told.batch_id, levels=[]))
    shop.move(moved("m-1", "sold", 1, occurred_at="2199-01-01T00:00:00Z"))
    assert shop.level() == (3, {"main": 3})
    shop.stand.parts.movements.open_books(Event())
    shop.settle()
    assert shop.level("RING-2") == (2, {"main": 2})
    assert shop.level() == (3, {"main": 3})
    shop.stand.parts.movements.open_books(Event())
    assert shop.told() == []


def test_a_dead_letter_of_movements_gives_the_stock_back_to_the_ledger(shop: Shop) -> None:
    shop.stand.put_item("RING-1", stock=3)
    (told,) = shop.told()
    payload = told.model_dump(mode="json")
    died = {"source": "stock.moved", "queue": "inventory", "reason": "broken", "payload": payload}
    shop.stand.handle(MessageDied(tenant="shop", correlation_id="c", **died))
    assert shop.told() == []
    shop.move(moved("m-1", "counted", 8, occurred_at="2199-01-01T00:00:00Z"))
    assert shop.stock() == 8


def test_lists_come_by_pages_and_can_be_narrowed(shop: Shop) -> None:
    shop.move(
        moved("m-1", "received", 5),
        moved("m-2", "received", 1, sku="RING-2", location="Graz"),
        moved("m-3", "sold", 2, sku="RING-2", location="Graz"),
    )
    everything = shop.get("items")["items"]
    assert [(one["sku"], one.get("on_hand")) for one in everything] == [("RING-1", 5), ("RING-2", -1), ("RING-3", None)]
    assert everything[0]["title"] == "Title of RING-1"
    for asked, found in (
        ({"state": "in-stock"}, ["RING-1"]),
        ({"state": "out-of-stock"}, ["RING-2"]),
        ({"state": "below-zero"}, ["RING-2"]),
        ({"state": "uncounted"}, ["RING-3"]),
        ({"location": "Graz"}, ["RING-2"]),
        ({"location": "nowhere"}, []),
    ):
        assert [one["sku"] for one in shop.get("items", **asked)["items"]] == found, asked
    for path, listed, whole in (("items", "items", 3), ("movements", "movements", 3)):
        first = shop.get(path, limit=2)
        rest = shop.get(path, limit=2, cursor=first["next_cursor"])
        assert (len(first[listed]), len(rest[listed])) == (2, whole - 2)
        assert "next_cursor" not in rest
        foreign = shop.client.get(
            f"/v1/inventory/{path}",
            params={"cursor": first["next_cursor"]},
            headers={"Authorization": f"Bearer {OTHER_KEY}"},
        )
        assert foreign.status_code == 400
    assert [one["id"] for one in shop.get("movements", kind="sold")["movements"]] == ["m-3"]
    summary = shop.get("summary")
    assert (summary["items"], summary["pieces"], summary["value"]) == (3, 5, {"EUR": 500.0})
    assert summary["locations"] == [{"location": "main", "items": 1, "pieces": 5}]


def test_a_file_of_movements_goes_out_and_in_again_and_changes_nothing(shop: Shop) -> None:
    told = [
        moved("m-1", "received", 5, unit_price=12.5, reason="=danger", order_id="A-1"),
        moved("m-2", "moved", 2, to_location="Graz"),
        moved("m-3", "adjusted", -1),
        moved("m-4", "counted", None, sku="RING-2"),
    ]
    shop.move(*told)
    file = shop.client.get("/v1/inventory/movements.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "'=danger" in file.text, "a spreadsheet runs nothing of it"
    level = shop.level()
    said = shop.client.post("/v1/inventory/movements.csv", files={"file": ("m.csv", file.content)}).json()
    assert said == {"accepted": 4, "rejected": 0, "errors": []}
    shop.settle()
    assert shop.level() == level
    assert shop.client.get("/v1/inventory/movements.csv").content == file.content


def test_a_file_of_movements_tells_of_each_row_that_is_not_taken(shop: Shop) -> None:
    rows = "sku;kind;quantity;occurred_at\nRING-1;received;3;{0}\n\nRING-1;received;3;{0}\nRING-1;sold;x;{0}\n"
    rows += "NEVER;sold;1;{0}\nRING-1;sold;1;yesterday\n"
    for _ in range(2):
        answer = shop.client.post("/v1/inventory/movements.csv", files={"file": ("m.csv", rows.format(AT).encode())})
        said = answer.json()
        assert (answer.status_code, said["accepted"], said["rejected"]) == (202, 2, 3)
        assert [(one["line"], one["column"]) for one in said["errors"]] == [
            (5, "quantity"),
            (6, "sku"),
            (7, "occurred_at"),
        ]
        shop.settle()
        assert shop.level() == (6, {"main": 6}), "two rows that say the same are two movements, the file again is none"
    for content in (b"", b"sku,kind\n", b"\xff\xfe\x00"):
        refused = shop.client.post("/v1/inventory/movements.csv", files={"file": ("m.csv", content)})
        assert refused.status_code == 422, content


def test_an_item_that_the_inventory_never_heard_of_is_told_again_with_its_next_movement(shop: Shop) -> None:
    (before,) = {one.revision for one in changes(shop.stand) if one.sku == "RING-3"}
    with shop.stand.catalogue.write() as session:
        lost = OUTBOX.table.c.key == item_key("shop", "RING-3", before)
        session.execute(OUTBOX.table.delete().where(lost))
        session.execute(update(Item).values(updated_at=datetime.now(UTC) - timedelta(hours=1)))
    assert shop.client.get("/v1/inventory/items/RING-3").status_code == 404
    shop.move(moved("m-1", "counted", None, sku="RING-3"))
    assert shop.get("items/RING-3")["title"] == "Title of RING-3"


def test_what_was_sold_in_90_days_is_told_of_all_pieces_at_once(shop: Shop) -> None:
    now = datetime.now(UTC)

    def sold(name: str, quantity: int, days_ago: int, sku: str = "RING-1") -> dict[str, Any]:
        return moved(name, "sold", quantity, sku) | {"occurred_at": (now - timedelta(days=days_ago)).isoformat()}

    assert shop.get("sold") == {"days": 90, "skus": [], "sold": []}, "nothing was told yet"
    shop.move(moved("m-1", "received", 9), moved("m-2", "counted", 4, sku="RING-2"))
    shop.move(sold("m-3", 2, 1), sold("m-4", 1, 89), sold("m-5", 4, 91))
    assert shop.get("sold") == {"days": 90, "skus": ["RING-1", "RING-2"], "sold": [3, 0]}, "of RING-3 nothing is known"
    other = shop.client.get("/v1/inventory/sold", headers={"Authorization": f"Bearer {OTHER_KEY}"})
    assert other.json()["skus"] == [], "another shop's sales are its own"
    assert shop.client.get("/v1/inventory/sold", headers={"Authorization": "Bearer nobody"}).status_code == 401
    assert shop.client.delete("/v1/items/RING-1").is_success
    shop.settle()
    assert shop.get("sold")["skus"] == ["RING-2"], "what left the shop is on no map"
