"""An event for a webhook outlives the process that sends it, and a shop hears by queue what happens to its webhooks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from sqlalchemy import select

from services.gateway.tables import ShopNews
from services.gateway.webhooks.deliveries import add_deliveries, forget_shopper
from services.gateway.webhooks.tables import DeliveryRow
from shared.contracts.messages import ImageRejected
from shared.contracts.webhooks import WebhookIn
from tests.support.gateway import SECRET, Stand, picture, running_gateway
from tests.support.receiving import dispatching, make_due, receiving
from tests.support.shops import Shop, running, shop_loops
from tests.support.waiting import until

ALLOWED = ["127.0.0.0/8"]


@contextmanager
def sending(stand: Stand) -> Iterator[subprocess.Popen[bytes]]:
    url = f"sqlite:///{stand.folder}/gateway.db"
    command = [sys.executable, "-m", "tests.support.sending", url, SECRET]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def happen(stand: Stand) -> None:
    stand.put_item()
    image_id = stand.upload("RING-1", picture())
    fields = {"tenant": "shop", "correlation_id": "c", "sku": "RING-1", "image_id": image_id}
    stand.handle(ImageRejected(**fields, code="damaged", reason="Cut off."))


def rows(stand: Stand) -> list[DeliveryRow]:
    with stand.catalogue.read() as session:
        return list(session.execute(select(DeliveryRow)).scalars())


def test_events_whose_sender_is_killed_are_sent_again_with_the_same_ids_and_none_is_lost(tmp_path: Path) -> None:
    events = [{"id": str(number), "type": "loupe.image.indexed", "data": {"sku": "RING-1"}} for number in range(60)]
    with running_gateway(tmp_path, outward_allow=ALLOWED) as stand, receiving() as receiver:
        receiver.slow.add("/")
        made = stand.parts.webhooks.add("shop", WebhookIn(url=f"{receiver.url}/", types={"*"}))
        with stand.catalogue.write() as session:
            add_deliveries(session, [{"tenant": "shop", "event": orjson.dumps(each).decode()} for each in events])
        with sending(stand) as first:
            until(lambda: len(receiver.got) == 8, "as many as may be are under way")
            first.kill()
        assert {(row.state, row.attempts) for row in rows(stand)} == {("waiting", 0)}
        assert all(row.next_at for row in rows(stand)), "each is due again once its try is over"
        receiver.release.set()
        make_due(stand.catalogue)
        with sending(stand):
            until(lambda: {row.state for row in rows(stand)} == {"delivered"}, "all are sent")
        bodies = {each.id: each.body for each in receiver.got}
        assert bodies == {each["id"]: orjson.dumps(each) for each in events}
        assert len(receiver.got) == 68, "those under way came twice"
        assert [each.verified(made.secret)["id"] for each in receiver.got] == [each.id for each in receiver.got]


def test_a_shop_hears_by_queue_that_its_webhook_was_disabled_and_its_webhook_what_its_queue_hears(
    tmp_path: Path, redis_shop: Shop
) -> None:
    redis_shop.forget_all()
    with (
        running_gateway(tmp_path, shop_bus_url=redis_shop.url, outward_allow=ALLOWED) as stand,
        receiving() as receiver,
        running([*dispatching(stand), *shop_loops(stand.service)]),
    ):
        receiver.statuses["/gone"] = 410
        gone = stand.parts.webhooks.add("shop", WebhookIn(url=f"{receiver.url}/gone", types={"loupe.image.rejected"}))
        stand.parts.webhooks.add("shop", WebhookIn(url=f"{receiver.url}/", types={"*"}))
        happen(stand)
        until(lambda: "loupe.webhook.disabled" in str(redis_shop.heard("shop")), "it is told by queue")
        until(lambda: len(receiver.at("/")) == len(redis_shop.heard("shop")), "and to the other webhook")
        by_queue = {event["id"]: event for event in redis_shop.heard("shop")}
        assert by_queue == {each.id: each.event for each in receiver.at("/")}
        notice = next(event for event in by_queue.values() if event["type"] == "loupe.webhook.disabled")
        assert notice["data"]["webhook_id"] == gone.webhook_id


def test_without_a_shop_bus_nothing_piles_up_for_it(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand, running(stand.service.background[-1:]):
        happen(stand)
        until(lambda: _unread(stand) == 0, "nobody reads it by queue")


def _unread(stand: Stand) -> int:
    with stand.catalogue.read() as session:
        return len(session.execute(select(ShopNews.id)).all())


def test_who_wants_to_hear_of_shoppers_says_so_and_an_erased_shopper_is_forgotten(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand:
        everything, named = (
            stand.parts.webhooks.add("shop", WebhookIn(url="https://nobody.invalid/", types=types))
            for types in ({"*"}, {"*", "loupe.suggestions.changed"})
        )
        with stand.catalogue.write() as session:
            for number, user_id in enumerate(('anna"%', "anna")):
                event = {"id": str(number), "type": "loupe.suggestions.changed", "data": {"user_id": user_id}}
                add_deliveries(session, [{"tenant": "shop", "event": orjson.dumps(event).decode()}])
        assert {row.webhook_id for row in rows(stand)} == {named.webhook_id}
        assert everything.webhook_id != named.webhook_id
        with stand.catalogue.write() as session:
            forget_shopper(session, "other", user_id="anna")
            forget_shopper(session, "shop", session_id="anna")
            forget_shopper(session, "shop", user_id='anna"%')
        assert [orjson.loads(row.event)["data"]["user_id"] for row in rows(stand)] == ["anna"]
