"""The inventory: what lies where, and the movements that it follows from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from services.gateway.access import CHANGES, Gateway, Parts, Reader, Writer, problems
from services.gateway.inventory.files import file_of, take_file
from services.gateway.inventory.taking import take_counts, take_movements
from services.gateway.routes.forms import is_json, movements_body
from shared.contracts.api import Item
from shared.contracts.fields import MAX_LIMIT, Sku
from shared.contracts.inventory import (
    MAX_CSV_MOVEMENTS,
    MOVEMENT_COLUMNS,
    CountsIn,
    InventorySummary,
    MovementPage,
    MovementsAccepted,
    MovementShown,
    MovementsImported,
    PiecesSold,
    StockedItem,
    StockedItemDetail,
    StockedItemPage,
    StockState,
)
from shared.contracts.stock import Location, MovementKind
from shared.errors import BadRequest

router = APIRouter(prefix="/v1/inventory", tags=["inventory"])

_A_PAGE = 1_000
Cursor = Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
_COUNTS = {
    "tray": {
        "summary": "A tray in Graz",
        "value": {
            "id": "tray-7",
            "location": "Graz",
            "reason": "stock-take in May",
            "counts": [{"sku": "RING-1", "quantity": 3}, {"sku": "RING-2", "quantity": 0}],
        },
    }
}
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": f"A CSV with the columns {', '.join(MOVEMENT_COLUMNS)}, of which sku, kind, "
                            f"quantity and occurred_at are needed; up to 20 MB and {MAX_CSV_MOVEMENTS:,} rows.",
                        }
                    },
                }
            }
        },
    }
}
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/summary", summary="The stock as a whole", responses=problems(503))
async def get_inventory_summary(caller: Reader, gateway: Gateway) -> InventorySummary:
    return await gateway.inventory.ask("/summary", InventorySummary, tenant=caller.tenant)


@router.get("/sold", summary="How many pieces of each item were sold in the last 90 days", responses=problems(503))
async def get_sold(caller: Reader, gateway: Gateway) -> PiecesSold:
    """All items at once, as columns of numbers: what a map is coloured by."""
    return await gateway.inventory.ask("/sold", PiecesSold, tenant=caller.tenant)


@router.get(
    "/items",
    summary="Items with their stock, in order of SKU",
    response_model_exclude_none=True,
    responses=problems(400, 503),
)
async def get_inventory_items(
    caller: Reader,
    gateway: Gateway,
    state: Annotated[StockState | None, Query(description="Those of this stock alone.")] = None,
    location: Annotated[Location | None, Query(description="Those that are counted there.")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> StockedItemPage:
    scope = ("inventory-items", caller.tenant, state or "", location or "")
    after = gateway.signer.position(cursor, *scope) if cursor else ""
    found = await gateway.inventory.ask(
        "/items",
        StockedItemPage,
        tenant=caller.tenant,
        after=after,
        limit=limit + 1,
        state=state,
        location=location,
    )
    page = found.items[:limit]
    more = gateway.signer.cursor(page[-1].sku, *scope) if len(found.items) > limit else None
    return StockedItemPage(items=await _joined(gateway, caller.tenant, page), next_cursor=more)


@router.get(
    "/items/{sku}",
    summary="An item's stock by location, and its newest movements",
    response_model_exclude_none=True,
    responses=problems(404, 503),
)
async def get_inventory_item(sku: Sku, caller: Reader, gateway: Gateway) -> StockedItemDetail:
    item = await asyncio.to_thread(gateway.listing.item, caller.tenant, sku)
    found = await gateway.inventory.ask("/item", StockedItemDetail, tenant=caller.tenant, sku=sku)
    return found.model_copy(update=_of_catalogue(item))


@router.get(
    "/movements",
    summary="Movements, the newest first",
    response_model_exclude_none=True,
    responses=problems(400, 503),
)
async def get_movements(
    caller: Reader,
    gateway: Gateway,
    sku: Sku | None = None,
    location: Annotated[Location | None, Query(description="Those that took pieces from there, or there.")] = None,
    kind: MovementKind | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> MovementPage:
    """By when they were. Of a count `adjustment` says what was found beyond the books of that moment."""
    scope = ("movements", caller.tenant, sku or "", location or "", kind or "")
    before = gateway.signer.position(cursor, *scope) if cursor else None
    found = await gateway.inventory.ask(
        "/movements",
        MovementPage,
        tenant=caller.tenant,
        limit=limit,
        before=before,
        sku=sku,
        location=location,
        kind=kind,
    )
    more = gateway.signer.cursor(found.next_cursor, *scope) if found.next_cursor else None
    return MovementPage(movements=found.movements, next_cursor=more)


@router.post(
    "/movements",
    summary="Tell what came, went and was counted",
    status_code=202,
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses=problems(400, 413, 422),
    openapi_extra=movements_body(),
)
async def post_movements(request: Request, caller: Writer, gateway: Gateway) -> MovementsAccepted:
    """`id` is yours; the same id again changes nothing. Each movement is taken or refused by itself: the answer tells
    of each that is not, with its place in the batch, why, and the path of the bad field. When none is taken it is 422.

    They may come in any order: what counts is `occurred_at`. A movement dated before the last count of its place is
    kept and changes nothing of what is on hand. The item's stock follows within a second, in searches too.
    """
    if not is_json(request):
        raise BadRequest("The body is no JSON. Send UTF-8 JSON with Content-Type application/json.")
    return await asyncio.to_thread(take_movements, gateway.movements, caller.tenant, await request.body())


@router.get(
    "/movements.csv",
    summary="All movements, as a CSV",
    response_class=Response,
    responses={**_CSV, **problems(503)},
)
async def get_movements_csv(caller: Reader, gateway: Gateway) -> Response:
    """In the order in which they were told. What is sent back by POST changes nothing."""
    first = await _recorded(gateway, caller.tenant, "0")
    headers = {"Content-Disposition": 'attachment; filename="movements.csv"'}
    content = file_of(_all_recorded(gateway, caller.tenant, first))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.post(
    "/movements.csv",
    summary="Import movements from a CSV",
    status_code=202,
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses=problems(400, 413, 422),
    openapi_extra=_FILE,
)
async def post_movements_csv(request: Request, caller: Writer, gateway: Gateway) -> MovementsImported:
    """Each row is taken or refused by itself; the answer tells of those that are not. A row without an `id` is known by
    all that it says: the same file again changes nothing."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest("Send the file as multipart/form-data, in a part named 'file'.")
    try:
        async with request.form(max_files=1, max_fields=1, max_part_size=1_000) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile) or len(form) > 1:
                raise BadRequest("The form has to have one part, named 'file', with a file name.")
            return await asyncio.to_thread(take_file, gateway.movements, caller.tenant, file.file)
    except ClientDisconnect as error:
        raise BadRequest("The connection broke off in the middle of the file. Send it again.") from error


