"""Each message of the contract, from a process that imports nothing of ours, on both brokers: its effect is seen over
HTTP, and what is told of it in the line out."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.shop import INCOMING
from shared.shopbus.users import open_users
from tests.support.bus_stack import BusStack
from tests.support.pictures import drawing
from tests.support.servers import RunningServer
from tests.support.snippets import run_alone

OUTSIDE = Path(__file__).with_name("outside.py")
BUSES = ["redis", "rabbitmq"]
SECONDS = 20.0


def story(bus: str) -> list[dict[str, Any]]:
    """The life of a ring, its pictures and those who look at it. Names are this bus's own: both have the same shop."""
    ring, anna, boris, carla = f"RING-{bus}", f"anna-{bus}", f"boris-{bus}", f"carla-{bus}"
    picture = drawing(BUSES.index(bus))
    sha256 = hashlib.sha256(picture).hexdigest()
    item, now = f"/v1/items/{ring}", datetime.now(UTC).isoformat()
    known = {"path": f"/v1/users/{anna}/suggestions", "body": {"cold": False}}

    def told(*types: str) -> list[dict[str, Any]]:
        return [{"type": kind, "data": {"sku": ring}} for kind in types]

    return [
        {
            "name": "an item is put",
            "type": "shop.item.upserted",
            "data": {"sku": ring, "title": "A ring", "price": 490, "currency": "EUR"},
            "path": item,
            "body": {"title": "A ring", "price": 490},
        },
        {
            "name": "a picture is added",
            "type": "shop.image.added",
            "data": {"sku": ring, "content": base64.b64encode(picture).decode()},
            "path": item,
            "body": {"images": [{"state": "indexed"}]},
            "out": told("loupe.image.indexed", "loupe.item.indexed"),
        },
        {
            "name": "its stock changes",
            "type": "shop.stock.changed",
            "data": {"sku": ring, "stock": 3},
            "path": item,
            "body": {"stock": 3, "title": "A ring"},
        },
        {
            "name": "pieces of it come in",
            "type": "shop.stock.received",
            "data": {"sku": ring, "quantity": 2, "unit_cost": 180},
            "path": item,
            "body": {"stock": 5},
        },
        {
            "name": "its pieces are counted, and all are gone",
            "type": "shop.stock.counted",
            "data": {"sku": ring, "quantity": 0, "reason": "stock-take"},
            "path": item,
            "body": {"stock": 0},
            "out": told("loupe.stock.alert"),
        },
        {
            "name": "a shopper looks at it",
            "type": "shop.user.event",
            "data": {"type": "viewed", "user_id": anna, "sku": ring, "at": now},
            **known,
        },
        {
            "name": "an order is placed",
            "type": "shop.order.placed",
            "data": {"order_id": f"o-{bus}", "user_id": boris, "at": now, "lines": [{"sku": ring, "quantity": 1}]},
            "path": f"/v1/users/{boris}/suggestions",
            "body": {"cold": False},
        },
        {
            "name": "an order comes back",
            "type": "shop.order.returned",
            "data": {"order_id": f"o-{bus}", "user_id": carla, "at": now, "lines": [{"sku": ring}]},
            "path": f"/v1/users/{carla}/suggestions",
            "body": {"cold": False},
        },
        {
            "name": "a shopper is forgotten",
            "type": "shop.user.erase",
            "data": {"user_id": boris},
            "path": f"/v1/users/{boris}/suggestions",
            "body": {"cold": True},
            "out": [{"type": "loupe.user.erased", "data": {}}],
        },
        {
            "name": "a shopper is told what is kept of them",
            "type": "shop.user.export",
            "data": {"user_id": carla},
            "path": f"/v1/users/{carla}/suggestions",
            "body": {"cold": False},
            "out": [{"type": "loupe.user.exported", "data": {}}],
        },
        {
            "name": "a picture is removed",
            "type": "shop.image.removed",
            "data": {"sku": ring, "sha256": sha256},
            "path": item,
            "body": {"images": []},
        },
        {
            "name": "a broken picture is added",
            "type": "shop.image.added",
            "data": {"sku": ring, "content": base64.b64encode(picture[: len(picture) // 3]).decode()},
            "path": "/v1/images?state=rejected",
            "body": {"images": [{"sku": ring}]},
            "out": told("loupe.image.rejected", "loupe.item.rejected"),
        },
        {
            "name": "the item is removed",
            "type": "shop.item.removed",
            "data": {"sku": ring},
            "path": item,
            "status": 404,
        },
    ]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusStack]:
    running = BusStack(tmp_path_factory.mktemp("contract"))
    yield running
    running.close()


@pytest.fixture(scope="module", params=BUSES)
def played(
    request: pytest.FixtureRequest, stack: BusStack, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """The broker's name, and what the program outside saw of each step, signed in as the shop's own user."""
    bus_url, admin_url = stack.own_bus_url, None
    if request.param == "rabbitmq":
        server: RunningServer = request.getfixturevalue("running_rabbitmq")
        bus_url, admin_url = server.url, server.admin_url
    users = open_users(bus_url, admin_url)
    assert users
    with stack.hearing(bus_url):
        told = {"bus": users.give("shop"), "shop": "shop", "api": stack.address, "key": stack.key, "seconds": SECONDS}
        said = run_alone(
            OUTSIDE.read_text(),
            "python",
            tmp_path_factory.mktemp("outside"),
            STORY=json.dumps(told | {"steps": story(request.param)}),
        )
    return request.param, json.loads(said)


@pytest.mark.parametrize("name", [step["name"] for step in story("redis")])
def test_a_message_from_outside_has_its_effect_and_is_told_of(played: tuple[str, dict[str, Any]], name: str) -> None:
    bus, saw = played
    (step,) = (step for step in story(bus) if step["name"] == name)
    assert name in saw, "a step before it failed"
    assert saw[name]["seen"] is not None, "the effect is seen over HTTP"
    assert saw[name]["told"] == [event["type"] for event in step.get("out", [])], "it is told in the line out"


def test_every_message_of_the_contract_is_in_the_story() -> None:
    assert {step["type"] for step in story("redis")} == INCOMING.keys()
