"""A store, the bus or the gateway away in the middle: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from shared import shopbus
from shared.contracts.messages import ImageStored, ItemChanged, UserEvents
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.selling import CLICK, content, counted, images_of, indexed, put_item, stored
from tests.support.shops import Shop, running, shop_loops
from tests.support.waiting import until


def test_while_the_object_store_is_away_events_wait_in_order_and_none_is_lost(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop)
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").status_code == 200, "the item is there")
    folder = shop_gateway.folder / "objects" / "pictures"
    folder.rename(shop_gateway.folder / "aside")
    folder.write_text("no folder")
    before = counted("shop.image.added", "retried")
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
    put_item(shop, title="A later title")
    until(lambda: counted("shop.image.added", "retried") > before, "the picture waits")
    assert shop_gateway.client.get("/v1/items/RING-1").json()["title"] == "A ring"
    folder.unlink()
    (shop_gateway.folder / "aside").rename(folder)
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").json()["title"] == "A later title", "all is handled")
    assert len(images_of(shop_gateway)) == 1
    assert shop.read("shop", "dead") == []


def test_while_the_bus_is_away_http_goes_on_and_both_ways_go_on_when_it_is_back(
    shop_gateway: Stand, shop: Shop
) -> None:
    put_item(shop)
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").status_code == 200, "the item is there")
    shop.server.stop()
    shop_gateway.upload("RING-1", picture())
    shop_gateway.handle(indexed(stored(shop_gateway)))
    shop.server.start()
    until(lambda: len(shop.read("shop", "out")) == 2, "the shop is told", 60)
    put_item(shop, title="A later title")
    until(lambda: shop_gateway.client.get("/v1/items/RING-1").json()["title"] == "A later title", "and heard", 60)


def test_while_too_much_waits_a_picture_waits_in_the_shops_queue_and_what_takes_away_is_taken(
    tmp_path: Path, shop: Shop
) -> None:
    with running_gateway(tmp_path, shop_bus_url=shop.url, backlog_limit=2) as stand:
        for sku in ("RING-1", "RING-2"):
            stand.put_item(sku)
        stand.parts.backlog.look()
        before = counted("shop.image.added", "retried")
        with running(shop_loops(stand.service)):
            until(lambda: shop.is_served("shop") and shop.is_served("other"), "both shops are served")
            shop.tell("other", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
            until(lambda: counted("shop.image.added", "retried") > before, "the picture waits")
            shop.tell("shop", "shop.item.removed", {"sku": "RING-2"})
            until(lambda: stand.client.get("/v1/items/RING-2").status_code == 404, "the removal is taken")
            assert images_of(stand) == []
            stand.client.put("/v1/items/RING-1", json={"title": "Ring"})
            with stand.catalogue.write() as session:
                session.connection().exec_driver_sql("DELETE FROM outbox")
            stand.parts.backlog.look()
            shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
            until(lambda: len(images_of(stand)) == 1, "there is room for pictures again")
        assert shop.read("shop", "dead") == []


def in_line(shop: Shop, count: int) -> bool:
    return shop.waiting("shop") == count


DIES = """
import os, signal, sys, threading
from pathlib import Path
from shared import shopbus
from tests.support.gateway import running_gateway
from tests.support.shops import running, shop_loops

folder, url, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3].encode()

def dying(done):
    def die(bus, delivery):
        if kind in delivery.body:
            os.kill(os.getpid(), signal.SIGKILL)
        done(bus, delivery)
    return die

for adapter in (shopbus.RedisStreams, shopbus.AmqpBus):
    adapter.done = dying(adapter.done)
with running_gateway(folder, shop_bus_url=url) as stand:
    with running(shop_loops(stand.service)):
        threading.Event().wait(60)
"""


def test_a_gateway_killed_between_effect_and_settling_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, shop: Shop
) -> None:
    with running_gateway(tmp_path):
        pass  # the shop is made
    bus = shopbus.open(shop.url)
    bus.receive(["shop"], 0)
    bus.close()
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(picture())})
    shop.tell("shop", "shop.user.event", CLICK, id="click-1")
    for left, kind in ((3, "shop.item.upserted"), (2, "shop.image.added"), (1, "shop.user.event")):
        died = subprocess.run(
            [sys.executable, "-c", DIES, str(tmp_path), shop.url, kind],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            timeout=90,
        )
        assert died.returncode == -signal.SIGKILL
        until(partial(in_line, shop, left), "what was not settled is back in line")
        shop.hurry()
    with running_gateway(tmp_path, shop_bus_url=shop.url) as stand, running(shop_loops(stand.service)):
        until(lambda: any(isinstance(message, UserEvents) for message in stand.waiting()), "the click is taken")
        assert len(images_of(stand)) == 1
        messages = stand.waiting()
        assert [type(message) for message in messages[:2]] == [ItemChanged, ImageStored]
        clicks = [message for message in messages if isinstance(message, UserEvents)]
        assert {event.id for message in clicks for event in message.events} == {"click-1"}
    until(lambda: shop.waiting("shop") == 0, "all is settled")
    assert shop.read("shop", "dead") == []