@router.post(
    "/counts",
    summary="Tell what somebody counted",
    status_code=202,
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses=problems(400, 413, 422),
)
def post_counts(
    counts: Annotated[CountsIn, Body(openapi_examples=_COUNTS)], caller: Writer, gateway: Gateway
) -> MovementsAccepted:
    """What lay at one location at one moment. Where the books say something else, the difference is an adjustment, for
    the `reason`. `id` is yours; the same id again changes nothing."""
    return take_counts(gateway.movements, caller.tenant, counts)


async def _joined(gateway: Parts, tenant: str, page: Sequence[StockedItem]) -> list[StockedItem]:
    """With what the catalogue says; without those that it does not have any more."""
    items = await asyncio.to_thread(gateway.listing.items_of, tenant, [one.sku for one in page])
    return [one.model_copy(update=_of_catalogue(items[one.sku])) for one in page if one.sku in items]


def _of_catalogue(item: Item) -> dict[str, str | None]:
    return {"title": item.title, "image_url": item.images[0].image_url if item.images else None}


async def _recorded(gateway: Parts, tenant: str, after: str) -> MovementPage:
    return await gateway.inventory.ask("/recorded", MovementPage, tenant=tenant, after=after, limit=_A_PAGE)


async def _all_recorded(gateway: Parts, tenant: str, page: MovementPage) -> AsyncIterator[Sequence[MovementShown]]:
    while True:
        yield page.movements
        if page.next_cursor is None:
            return
        page = await _recorded(gateway, tenant, page.next_cursor)
