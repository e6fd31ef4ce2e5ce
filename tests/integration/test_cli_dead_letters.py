"""`loupe dead-letters`: what could not be handled is looked at, handled again when its cause is mended, or dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from loupe.cli import app
from services.gateway.originals import Originals
from shared import messaging, objectstore
from shared.contracts.messages import (
    ImageAnalysed,
    ImageIndexed,
    ImageStored,
    ItemChanged,
    Message,
    MessageDied,
    UserEvents,
)
from tests.support.gateway import SECRET, Stand, picture, running_gateway
from tests.support.remembering import event
from tests.support.selling import content, images_of, put_item
from tests.support.shops import RedisShop, Shop
from tests.support.waiting import until


def loupe(gateway: Stand, shop: Shop | None, *arguments: str, **more: str) -> Result:
    here = {
        "GATEWAY_DATABASE_URL": f"sqlite:///{gateway.folder}/gateway.db",
        "GATEWAY_SECRET": SECRET,
        "OBJECT_STORE_URL": f"file://{gateway.folder}/objects",
        **({"SHOP_BUS_URL": shop.url} if shop else {}),
    }
    return CliRunner(env=here | more).invoke(app, ["dead-letters", *arguments])


def said(result: Result) -> str:
    """Without what the gateway, which runs in this process too, logs meanwhile."""
    lines = result.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if " [info " not in line and " [warning " not in line)


def done(gateway: Stand, shop: Shop | None, *arguments: str, **more: str) -> str:
    result = loupe(gateway, shop, *arguments, **more)
    assert result.exit_code == 0, result.output
    return said(result)


def listed(gateway: Stand, shop: Shop | None, *arguments: str) -> list[list[str]]:
    """The words of each line, the id first."""
    lines = done(gateway, shop, "list", *arguments).splitlines()
    return [line.split() for line in lines[1:]] if lines[0].startswith("id") else []


def test_an_event_is_replayed_once_its_cause_is_mended_and_taken_out_then(shop_gateway: Stand, shop: Shop) -> None:
    incoming = objectstore.open(f"file://{shop_gateway.folder}/objects", "incoming")
    incoming.put("shop", "ring.jpg", b"no picture")
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "object_key": "ring.jpg"})
    shop.tell("shop", "shop.item.upserted", {"sku": "RING-2", "title": ""})
    until(lambda: len(listed(shop_gateway, shop)) == 2, "both are dead")
    first, second = listed(shop_gateway, shop)
    assert (first[3:7], second[3:7]) == (
        ["shop", "shop.image.added", "shop", "bus"],
        ["shop", "shop.item.upserted", "shop", "bus"],
    )
    assert "data.title" in " ".join(second)
    assert '"title": ""' in done(shop_gateway, shop, "show", second[0])
    assert (len(listed(shop_gateway, shop, "--limit", "1")), listed(shop_gateway, shop, "--tenant", "other")) == (2, [])

    incoming.put("shop", "ring.jpg", picture())
    assert done(shop_gateway, shop, "replay", first[0]) == "1 replayed, 0 left\n"
    until(lambda: len(images_of(shop_gateway)) == 1, "the picture is taken")
    assert [line[0] for line in listed(shop_gateway, shop)] == [second[0]]
    assert done(shop_gateway, shop, "drop", "--all") == "1 dropped, 0 left\n"
    assert "There are no dead letters." in done(shop_gateway, shop, "list")
    gone = loupe(shop_gateway, shop, "drop", second[0])
    assert (gone.exit_code, "There is no dead letter" in gone.stderr) == (1, True)
    until(lambda: shop.waiting("shop") == 0, "nothing is left in the line")


def test_a_long_event_is_replayed_whole(shop_gateway: Stand, shop: Shop) -> None:
    put_item(shop)
    shop.tell("shop", "shop.image.added", {"sku": "RING-1", "content": content(b"x" * 100_000)})
    until(lambda: listed(shop_gateway, shop), "it is dead")
    shown = loupe(shop_gateway, shop, "show", listed(shop_gateway, shop)[0][0])
    assert "path: data.content" in shown.stdout
    assert "These are the first characters of 133," in shown.stderr
    assert done(shop_gateway, shop, "replay", "--all", "--tenant", "shop") == "1 replayed, 0 left\n"
    until(lambda: listed(shop_gateway, shop), "it is refused again")
    again = loupe(shop_gateway, shop, "show", listed(shop_gateway, shop)[0][0])
    assert (said(again), again.stderr) == (said(shown).replace(at(shown), at(again)), shown.stderr)
    objectstore.open(f"file://{shop_gateway.folder}/objects", "letters").delete("shop", sha256_in(shop_gateway))
    kept = loupe(shop_gateway, shop, "replay", "--all")
    assert (kept.exit_code, said(kept)) == (1, "0 replayed, 1 left\n")
    assert "The shop has to send it again" in kept.stderr


def at(shown: Result) -> str:
    return next(line for line in shown.stdout.splitlines() if line.startswith("at: "))


def sha256_in(gateway: Stand) -> str:
    (key,) = objectstore.open(f"file://{gateway.folder}/objects", "letters").keys("shop")
    return key


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        stand.put_item("RING-1")
        yield stand


def die(gateway: Stand, message: Message) -> None:
    payload = message.model_dump(mode="json")
    gateway.handle(
        MessageDied(
            tenant="shop",
            correlation_id="c",
            source=message.name,
            queue="indexer",
            reason="No room.",
            payload=payload,
        )
    )


def test_a_message_is_replayed_by_the_outbox_and_a_picture_from_its_start(gateway: Stand) -> None:
    gateway.upload("RING-1", picture())
    item, stored = gateway.waiting()
    assert isinstance(stored, ImageStored)
    analysed = ImageAnalysed(**stored.model_dump(exclude={"attempt"}), model_version="m-1")
    events = UserEvents(tenant="shop", correlation_id="c", batch_id="b", events=[event(user_id="anna")])
    for message in (item, analysed, stored, events):
        die(gateway, message)
    assert (gateway.waiting(), images_of(gateway)[0]["state"]) == ([], "rejected")
    assert [line[4:6] for line in listed(gateway, None)] == [
        [name, "indexer"] for name in ("item.changed", "image.analysed", "image.stored", "user.events")
    ]
    assert done(gateway, None, "replay", "--all") == "4 replayed, 0 left\n"
    assert [type(message) for message in gateway.waiting()] == [ItemChanged, ImageStored, UserEvents]
    assert (images_of(gateway)[0]["state"], listed(gateway, None)) == ("stored", [])


def test_what_is_in_no_outbox_goes_by_the_broker_and_what_nobody_can_read_stays(
    gateway: Stand, redis_shop: Shop
) -> None:
    image = {"tenant": "shop", "correlation_id": "c", "sku": "RING-1", "image_id": "0" * 36}
    outcome = ImageIndexed(**image, model_version="m-1")
    die(gateway, outcome)
    die(gateway, outcome.model_copy(update={"image_id": "?"}))
    without = loupe(gateway, None, "replay", "--all")
    assert "set BROKER_URL" in without.stderr
    assert len(listed(gateway, None)) == 2
    replayed = loupe(gateway, None, "replay", "--all", BROKER_URL=redis_shop.url)
    assert (replayed.exit_code, said(replayed)) == (1, "1 replayed, 1 left\n")
    assert "breaks its contract" in replayed.stderr
    broker = messaging.open(redis_shop.url, "test")
    assert broker.depth("gateway").waiting == 1
    broker.close()
    many = loupe(gateway, None, "drop")
    assert "--all" in many.stderr


def test_what_somebody_else_put_among_the_letters_can_be_dropped(gateway: Stand, redis_shop: Shop) -> None:
    assert isinstance(redis_shop, RedisShop)
    redis_shop.forget_all()
    for number in range(150):
        redis_shop.redis.xadd("loupe:shop:shop:dead", {"event": f"hello {number}"})
    assert len(listed(gateway, redis_shop, "--limit", "200")) == 150
    kept = loupe(gateway, redis_shop, "replay", "--all")
    assert (kept.exit_code, said(kept)) == (1, "0 replayed, 150 left\n")
    assert done(gateway, redis_shop, "drop", "--all") == "150 dropped, 0 left\n"


def test_originals_are_forgotten_after_a_while(tmp_path: Path) -> None:
    originals = Originals(objectstore.open(f"file://{tmp_path}", "letters"))
    originals.keep("shop", b"ours")
    originals.keep("other", b"theirs")
    now = datetime.now(UTC)
    assert originals.forget("shop", now - timedelta(minutes=1)) == 0
    assert originals.forget("shop", now + timedelta(minutes=1)) == 1
    assert originals.find("shop", hashlib.sha256(b"ours").hexdigest()) is None
    assert originals.find("other", hashlib.sha256(b"theirs").hexdigest()) == b"theirs"
