"""What the client writes in bodies."""

from __future__ import annotations

import json
from typing import Any

from loupe.client import ItemIn, ItemPatch, ItemPut
from loupe.client.api import inventory, items, operations
from loupe.client.calls import Body, Call
from shared.contracts.stock import Movement


def test_only_what_is_said_is_sent_so_that_a_gateway_of_the_release_before_understands_it() -> None:
    movement = Movement.model_validate(
        {"id": "m-1", "sku": "RING-1", "kind": "received", "quantity": 2, "occurred_at": "2026-11-02T09:00:00Z"}
    )
    assert _sent(inventory.send_movements([movement])) == {
        "movements": [
            {"id": "m-1", "sku": "RING-1", "kind": "received", "quantity": 2, "occurred_at": "2026-11-02T09:00:00Z"}
        ]
    }
    assert _sent(operations.start_reindex("wide-3")) == {"model": "wide-3"}
    assert _sent(items.patch_item("RING-1", ItemPatch(price=None))) == {"price": None}, "which takes it back"
    assert _sent(items.put_item("RING-1", ItemIn(title="A ring", price=490))) == {"title": "A ring", "price": 490}
    assert _sent(items.put_items([ItemPut(sku="RING-1", title="A ring")])) == {
        "items": [{"sku": "RING-1", "title": "A ring"}]
    }


def _sent(call: Call[Any]) -> object:
    assert isinstance(call.body, Body)
    return json.loads(call.body.content)
