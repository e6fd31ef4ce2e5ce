"""What becomes of events that cannot be handled, or not yet."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from services.gateway.originals import Originals
from services.gateway.people.block_list import BlockList
from services.gateway.shop_events import ShopEvents
from services.gateway.shop_intake import ShopIntake
from shared import objectstore
from shared.contracts.messages import ErasureAsked, UserEvents
from shared.contracts.shop import MAX_EVENT_BYTES
from tests.support.gateway import SECRET, Stand, picture, running_gateway
from tests.support.selling import CLICK, content, counted, images_of, letters, put_item
from tests.support.shops import Shop, running
from tests.support.waiting import until

BROKEN: dict[str, tuple[object, str | None, str]] = {
    "not JSON": (b"hello", "", "JSON"),
    "not an object": (b"[1]", "", "object"),
    "no CloudEvent": ({"sku": "RING-1"}, "specversion", "required"),
    "another version": ({"specversion": "0.3"}, "specversion", "1.0"),
    "no id": ({"id": ""}, "id", "at least 1"),
    "no source": ({"source": None}, "source", "string"),
    "unknown type": ({"type": "shop.item.painted"}, "type", "shop.item.upserted"),
    "our own type": ({"type": "loupe.image.indexed"}, "type", "no type"),
    "no data": ({"data": None}, "data", "object"),
    "a bad field": ({"data": {"sku": "R", "title": "T", "price": -1}}, "data.price", "greater than"),
    "an unknown field": ({"data": {"sku": "R", "title": "T", "tenant": "other"}}, "data.tenant", "not permitted"),
    "a bad SKU": ({"data": {"sku": "a/b", "title": "T"}}, "data.sku", "match"),
    "no picture": ({"type": "shop.image.added", "data": {"sku": "R"}}, "data", "either content or object_key"),
    "bad base64": ({"type": "shop.image.added", "data": {"sku": "R", "content": "!"}}, "data.content", "base64"),
    "a bad user": ({"type": "shop.user.event", "data": CLICK | {"user_id": ""}}, "data.user_id", "match"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_event_that_breaks_the_contract_is_a_dead_letter_with_the_reason_the_field_and_the_original(
    shop_gateway: Stand, shop: Shop, name: str
) -> None:
    body, path, told = BROKEN[name]
    right = {"specversion": "1.0", "id": "1", "source": "/s", "type": "shop.item.upserted", "data": {}}
    if isinstance(body, dict):
        body = json.dumps(body if name == "no CloudEvent" else right | body).encode()
    assert isinstance(body, bytes)
    before = counted("unreadable", "refused")
    shop.send("shop", body)
    put_item(shop)
    (letter,) = letters(shop)
    assert (letter.get("path", ""), letter["original"], letter["bytes"]) == (path, body.decode(), len(body))
    assert told in letter["reason"]
    until(lambda: counted("unreadable", "refused") == before + 1, "it is counted")
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").status_code == 200, "the event behind it is handled")
    until(lambda: shop.waiting("shop") == 0, "nothing is left in the line")


def test_an_event_that_is_too_large_is_a_dead_letter_with_its_start(shop_gateway: Stand, shop: Shop) -> None:
    shop.send("shop", b"x" * (MAX_EVENT_BYTES + 1))
    (letter,) = letters(shop)
    assert letter["bytes"] == MAX_EVENT_BYTES + 1
    assert len(letter["original"]) == 64_000
    assert letter["sha256"] == hashlib.sha256(b"x" * (MAX_EVENT_BYTES + 1)).hexdigest()
    assert "8 MB" in letter["reason"]


def test_what_is_no_picture_is_a_dead_letter_that_says_which_field(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(b"%PDF-1.4 no picture")})
    (letter,) = letters(shop)
    assert letter["path"] == "data.content"
    assert "no picture that Loupe can read" in letter["reason"]
    assert shop_gateway.pictures() == 0


def test_a_picture_may_lie_in_the_shops_part_of_the_bucket_and_in_no_other(shop_gateway: Stand, shop: Shop) -> None:
    incoming = objectstore.open(f"file://{shop_gateway.folder}/objects", "incoming")
    incoming.put("shop", "2026/ring.jpg", picture(1))
    incoming.put("shop", "huge.jpg", picture(2) + bytes(20_000_000))
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "object_key": "2026/ring.jpg"})
    until(lambda: len(images_of(shop_gateway)) == 1, "the picture is there")
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "object_key": "../other/ring.jpg"})
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "object_key": "huge.jpg"})
    climbing, huge = letters(shop, 2)
    assert (climbing["path"], huge["path"]) == ("data.object_key", "data.object_key")
    assert "is no object key" in climbing["reason"]
    assert "20,000,000" in huge["reason"]


def test_a_picture_or_a_click_before_its_item_waits_for_it(shop_gateway: Stand, shop: Shop) -> None:
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
    shop.tell("shop", "shop.user.event", CLICK)
    before = counted("shop.image.added", "retried")
    until(lambda: counted("shop.image.added", "retried") > before, "the picture is held")
    put_item(shop)
    until(lambda: len(images_of(shop_gateway)) == 1, "the picture is there")
    until(lambda: any(isinstance(message, UserEvents) for message in shop_gateway.waiting()), "the click is taken too")
    assert shop.read("shop", "dead") == []


def test_of_two_stocks_before_their_item_the_later_one_holds_and_an_erasure_voids_what_waits(
    shop_gateway: Stand, shop: Shop
) -> None:
    late = {kind: counted(kind, "late") for kind in ("shop.stock.changed", "shop.user.event")}
    for stock in (5, 3):
        shop.tell("shop", "shop.stock.changed", {"sku": "RING-1", "stock": stock})
    shop.tell("shop", "shop.user.event", CLICK)
    shop.tell("shop", "shop.user.erase", {"user_id": CLICK["user_id"]})
    until(lambda: any(isinstance(message, ErasureAsked) for message in shop_gateway.waiting()), "she is erased")
    put_item(shop)
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").json().get("stock") == 3, "the stock is known")
    until(lambda: shop.waiting("shop") == 0, "nothing is left in the line")
    assert {kind: counted(kind, "late") - before for kind, before in late.items()} == dict.fromkeys(late, 1)
    assert not any(isinstance(message, UserEvents) for message in shop_gateway.waiting())
    assert shop.read("shop", "dead") == []


def test_a_picture_whose_item_never_comes_is_a_dead_letter(tmp_path: Path, shop: Shop) -> None:
    with running_gateway(tmp_path) as stand:
        bus = shop.bus()
        parts, letters_store = stand.parts, objectstore.open(f"file://{tmp_path}/objects", "letters")
        events = ShopEvents.of(parts)
        kept, block_list = Originals(letters_store), BlockList(SECRET)
        intake = ShopIntake(bus, stand.catalogue, events, kept, stand.catalogue.ping, block_list, held_seconds=1)
        with running([intake.run]):
            until(lambda: shop.is_served("shop"), "the shop is served")
            shop.tell("shop", "shop.image.added", {"sku": "NO-SUCH", "content": content(picture())})
            until(lambda: intake.oldest_seconds() > 0.5, "it is held, and its age is known")
            (letter,) = letters(shop)
            until(lambda: intake.oldest_seconds() == 0, "nothing is in hand")
        bus.close()
    assert letter["path"] == "data.sku"
    assert "NO-SUCH" in letter["reason"]
