"""Styles and stock-takes over the HTTP API: a gateway and an inventory with databases of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from services.inventory.looks import Looks
from services.inventory.styles.making import StyleMaker
from services.inventory.styles.running import StyleRuns
from services.inventory.styles.turns import Turns
from shared import objectstore
from shared.contracts.models import Models
from tests.support.gateway import OTHER_KEY
from tests.support.looking import MODEL, about, looks_of, photo_of, tray_of, unit
from tests.support.pictures import drawing
from tests.support.stocking import Shop, running_stock
from tests.support.upstreams import Upstreams, served

PHOTO = drawing(3)
OTHER = {"Authorization": f"Bearer {OTHER_KEY}"}
TAKE = "/v1/inventory/stocktakes"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        upstreams = Upstreams(loaded=MODEL)
        upstreams.embedder_url = stack.enter_context(served(upstreams.embedder()))
        running = stack.enter_context(running_stock(tmp_path, upstreams=upstreams))
        seen = looks_of(running.books, objectstore.open(f"file://{tmp_path}/objects", "analyses"))
        for number in range(3):
            running.stand.put_item(f"RING-{number}", price=100.0, currency="EUR")
        running.settle()
        for number in range(3):
            seen.pictured("shop", f"RING-{number}", about(number, 1), type="ring")
        counts = [{"sku": f"RING-{number}", "quantity": 1} for number in range(2)]
        running.post("counts", location="window", counts=counts)
        running.settle()
        yield running


def take(shop: Shop, *looks: Any, **texts: str) -> dict[str, Any]:
    shop.stand.upstreams.tray = tray_of(*looks)
    answer = shop.client.post(
        TAKE, files={"image": ("tray.jpg", PHOTO, "image/jpeg")}, data={"location": "window"} | texts
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{TAKE}/{answer.json()['stocktake_id']}"
    body: dict[str, Any] = answer.json()
    return body


def test_what_a_person_confirms_becomes_a_count_and_nothing_before(shop: Shop) -> None:
    found = take(shop, about(0, 2), about(2, 2))
    assert [(piece["outcome"], piece["sku"]) for piece in found["pieces"]] == [
        ("present", "RING-0"),
        ("unexpected", "RING-2"),
    ]
    assert [item["sku"] for item in found["items"] if item["missing"]] == ["RING-1"]
    shop.settle()
    assert shop.level("RING-1") == (1, {"window": 1}), "not counted yet"
    confirmed = shop.client.post(f"{TAKE}/{found['stocktake_id']}:confirm").raise_for_status().json()
    shop.settle()
    assert confirmed["state"] == "confirmed"
    assert confirmed["counted"] == [{"sku": f"RING-{n}", "quantity": count} for n, count in enumerate((1, 0, 1))]
    assert [shop.level(f"RING-{n}")[1] for n in range(3)] == [{"window": 1}, {"window": 0}, {"window": 1}]
    assert (shop.stock("RING-1"), shop.stock("RING-2")) == (0, 1)


def test_who_confirms_again_is_told_what_was_saved_and_nothing_is_counted_twice(shop: Shop) -> None:
    address = f"{TAKE}/{take(shop, about(0, 2), about(1, 2))['stocktake_id']}"
    said = {"counts": [{"sku": "RING-1", "quantity": 3}]}
    first = shop.client.post(f"{address}:confirm", json=said).raise_for_status().json()
    again = shop.client.post(f"{address}:confirm").raise_for_status().json()
    shop.settle()
    assert again == first
    assert shop.level("RING-1") == (3, {"window": 3})
    movements = shop.get("items/RING-1")["movements"]
    assert [one["quantity"] for one in movements if one.get("reason") == "stock-take by photo"] == [3]


def test_a_closer_photo_settles_a_doubt_and_what_stays_doubtful_is_not_counted(shop: Shop) -> None:
    found = take(shop, unit(about(0, 1) + about(1, 1)))
    assert found["pieces"][0]["outcome"] == "unsure"
    plan = shop.client.post(f"{TAKE}/{found['stocktake_id']}:confirm").raise_for_status().json()
    assert plan["counted"] == []
    found = take(shop, unit(about(0, 1) + about(1, 1)))
    shop.stand.upstreams.seen = photo_of(about(1, 3)).analyses
    closer = f"{TAKE}/{found['stocktake_id']}/pieces/0/photo"
    again = shop.client.post(closer, files={"image": ("near.jpg", PHOTO)}).raise_for_status().json()
    assert [(piece["outcome"], piece["sku"]) for piece in again["pieces"]] == [("present", "RING-1")]
    assert shop.client.get(f"{TAKE}/{found['stocktake_id']}").json() == again
    beyond = shop.client.post(closer.replace("/0/", "/7/"), files={"image": ("near.jpg", PHOTO)})
    assert beyond.status_code == 404


def test_items_that_the_shop_does_not_have_are_refused_by_name(shop: Shop) -> None:
    files = {"image": ("tray.jpg", PHOTO)}
    refused = shop.client.post(TAKE, files=files, data={"expected": json.dumps(["RING-0", "NEVER"])})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "body.expected.1"
    wrong = {400: {"expected": "{"}, 422: {"location": "a/b"}}
    for status, texts in wrong.items():
        assert shop.client.post(TAKE, files=files, data=texts).status_code == status
    address = f"{TAKE}/{take(shop, about(0, 2))['stocktake_id']}:confirm"
    said = {"counts": [{"sku": "NEVER", "quantity": 3}]}
    refused = shop.client.post(address, json=said)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "body.counts.0.sku"
    shop.settle()
    assert shop.level("RING-1") == (1, {"window": 1}), "all of it or none"


def test_another_shop_finds_nothing_of_it(shop: Shop) -> None:
    address = f"{TAKE}/{take(shop, about(0, 2))['stocktake_id']}"
    assert shop.client.get(address, headers=OTHER).status_code == 404
    assert shop.client.post(f"{address}:confirm", headers=OTHER).status_code == 404
    closer = shop.client.post(f"{address}/pieces/0/photo", headers=OTHER, files={"image": ("near.jpg", PHOTO)})
    assert closer.status_code == 404
    assert shop.client.get(address).json()["state"] == "open"


def test_styles_are_made_on_demand_and_shown_with_a_picture(shop: Shop, tmp_path: Path) -> None:
    seen = looks_of(shop.books, objectstore.open(f"file://{tmp_path}/objects", "analyses"))
    for number in range(3, 9):
        shop.stand.put_item(f"RING-{number}", price=100.0 + number, currency="EUR")
    shop.settle()
    for number in range(3, 9):
        seen.pictured("shop", f"RING-{number}", about(5, number), type="ring", metal="silver")
    asked = shop.client.post("/v1/inventory/styles:refresh")
    assert asked.status_code == 202
    make_styles(shop.books, seen.analyses)
    page = shop.get("styles")
    (style,) = page["styles"]
    assert (style["name"], style["pieces"], page["of_no_style"]) == ("silver ring", 6, 3)
    assert page["made_at"] >= asked.json()["asked_at"]
    assert style["image_url"].startswith(f"/v1/images/{style['image_id']}/content?")
    first = shop.get(f"styles/{style['style_id']}", limit=4)
    rest = shop.get(f"styles/{style['style_id']}", limit=4, cursor=first["next_cursor"])
    assert sorted(one["sku"] for one in first["members"] + rest["members"]) == [f"RING-{n}" for n in range(3, 9)]
    assert shop.get("dimensions/metal")["values"] == [
        {"value": "silver", "pieces": 6, "on_hand": 0},
        {"pieces": 3, "on_hand": 2},
    ]
    assert shop.client.get(f"/v1/inventory/styles/{style['style_id']}", headers=OTHER).status_code == 404
    assert shop.client.get("/v1/inventory/styles", headers=OTHER).json()["styles"] == []
    assert shop.client.get("/v1/inventory/styles", params={"cursor": "made-up"}).status_code == 400


def make_styles(books: Any, analyses: Any) -> None:
    """What the background does when it is due."""
    maker = StyleMaker(books, Looks(books, analyses), lambda: Models(models=[MODEL]))
    runs = StyleRuns(Turns(books), lambda tenant, _go_on: maker.make(tenant))
    assert runs.make("shop", 9, threading.Event()) == "made"


def test_pieces_of_which_styles_were_never_made_are_of_no_known_value(shop: Shop) -> None:
    assert shop.get("dimensions/type")["values"] == [{"pieces": 3, "on_hand": 2}]
    assert shop.get("styles")["styles"] == []
