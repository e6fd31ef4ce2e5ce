"""Items: what the shop sells."""

from __future__ import annotations

from collections.abc import Sequence

from loupe.client.calls import Call, Pages, answer, json_body, nothing, paged
from shared.contracts.api import Item, ItemIn, ItemPage, ItemPatch, ItemPut, ItemsIn, ItemsPut
from shared.contracts.fields import MAX_LIMIT

_TOLD = set(ItemIn.model_fields)
_MERGE_PATCH = "application/merge-patch+json"


def put_item(sku: str, item: ItemIn, *, if_match: int | None = None, only_new: bool = False) -> Call[Item]:
    """Make an item, or replace all that was said of it.

    Raises `PreconditionFailed` when its revision is not `if_match` any more, or with `only_new` when there is one.
    """
    headers = matching(if_match) | ({"If-None-Match": "*"} if only_new else {})
    body = json_body(item, include=_TOLD)
    return Call(
        "PUT", "/v1/items/{sku}", answer(Item), {"sku": sku}, headers=headers, body=body, only_once=bool(headers)
    )


def patch_item(sku: str, changes: ItemPatch, *, if_match: int | None = None) -> Call[Item]:
    """Change what was given of an item and leave the rest; None takes back what was said.

    Raises `PreconditionFailed` when its revision is not `if_match` any more.
    """
    body = json_body(changes, media_type=_MERGE_PATCH, exclude_unset=True)
    return Call("PATCH", "/v1/items/{sku}", answer(Item), {"sku": sku}, headers=matching(if_match), body=body)


def put_items(items: Sequence[ItemPut]) -> Call[ItemsPut]:
    """Make or replace up to 500 items, all or none."""
    return Call("POST", "/v1/items:batch", answer(ItemsPut), body=json_body(ItemsIn(items=list(items))))


def get_item(sku: str) -> Call[Item]:
    """An item with its pictures."""
    return Call("GET", "/v1/items/{sku}", answer(Item), {"sku": sku})


def items(*, page: int = MAX_LIMIT) -> Pages[Item]:
    """All items, in order of SKU. `page`: how many are fetched at a time."""
    return paged(ItemPage, "items", "/v1/items", page)


def remove_item(sku: str, *, if_match: int | None = None) -> Call[None]:
    """Remove an item and its pictures. Raises `PreconditionFailed` when its revision is not `if_match` any more."""
    return Call("DELETE", "/v1/items/{sku}", nothing, {"sku": sku}, headers=matching(if_match))


def matching(revision: int | None) -> dict[str, str]:
    """The header by which a change is made to that revision alone."""
    return {} if revision is None else {"If-Match": f'"r{revision}"'}
