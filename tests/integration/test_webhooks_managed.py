"""What a shop asks of its webhooks: secrets, tests, pages of deliveries, changes; and what it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from shared.contracts import shop as shop_contract
from shared.contracts.webhooks import EventType
from tests.support.gateway import Stand, running_gateway
from tests.support.hooked import ALLOWED, OF_PICTURES, admin_and_writer, deliveries, happen, made, shown
from tests.support.receiving import Receiver, admin, dispatching, make_due, pass_time
from tests.support.shops import running
from tests.support.waiting import until


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    """One that sends."""
    with running_gateway(tmp_path, outward_allow=ALLOWED) as stand, running(dispatching(stand)):
        stand.client.headers |= admin_and_writer(stand)
        yield stand


def test_a_new_secret_and_the_one_before_sign_both_for_a_day(gateway: Stand, receiver: Receiver) -> None:
    webhook = made(gateway, f"{receiver.url}/")
    new = gateway.client.post(f"/v1/webhooks/{webhook['webhook_id']}/secret")
    assert new.headers["cache-control"] == "no-store"
    assert new.json()["secret"] != webhook["secret"]
    happen(gateway)
    until(lambda: receiver.got, "it is sent")
    receiver.got[0].verified(webhook["secret"])
    receiver.got[0].verified(new.json()["secret"])
    pass_time(gateway.catalogue, timedelta(hours=24))
    happen(gateway, 1)
    until(lambda: len(receiver.got) == 2, "it is sent")
    receiver.got[1].verified(new.json()["secret"])
    with pytest.raises(WebhookVerificationError):
        receiver.got[1].verified(webhook["secret"])


def test_a_test_event_is_sent_whatever_the_types_tried_once_and_says_what_came_of_it(
    gateway: Stand, receiver: Receiver
) -> None:
    webhook = made(gateway, f"{receiver.url}/", "loupe.item.indexed")
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    sent = gateway.client.post(f"{path}/test")
    assert (sent.status_code, sent.json()["type"]) == (202, "loupe.webhook.test")
    until(lambda: gateway.client.get(sent.headers["location"]).json()["state"] == "delivered", "it arrives")
    assert receiver.got[0].verified(webhook["secret"]) == gateway.client.get(sent.headers["location"]).json()["event"]
    receiver.statuses["/"] = 500
    failing = gateway.client.post(f"{path}/test")
    until(lambda: gateway.client.get(failing.headers["location"]).json()["state"] == "failed", "it failed")
    assert gateway.client.get(failing.headers["location"]).json()["attempts"] == 1
    assert "failing_since" not in shown(gateway, webhook)


def test_deliveries_come_in_pages_newest_first_for_seven_days(gateway: Stand, receiver: Receiver) -> None:
    webhook = made(gateway, f"{receiver.url}/")
    for number in range(3):
        happen(gateway, number)
    deliveries(gateway, webhook, "delivered", 3)
    path = f"/v1/webhooks/{webhook['webhook_id']}/deliveries"
    first = gateway.client.get(path, params={"limit": 2}).json()
    second = gateway.client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert "next_cursor" not in second
    times = [each["created_at"] for each in first["deliveries"] + second["deliveries"]]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 3
    elsewhere = gateway.client.get(path, params={"state": "failed", "cursor": first["next_cursor"]})
    assert elsewhere.status_code == 400


def test_a_change_of_address_gets_what_is_on_its_way_and_a_removal_ends_it(gateway: Stand, receiver: Receiver) -> None:
    receiver.statuses["/old"] = 500
    webhook = made(gateway, f"{receiver.url}/old")
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    happen(gateway)
    until(lambda: shown(gateway, webhook).get("failing_since"), "it failed")
    changed = gateway.client.patch(path, json={"url": f"{receiver.url}/new", "description": "the new one"}).json()
    assert (changed["description"], changed["types"]) == ("the new one", list(OF_PICTURES))
    make_due(gateway.catalogue)
    until(lambda: receiver.at("/new"), "the new address has it")
    assert gateway.client.patch(path, json={"enabled": False}).json()["disabled_reason"] == "The shop disabled it."
    assert gateway.client.delete(path).status_code == 204
    assert gateway.client.get(path).status_code == 404
    assert gateway.client.get(f"{path}/deliveries").status_code == 404
    happen(gateway, 1)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"url": "http://10.0.0.1/", "types": ["*"]}, "body.url"),
        ({"url": "https://169.254.169.254/latest/meta-data", "types": ["*"]}, "body.url"),
        ({"url": "https://[::1]/", "types": ["*"]}, "body.url"),
        ({"url": "http://1.1.1.1/", "types": ["*"]}, "body.url"),
        ({"url": "https://1.1.1.1:6379/", "types": ["*"]}, "body.url"),
        ({"url": "ftp://shop.example/", "types": ["*"]}, "body.url"),
        ({"url": "https://shop.example/ä", "types": ["*"]}, "body.url"),
        ({"url": "https://shop.example/", "types": []}, "body.types"),
        ({"url": "https://shop.example/", "types": ["loupe.event.refused"]}, "body.types"),
        ({"url": "https://shop.example/", "types": ["*"], "secret": "mine"}, "body.secret"),
    ],
)
def test_what_breaks_the_contract_is_refused_with_the_path(gateway: Stand, body: dict[str, Any], path: str) -> None:
    answer = gateway.client.post("/v1/webhooks", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].startswith(path)
    assert gateway.client.get("/v1/webhooks").json() == {"webhooks": []}


def test_a_shop_has_up_to_twenty_webhooks_and_another_shops_are_not_there(gateway: Stand) -> None:
    body = {"url": "https://nobody.invalid/", "types": ["*"]}
    answers = [gateway.client.post("/v1/webhooks", json=body) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [409]
    assert len({answer.json()["secret"] for answer in answers[:20]}) == 20
    listed = gateway.client.get("/v1/webhooks")
    assert "whsec_" not in listed.text
    assert [each["webhook_id"] for each in listed.json()["webhooks"]] == [a.json()["webhook_id"] for a in answers[:20]]
    theirs = admin(gateway, "other")
    assert gateway.client.get("/v1/webhooks", headers=theirs).json() == {"webhooks": []}
    path = f"/v1/webhooks/{answers[0].json()['webhook_id']}"
    for method, address in [
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/secret"),
        ("POST", f"{path}/test"),
        ("GET", f"{path}/deliveries"),
    ]:
        assert gateway.client.request(method, address, headers=theirs, json={}).status_code == 404, (method, address)


def test_every_type_that_shops_are_told_can_be_asked_for() -> None:
    assert _told(shop_contract.Outgoing) - {"loupe.event.refused", "loupe.webhook.test"} <= set(get_args(EventType))


def _told(data: type[shop_contract.Outgoing]) -> set[str]:
    kinds = {data.event_type} if hasattr(data, "event_type") else set()
    return kinds.union(*(_told(each) for each in data.__subclasses__()))
