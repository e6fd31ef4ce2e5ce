"""A shop on RabbitMQ, by the snippets of the page on queues as they stand, signed in as a shop is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kombu.connection import Connection

from shared.contracts.messages import UserEvents
from shared.shopbus.users import open_users
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.selling import indexed, stored
from tests.support.servers import RunningServer
from tests.support.shops import Shop, running, shop_loops
from tests.support.snippets import run_alone, snippet, snippets
from tests.support.upstreams import served
from tests.support.waiting import until

PAGE = "docs/queue.md"


@pytest.fixture
def gateway(tmp_path: Path, amqp_shop: Shop) -> Iterator[Stand]:
    amqp_shop.forget_all()
    with running_gateway(tmp_path, shop_bus_url=amqp_shop.url) as stand, running(shop_loops(stand.service)):
        until(lambda: amqp_shop.is_served("shop"), "the shop is served")
        yield stand


def address(server: RunningServer, *, management: bool = False) -> dict[str, str]:
    """What the shop is told of the bus, as the snippets name it."""
    users = open_users(server.url, server.admin_url)
    assert users
    url = users.give("shop", management=management)
    parts, api = urlsplit(url), urlsplit(str(server.admin_url))
    return {
        "SHOP": "shop",
        "SHOP_BUS_URL": url,
        "BUS_HOST": str(parts.hostname),
        "BUS_PASSWORD": str(parts.password),
        "MANAGEMENT_PORT": str(api.port),
    }


def test_from_python(gateway: Stand, tmp_path: Path, amqp_shop: Shop, running_rabbitmq: RunningServer) -> None:
    (tmp_path / "ring.jpg").write_bytes(picture())
    code, here = snippet(PAGE, "python", "import kombu"), address(running_rabbitmq)
    with ThreadPoolExecutor() as pool:
        said = pool.submit(run_alone, code, "python", tmp_path, **here)
        gateway.handle(indexed(stored(gateway)))
        heard = [line for line in said.result(60).splitlines() if line.endswith(" RING-1")]
        assert heard[0] == "loupe.image.indexed RING-1", "what comes while it closes is heard too"
    until(lambda: any(isinstance(message, UserEvents) for message in gateway.waiting()), "the click is taken")
    assert amqp_shop.read("shop", "dead") == []


def told_of_a_picture(gateway: Stand, shop: Shop) -> None:
    """Something lies in the line out, and something in the dead letters."""
    gateway.put_item("RING-1")
    gateway.upload("RING-1", picture())
    gateway.handle(indexed(stored(gateway)))
    shop.tell("shop", "shop.item.sold", {"sku": "RING-1"})
    with Connection(shop.url) as connection, connection.channel() as channel:

        def lie_there() -> bool:
            lines = [channel.queue_declare(f"loupe.shop.shop.{line}", passive=True) for line in ("out", "dead")]
            return all(line.message_count for line in lines)

        until(lie_there, "both are told")


def test_by_rabbitmqs_own_tool(
    gateway: Stand, tmp_path: Path, amqp_shop: Shop, running_rabbitmq: RunningServer
) -> None:
    told_of_a_picture(gateway, amqp_shop)
    here = address(running_rabbitmq, management=True)
    said = run_alone(snippet(PAGE, "sh", "$admin publish"), "sh", tmp_path, **here)
    assert "Message published" in said
    assert "loupe.image.indexed" in said
    assert "loupe.event.refused" in said
    until(lambda: gateway.client.get("/v1/items/RING-2").status_code == 200, "the item is there")


def test_with_curl_by_the_brokers_http_and_by_ours(
    gateway: Stand, tmp_path: Path, amqp_shop: Shop, running_rabbitmq: RunningServer
) -> None:
    told_of_a_picture(gateway, amqp_shop)
    sending, looking = snippets(PAGE, "sh", "## On RabbitMQ, with curl")
    said = run_alone(sending, "sh", tmp_path, **address(running_rabbitmq, management=True))
    assert '"routed":true' in said
    assert "loupe.image.indexed" in said
    with served(gateway.service.http) as url:
        shown = run_alone(looking, "sh", tmp_path, API=f"{url}/v1", KEY=KEY)
    assert json.loads(shown)["title"] == 'My third ring, 6" round'
