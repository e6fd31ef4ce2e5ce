"""A shop that speaks by queue: the same effects as over HTTP, and what it is told."""

from __future__ import annotations

from typing import Any

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from services.gateway import tenants
from shared.contracts.messages import ImageRejected, ImageStored, ItemChanged, UserEvents
from tests.support.gateway import OTHER_KEY, SECRET, Stand, picture
from tests.support.selling import CLICK, content, images_of, indexed, put_item, stored
from tests.support.shops import Shop
from tests.support.waiting import until


def test_an_item_its_picture_and_a_click_have_the_effects_that_http_has(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop, price=490, currency="EUR", tags=["gold"])
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())}, correlationid="corr-1")
    shop.tell("shop", "shop.user.event", CLICK, id="click-1")
    until(lambda: len(shop_gateway.waiting()) == 3, "all three are taken")
    item, image, events = shop_gateway.waiting()
    shown = shop_gateway.client.get("/v1/items/RING-1").json()
    assert (shown["title"], shown["price"], shown["tags"], shown["revision"]) == ("A ring", 490, ["gold"], 1)
    assert shown["images"][0]["state"] == "stored"
    assert isinstance(item, ItemChanged)
    assert isinstance(image, ImageStored)
    assert image.correlation_id == "corr-1"
    assert isinstance(events, UserEvents)
    assert events.events[0].id == "click-1"
    assert shop_gateway.client.get(shown["images"][0]["image_url"]).content == picture()
    until(lambda: shop.waiting("shop") == 0, "nothing is left in the line")

    put_item(shop, price=490, currency="EUR", tags=["gold"])
    shop.tell("shop", "shop.item.removed", {"sku": "RING-1"})
    shop.tell("shop", "shop.item.removed", {"sku": "RING-1"})
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").status_code == 404, "it is removed")
    until(lambda: shop.waiting("shop") == 0, "nothing is left in the line")
    assert [message.revision for message in shop_gateway.waiting() if isinstance(message, ItemChanged)] == [1, 2]
    assert shop.read("shop", "dead") == []


def test_a_shop_hears_that_a_picture_can_be_found_and_a_repeat_has_the_same_id(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())}, correlationid="corr-1")
    outcome = indexed(stored(shop_gateway), type={"value": "ring", "confidence": 0.9})
    shop_gateway.handle(outcome)
    shop_gateway.handle(outcome)
    until(lambda: len(shop.heard("shop")) == 4, "both are told")
    first, whole, second, whole_again = shop.heard("shop")
    assert whole["type"] == "loupe.item.indexed"
    assert whole["data"] == {"sku": "RING-1", "images": [{"image_id": outcome.image_id, "state": "indexed"}]}
    assert whole["id"] == whole_again["id"]
    assert (first["type"], first["correlationid"]) == ("loupe.image.indexed", "corr-1")
    assert first["data"] == {
        "sku": "RING-1",
        "image_id": outcome.image_id,
        "model_version": "model-1",
        "type": {"value": "ring", "confidence": 0.9},
        "warnings": [],
    }
    assert (first["source"], first["id"]) == (second["source"], second["id"])


def test_the_shop_hears_why_a_picture_is_rejected_and_nothing_of_a_removed_one(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
    image = stored(shop_gateway)
    fields = {"tenant": "shop", "correlation_id": "c", "sku": "RING-1", "image_id": image.image_id}
    shop_gateway.handle(ImageRejected(**fields, code="damaged", reason="The picture is cut off."))
    until(lambda: len(shop.heard("shop")) == 2, "it is told")
    of_image, of_item = shop.heard("shop")
    assert (of_image["type"], of_item["type"]) == ("loupe.image.rejected", "loupe.item.rejected")
    assert of_image["data"]["reason"] == of_item["data"]["images"][0]["reason"] == "The picture is cut off."
    shop_gateway.client.delete(f"/v1/images/{image.image_id}")
    shop_gateway.handle(indexed(image))
    shop_gateway.handle(ImageRejected(**fields, code="damaged", reason="Again."))
    put_item(shop, title="Another title")
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").json()["title"] == "Another title", "the next is handled")
    assert len(shop.heard("shop")) == 2


def test_the_cloudevents_library_and_loupe_understand_each_other(shop_gateway: Stand, shop: Shop) -> None:
    said = CloudEvent({"source": "/shop", "type": "shop.item.upserted"}, {"sku": "RING-1", "title": "A ring"})
    shop.send("shop", JSONFormat().write(said))
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
    shop_gateway.handle(indexed(stored(shop_gateway)))
    until(lambda: shop.read("shop", "out"), "it is told")
    heard = JSONFormat().read(None, shop.read("shop", "out")[0])
    assert (heard.get_type(), heard.get_source()) == ("loupe.image.indexed", "/loupe")


def test_two_shops_with_the_same_skus_do_not_mix(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop, "shop", title="Ours")
    put_item(shop, "other", title="Theirs")
    shop.tell("other", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
    theirs: dict[str, Any] = {"headers": {"Authorization": f"Bearer {OTHER_KEY}"}}
    until(lambda: images_of(shop_gateway, **theirs), "their picture is there")
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").status_code == 200, "our item is there")
    assert shop_gateway.client.get("/v1/items/RING-1").json()["title"] == "Ours"
    assert shop_gateway.client.get("/v1/items/RING-1", **theirs).json()["title"] == "Theirs"
    assert images_of(shop_gateway) == []
    shop_gateway.handle(indexed(stored(shop_gateway)))
    until(lambda: shop.read("other", "out"), "they are told")
    assert shop.read("shop", "out") == []


def test_a_new_shop_is_heard_without_a_restart(shop_gateway: Stand, shop: Shop) -> None:
    key = tenants.add_tenant(shop_gateway.catalogue, SECRET, "newcomer")
    until(lambda: shop.is_served("newcomer"), "its line is served", 5)
    put_item(shop, "newcomer")
    answer: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}}
    until(lambda: shop_gateway.client.get("/v1/items/RING-1", **answer).status_code == 200, "its item is there")
