"""What the client writes of items."""

from __future__ import annotations

import json
from typing import Any

from loupe.client import ItemIn, ItemPut
from loupe.client.api import items
from loupe.client.calls import Body, Call


def test_only_what_is_said_of_an_item_is_sent_so_that_a_gateway_of_the_release_before_understands_it() -> None:
    assert _sent(items.put_item("RING-1", ItemIn(title="A ring", price=490))) == {"title": "A ring", "price": 490}
    assert _sent(items.put_items([ItemPut(sku="RING-1", title="A ring")])) == {
        "items": [{"sku": "RING-1", "title": "A ring"}]
    }


def _sent(call: Call[Any]) -> object:
    assert isinstance(call.body, Body)
    return json.loads(call.body.content)
