"""Items: what the shop sells."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Header, Query, Response, status

from services.gateway.access import CHANGES, Gateway, Parts, Reader, Writer, problems
from services.gateway.etags import MAX_TAGS, IfMatch, IfMatchOrNew, etag_of, is_known
from services.gateway.routes.forms import patch_body
from shared.contracts.api import Item, ItemIn, ItemPage, ItemPatch, ItemsIn, ItemsPut
from shared.contracts.fields import MAX_LIMIT, Sku

router = APIRouter(prefix="/v1/items", tags=["items"])


@router.put(
    "/{sku}",
    summary="Make or replace an item",
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses={201: {"model": Item, "description": "The item is new"}, **problems(412, 415)},
)
def put_item(
    sku: Sku, item: ItemIn, caller: Writer, gateway: Gateway, only_if: IfMatchOrNew, response: Response
) -> Item:
    """The body replaces all that was said before. The same body again changes nothing.

    `revision` grows with every change, also over a removal: an item that is put again goes on where it was. With
    `If-Match` it is written only if nobody changed it since its `ETag` was read.
    """
    made = gateway.catalogue.put_item(caller.tenant, sku, item, only_if=only_if)
    response.status_code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
    return _shown(gateway, caller.tenant, sku, response)


@router.patch(
    "/{sku}",
    summary="Change some fields of an item",
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses=problems(404, 412, 415),
    openapi_extra=patch_body(),
)
def patch_item(
    sku: Sku,
    patch: Annotated[ItemPatch, Body(media_type="application/merge-patch+json")],
    caller: Writer,
    gateway: Gateway,
    only_if: IfMatch,
    response: Response,
) -> Item:
    """A JSON Merge Patch (RFC 7396): what it does not name stays, `null` takes away. What says the same as before
    changes nothing. With `If-Match` it is written only if nobody changed the item since its `ETag` was read."""
    gateway.catalogue.patch_item(caller.tenant, sku, patch, only_if=only_if)
    return _shown(gateway, caller.tenant, sku, response)


@router.post(":batch", summary="Make or replace many items", dependencies=CHANGES, responses=problems(413, 415))
def put_items(items: ItemsIn, caller: Writer, gateway: Gateway) -> ItemsPut:
    """Up to 500 items, each as in a PUT; a later one of the same SKU wins. A faulty one refuses the whole batch."""
    return gateway.catalogue.put_items(caller.tenant, items.items)


@router.get(
    "/{sku}",
    summary="An item with its pictures",
    response_model=Item,
    response_model_exclude_none=True,
    responses={304: {"description": "It is as the `ETag` in `If-None-Match` says"}, **problems(404)},
)
def get_item(
    sku: Sku,
    caller: Reader,
    gateway: Gateway,
    response: Response,
    none_match: Annotated[
        str | None,
        Header(alias="If-None-Match", max_length=MAX_TAGS, description="An `ETag`: answer 304 if nothing changed."),
    ] = None,
) -> Item | Response:
    item = _shown(gateway, caller.tenant, sku, response)
    etag = response.headers["ETag"]
    return Response(status_code=304, headers={"ETag": etag}) if is_known(etag, none_match) else item


@router.delete("/{sku}", summary="Remove an item and its pictures", status_code=204, responses=problems(404, 412))
def delete_item(sku: Sku, caller: Writer, gateway: Gateway, only_if: IfMatch) -> None:
    gateway.catalogue.remove_item(caller.tenant, sku, only_if=only_if)


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


def _shown(gateway: Parts, tenant: str, sku: str, response: Response) -> Item:
    item = gateway.listing.item(tenant, sku)
    response.headers["ETag"] = etag_of(item)
    return item
