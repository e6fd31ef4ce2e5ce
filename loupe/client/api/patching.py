"""Changes of some fields of an item."""

from __future__ import annotations

from loupe.client.api.items import ItemChanges, matching
from loupe.client.calls import Call, answer, json_body
from shared.contracts.api import Item


def patch_item(sku: str, changes: ItemChanges, *, if_match: int | None = None) -> Call[Item]:
    """Change some fields of an item and leave the others; None takes back what was said.

    Raises `PreconditionFailed` when its revision is not `if_match` any more.
    """
    body = json_body(changes, media_type="application/merge-patch+json")
    return Call("PATCH", "/v1/items/{sku}", answer(Item), {"sku": sku}, headers=matching(if_match), body=body)


def changed_item(sku: str, since: int) -> Call[Item | None]:
    """The item; None when its revision is still `since`."""
    return Call(
        "GET",
        "/v1/items/{sku}",
        lambda response: None if response.status_code == 304 else answer(Item)(response),
        {"sku": sku},
        headers={"If-None-Match": f'"r{since}"'},
        also=(304,),
    )
