"""Items: what the shop sells."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from services.gateway.access import Gateway, Reader, Writer, problems
from shared.contracts.api import Item, ItemIn, ItemPage, ItemsIn, ItemsPut
from shared.contracts.fields import MAX_LIMIT, Sku

router = APIRouter(prefix="/v1/items", tags=["items"])


@router.put(
    "/{sku}",
    summary="Make or replace an item",
    response_model_exclude_none=True,
    responses={201: {"model": Item, "description": "The item is new"}, **problems(422)},
)
def put_item(sku: Sku, item: ItemIn, caller: Writer, gateway: Gateway, response: Response) -> Item:
    """The body replaces all that was said before. The same body again changes nothing.

    `revision` grows with every change, also over a removal: an item that is put again goes on where it was.
    """
    made = gateway.catalogue.put_item(caller.tenant, sku, item)
    response.status_code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
    return gateway.listing.item(caller.tenant, sku)


@router.post(":batch", summary="Make or replace many items", responses=problems(422))
def put_items(items: ItemsIn, caller: Writer, gateway: Gateway) -> ItemsPut:
    """Up to 500 items, each as in a PUT; a later one of the same SKU wins. A faulty one refuses the whole batch."""
    return gateway.catalogue.put_items(caller.tenant, items.items)


@router.get("/{sku}", summary="An item with its pictures", response_model_exclude_none=True, responses=problems(404))
def get_item(sku: Sku, caller: Reader, gateway: Gateway) -> Item:
    return gateway.listing.item(caller.tenant, sku)


@router.delete("/{sku}", summary="Remove an item and its pictures", status_code=204, responses=problems(404))
def delete_item(sku: Sku, caller: Writer, gateway: Gateway) -> None:
    gateway.catalogue.remove_item(caller.tenant, sku)


@router.get("", summary="All items, in order of SKU", response_model_exclude_none=True, responses=problems(400))
def get_items(
    caller: Reader,
    gateway: Gateway,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> ItemPage:
    scope = ("items", caller.tenant)
    after = gateway.signer.position(cursor, *scope) if cursor else ""
    items = gateway.listing.items(caller.tenant, after, limit + 1)
    more = gateway.signer.cursor(items[limit - 1].sku, *scope) if len(items) > limit else None
    return ItemPage(items=items[:limit], next_cursor=more)
