"""Styles: the shop's pieces that look alike, and its pieces by the retail dimensions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.access import Gateway, Parts, Reader, Writer, problems
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.styles import Dimension, DimensionName, Style, StyleDetail, StyleId, StylePage, StylesAsked

router = APIRouter(prefix="/v1/inventory", tags=["inventory"])
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
_Cursor = Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")]


@router.get(
    "/styles",
    summary="The shop's styles",
    response_model_exclude_none=True,
    responses=problems(400),
)
async def get_styles(caller: Reader, gateway: Gateway, limit: _Limit = 20, cursor: _Cursor = None) -> StylePage:
    """Pieces that look alike, the largest style first. Made each night, sooner when much came or went, and by
    `POST /v1/inventory/styles:refresh`. A style keeps its id while most of its pieces stay together."""
    scope = ("styles", caller.tenant)
    after = gateway.signer.position(cursor, *scope) if cursor else None
    page = await gateway.inventory.ask("/styles", StylePage, tenant=caller.tenant, after=after, limit=limit)
    for style in page.styles:
        _show(gateway, caller.tenant, style)
    if page.next_cursor:
        page.next_cursor = gateway.signer.cursor(page.next_cursor, *scope)
    return page


@router.get(
    "/styles/{style_id}",
    summary="One style with its pieces",
    response_model_exclude_none=True,
    responses=problems(400, 404),
)
async def get_style(
    style_id: StyleId, caller: Reader, gateway: Gateway, limit: _Limit = 20, cursor: _Cursor = None
) -> StyleDetail:
    """The pieces that are most of it first. One that sits between two styles is in both."""
    scope = ("style", caller.tenant, style_id)
    after = gateway.signer.position(cursor, *scope) if cursor else None
    asked = {"tenant": caller.tenant, "after": after, "limit": limit}
    found = await gateway.inventory.ask(f"/styles/{style_id}", StyleDetail, **asked)
    _show(gateway, caller.tenant, found)
    if found.next_cursor:
        found.next_cursor = gateway.signer.cursor(found.next_cursor, *scope)
    return found


@router.post("/styles:refresh", summary="Make the shop's styles again", status_code=202, responses=problems())
async def refresh_styles(caller: Writer, gateway: Gateway) -> StylesAsked:
    """In the background; `made_at` of `GET /v1/inventory/styles` tells when it was done."""
    return await gateway.inventory.post(f"/styles/refresh?tenant={caller.tenant}", b"", {}, StylesAsked)


@router.get(
    "/dimensions/{by}",
    summary="The shop's pieces by style, type, metal, stone or price band",
    response_model_exclude_none=True,
    responses=problems(),
)
async def get_dimension(by: DimensionName, caller: Reader, gateway: Gateway) -> Dimension:
    """How many pieces there are of each value, and how many of them lie somewhere."""
    return await gateway.inventory.ask(f"/dimensions/{by}", Dimension, tenant=caller.tenant)


def _show(gateway: Parts, tenant: str, style: Style) -> None:
    if style.image_id:
        style.image_url = gateway.signer.image_url(tenant, style.image_id)
