"""A shop's webhooks get what becomes of its pictures: signed, tried for a day, never sent where they must not go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from standardwebhooks.webhooks import WebhookVerificationError

from services.gateway.webhooks.dispatch import Dispatcher
from services.gateway.webhooks.tables import DeliveryRow
from tests.support.databases import NewDatabase
from tests.support.gateway import SECRET, Stand, picture, running_gateway
from tests.support.hooked import ALLOWED, admin_and_writer, deliveries, happen, made, shown
from tests.support.receiving import Receiver, admin, dispatching, make_due, pass_time
from tests.support.selling import indexed, stored
from tests.support.shops import running
from tests.support.waiting import until


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    """One that sends."""
    with running_gateway(tmp_path, outward_allow=ALLOWED) as stand, running(dispatching(stand)):
        stand.client.headers |= admin_and_writer(stand)
        yield stand


def test_what_becomes_of_pictures_is_posted_and_the_standards_library_finds_the_signature_good(
    gateway: Stand, receiver: Receiver
) -> None:
    webhook = made(gateway, f"{receiver.url}/loupe?x=1")
    image_id = happen(gateway)
    gateway.put_item("RING-2")
    gateway.upload("RING-2", picture(2))
    outcome = indexed(stored(gateway))
    gateway.handle(outcome)
    gateway.handle(outcome)
    until(lambda: len(receiver.got) == 2, "both are sent")
    deliveries(gateway, webhook, "delivered", 2)
    rejected = next(each for each in receiver.got if each.event["type"] == "loupe.image.rejected")
    event = rejected.verified(webhook["secret"])
    assert (event["data"]["image_id"], event["correlationid"], event["specversion"]) == (image_id, "corr-1", "1.0")
    assert rejected.path == "/loupe?x=1"
    assert rejected.headers["content-type"] == "application/cloudevents+json"
    assert rejected.headers["webhook-id"] == event["id"]
    with pytest.raises(WebhookVerificationError):
        rejected.verified("whsec_" + "A" * 44)
    assert len({each.id for each in receiver.got}) == 2, "what is told again has the same id, and is sent once"


def test_an_indexed_picture_is_told_without_a_shop_bus_and_only_to_whom_asked_for_it(
    gateway: Stand, receiver: Receiver
) -> None:
    made(gateway, f"{receiver.url}/indexed", "loupe.image.indexed")
    made(gateway, f"{receiver.url}/rejected", "loupe.image.rejected", "loupe.webhook.disabled")
    made(gateway, f"{receiver.url}/other", headers=admin(gateway, "other"))
    happen(gateway)
    gateway.put_item("RING-2")
    gateway.upload("RING-2", picture(2))
    gateway.handle(indexed(stored(gateway)))
    until(lambda: len(receiver.got) == 2, "both are sent")
    assert {each.path: each.event["type"] for each in receiver.got} == {
        "/indexed": "loupe.image.indexed",
        "/rejected": "loupe.image.rejected",
    }


def test_what_is_not_taken_is_tried_again_with_the_same_id_and_a_new_time(gateway: Stand, receiver: Receiver) -> None:
    receiver.statuses["/"], receiver.answer = 500, b"no\0room" + b"x" * 5_000
    webhook = made(gateway, f"{receiver.url}/")
    happen(gateway)
    until(lambda: shown(gateway, webhook).get("failing_since"), "the first try failed")
    (waiting,) = deliveries(gateway, webhook, "waiting")
    assert (waiting["attempts"], waiting["status"]) == (1, 500)
    assert "answered 500" in waiting["reason"]
    assert waiting["response"] == "no\N{REPLACEMENT CHARACTER}room" + "x" * 1_017
    receiver.statuses.clear()
    make_due(gateway.catalogue)
    (delivered,) = deliveries(gateway, webhook, "delivered")
    assert (delivered["attempts"], delivered["status"]) == (2, 200)
    assert "reason" not in delivered
    assert "next_attempt_at" not in delivered
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    for each in receiver.got:
        each.verified(webhook["secret"])
    after = shown(gateway, webhook)
    assert after["last_success_at"]
    assert "failing_since" not in after


@pytest.mark.parametrize("status", [302, 429])
def test_a_redirect_is_a_failure_and_who_asks_for_time_gets_it(gateway: Stand, receiver: Receiver, status: int) -> None:
    receiver.statuses["/"] = status
    receiver.headers = {"Location": f"{receiver.url}/elsewhere", "Retry-After": "1800"}
    webhook = made(gateway, f"{receiver.url}/")
    happen(gateway)
    until(lambda: shown(gateway, webhook).get("failing_since"), "the first try failed")
    (waiting,) = deliveries(gateway, webhook, "waiting")
    assert waiting["next_attempt_at"][:16] > waiting["last_attempt_at"][:16], "half an hour later, not five seconds"
    assert [each.path for each in receiver.got] == ["/"]


def test_after_a_day_without_success_a_webhook_is_disabled_and_the_shop_hears_of_it(
    gateway: Stand, receiver: Receiver
) -> None:
    receiver.statuses["/down"] = 500
    webhook = made(gateway, f"{receiver.url}/down")
    other = made(gateway, f"{receiver.url}/up", "loupe.webhook.disabled")
    happen(gateway)
    waited = timedelta()
    for tries in range(1, 10):
        until(lambda: _attempts(gateway, webhook) == tries, f"try {tries}")  # noqa: B023
        (waiting,) = deliveries(gateway, webhook, "waiting")
        assert shown(gateway, webhook)["enabled"]
        gap = datetime.fromisoformat(waiting["next_attempt_at"]) - datetime.fromisoformat(waiting["last_attempt_at"])
        assert gap > waited / 2, "each wait is long for what went before"
        waited += gap
        pass_time(gateway.catalogue, gap)
    assert timedelta(hours=21) < waited < timedelta(hours=26)
    (failed,) = deliveries(gateway, webhook, "failed")
    assert failed["attempts"] == 10
    disabled = shown(gateway, webhook)
    assert disabled["disabled_at"]
    assert "No event was taken since" in disabled["disabled_reason"]
    until(lambda: receiver.at("/up"), "the other webhook of the shop hears of it")
    (notice,) = receiver.at("/up")
    data = notice.verified(other["secret"])["data"]
    assert data["webhook_id"] == webhook["webhook_id"]
    assert "enabled: true" in data["reason"]
    happen(gateway, 1)
    assert len(deliveries(gateway, webhook, "failed")) == 1, "nothing is kept for it"

    receiver.statuses.clear()
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    again = f"{path}/deliveries/{failed['delivery_id']}:redeliver"
    assert gateway.client.post(again).status_code == 409
    assert gateway.client.post(f"{path}/test").status_code == 409
    enabled = gateway.client.patch(path, json={"enabled": True}).json()
    assert enabled["enabled"]
    assert not {"disabled_at", "disabled_reason", "failing_since"} & enabled.keys()
    assert gateway.client.post(again).status_code == 202
    (delivered,) = deliveries(gateway, webhook, "delivered")
    assert (delivered["delivery_id"], delivered["attempts"]) == (failed["delivery_id"], 1)


def _attempts(gateway: Stand, webhook: dict[str, Any]) -> int:
    (only,) = gateway.client.get(f"/v1/webhooks/{webhook['webhook_id']}/deliveries").json()["deliveries"]
    return int(only["attempts"])


def test_one_bad_event_among_good_ones_does_not_disable(gateway: Stand, receiver: Receiver) -> None:
    receiver.statuses["/"] = 500
    webhook = made(gateway, f"{receiver.url}/")
    happen(gateway)
    until(lambda: shown(gateway, webhook).get("failing_since"), "it failed")
    (bad,) = deliveries(gateway, webhook, "waiting")
    receiver.statuses.clear()
    happen(gateway, 1)
    deliveries(gateway, webhook, "delivered")
    receiver.statuses["/"] = 500
    with gateway.catalogue.write() as session:
        session.execute(update(DeliveryRow).where(DeliveryRow.event_id == bad["delivery_id"]).values(attempts=9))
    make_due(gateway.catalogue)
    (failed,) = deliveries(gateway, webhook, "failed")
    assert failed["delivery_id"] == bad["delivery_id"]
    assert shown(gateway, webhook)["enabled"]


def test_a_receiver_that_is_gone_is_disabled_at_once(gateway: Stand, receiver: Receiver) -> None:
    receiver.statuses["/"] = 410
    webhook = made(gateway, f"{receiver.url}/")
    happen(gateway)
    until(lambda: not shown(gateway, webhook)["enabled"], "it is disabled")
    assert shown(gateway, webhook)["disabled_reason"] == "The receiver answered 410 Gone."
    assert len(deliveries(gateway, webhook, "failed")) == 1


def test_a_slow_receiver_holds_up_no_other_and_one_that_is_down_is_asked_one_event_at_a_time(
    gateway: Stand, receiver: Receiver
) -> None:
    receiver.slow.add("/slow")
    slow = made(gateway, f"{receiver.url}/slow")
    made(gateway, f"{receiver.url}/quick")
    for number in range(18):
        happen(gateway, number)
    until(lambda: len(receiver.at("/quick")) == 18, "the quick one has all")
    until(lambda: len(receiver.at("/slow")) == 8, "the slow one was asked eight at a time")
    receiver.statuses["/slow"] = 500
    receiver.release.set()
    until(lambda: written_down(gateway, slow) >= 8, "they failed")
    until(lambda: written_down(gateway, slow) == len(receiver.at("/slow")), "all tries are written down")
    tried = len(receiver.at("/slow"))
    assert tried < 14, "the others wait until it is asked again"
    make_due(gateway.catalogue)
    until(lambda: written_down(gateway, slow) == tried + 1, "it is asked again")
    assert len(receiver.at("/slow")) == tried + 1


def written_down(gateway: Stand, webhook: dict[str, Any]) -> int:
    return sum(each["attempts"] for each in deliveries(gateway, webhook, "waiting", 18))


def test_on_each_database_events_are_made_once_sent_and_written_down(
    new_database: NewDatabase, tmp_path: Path, receiver: Receiver
) -> None:
    with (
        running_gateway(tmp_path, database_url=new_database(), outward_allow=ALLOWED) as stand,
        running([*dispatching(stand), Dispatcher(stand.catalogue, SECRET, stand.parts.outward).run]),
    ):
        stand.client.headers |= admin_and_writer(stand)
        receiver.statuses["/no"] = 500
        good, bad = made(stand, f"{receiver.url}/"), made(stand, f"{receiver.url}/no")
        for number in range(5):
            happen(stand, number)
        deliveries(stand, good, "delivered", 5)
        until(lambda: len([d for d in deliveries(stand, bad, "waiting", 5) if d["attempts"]]) == 5, "tried once each")
        assert len(receiver.at("/")) == 5
        assert len({each.id for each in receiver.at("/")}) == 5
