"""What will sell, and what to do about it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.gateway.access import Gateway, Parts, Reader, problems
from services.gateway.reasons.advice_in_chinese import in_chinese
from services.gateway.spoken import Spoken
from shared.contracts.advice import Advice, AdviceKind, AdviceOf, AdvicePage, Forecast, ForecastKind
from shared.contracts.fields import MAX_LIMIT, Sku
from shared.contracts.styles import StyleId
from shared.errors import InvalidInput

router = APIRouter(prefix="/v1/inventory", tags=["inventory"])

_A_PAGE = 1_000
_Of = Annotated[AdviceOf, Query(description="Of pieces, or of styles.")]
_Kind = Annotated[AdviceKind | None, Query(description="Advice of this kind alone; of pieces.")]
_Cursor = Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")]
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
_Type = Annotated[
    str | None, Query(max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$", description="A type, as ring, by what is told.")
]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
_COLUMNS = ("sku", "name", "kind", "quantity", "why", "question")
_NUMBERS = (
    "on_hand",
    "sold_12_weeks",
    "weekly_demand",
    "lead_time",
    "lead_time_demand",
    "days_of_cover",
    "stock_out_risk",
    "hold_up_to",
    "order_at",
    "most_in_half_a_year",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get(
    "/advice",
    summary="What to order, what will run out, and what lies",
    response_model_exclude_none=True,
    responses=problems(400, 503),
)
async def get_advice(
    caller: Reader,
    gateway: Gateway,
    language: Spoken,
    of: _Of = "piece",
    kind: _Kind = None,
    cursor: _Cursor = None,
    limit: _Limit = 20,
) -> AdvicePage:
    """Made each night, and by `POST /v1/inventory/styles:refresh`. What weighs most is first: margin that may be lost
    within the lead time, or money that lies. Each says why, with its numbers, and each number where it is from.

    Pieces whose stock nobody counts get none; unique ones are never told to be ordered again. Of styles all are told,
    the one that runs out first before others, with what is advised of its pieces in all.
    """
    scope = ("advice", caller.tenant, of, kind or "")
    after = gateway.signer.position(cursor, *scope) if cursor else None
    page = await _page(gateway, caller.tenant, of, kind, after, limit)
    page.advice = await _shown(gateway, caller.tenant, of, page.advice)
    if language == "zh":
        page.advice = [in_chinese(one) for one in page.advice]
    if page.next_cursor:
        page.next_cursor = gateway.signer.cursor(page.next_cursor, *scope)
    return page


@router.get(
    "/advice.csv",
    summary="The advice of all pieces, as a CSV",
    response_class=Response,
    responses={**_CSV, **problems(503)},
)
async def get_advice_csv(caller: Reader, gateway: Gateway, kind: _Kind = None) -> Response:
    """A line a piece of which something need be done, what weighs most first."""
    first = await _page(gateway, caller.tenant, "piece", kind, None, _A_PAGE)
    headers = {"Content-Disposition": 'attachment; filename="advice.csv"'}
    content = _lines(gateway, caller.tenant, kind, first)
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/advice/{sku}",
    summary="What is advised of one piece, with its numbers",
    response_model_exclude_none=True,
    responses=problems(404, 503),
)
async def get_advice_of_piece(sku: Sku, caller: Reader, gateway: Gateway, language: Spoken) -> Advice:
    """Without a `kind` nothing need be done; the numbers say why."""
    item = await asyncio.to_thread(gateway.listing.item, caller.tenant, sku)
    found = await gateway.inventory.ask("/advice/piece", Advice, tenant=caller.tenant, name=sku)
    picture = item.images[0].image_url if item.images else None
    found = found.model_copy(update={"name": item.title or "", "image_url": picture})
    return in_chinese(found) if language == "zh" else found


@router.get(
    "/forecasts",
    summary="What a piece, a style, a type or the shop will sell",
    response_model_exclude_none=True,
    responses=problems(404, 503),
)
async def get_forecast(
    caller: Reader,
    gateway: Gateway,
    sku: Sku | None = None,
    style: StyleId | None = None,
    type: _Type = None,
) -> Forecast:
    """The last 52 weeks and the next 26, each with the interval that holds four times out of five. At most one of
    `sku`, `style` and `type`; with none it is of the whole shop. Weeks without stock are not taken for weeks without
    demand; a new piece borrows from those that look like it."""
    asked: list[tuple[ForecastKind, str | None]] = [("piece", sku), ("style", style), ("type", type)]
    told = [(kind, name) for kind, name in asked if name is not None]
    if len(told) > 1:
        words = "Say one of sku, style and type, or none of them for the whole shop."
        raise InvalidInput(words, errors=[{"path": "query", "message": words}])
    kind, name = told[0] if told else ("shop", "")
    if sku is not None:
        await asyncio.to_thread(gateway.listing.item, caller.tenant, sku)
    return await gateway.inventory.ask("/forecasts", Forecast, tenant=caller.tenant, of=kind, name=name)


async def _page(
    gateway: Parts, tenant: str, of: AdviceOf, kind: AdviceKind | None, after: str | None, limit: int
) -> AdvicePage:
    asked = {"tenant": tenant, "of": of, "kind": kind, "after": after, "limit": limit}
    return await gateway.inventory.ask("/advice", AdvicePage, **asked)


async def _shown(gateway: Parts, tenant: str, of: AdviceOf, page: list[Advice]) -> list[Advice]:
    """With pictures; without pieces that the catalogue does not have any more."""
    if of == "style":
        return page
    items = await asyncio.to_thread(gateway.listing.items_of, tenant, [one.sku for one in page if one.sku])
    shown = []
    for one in page:
        if one.sku and (item := items.get(one.sku)):
            picture = item.images[0].image_url if item.images else None
            shown.append(one.model_copy(update={"name": item.title or "", "image_url": picture}))
    return shown


async def _lines(gateway: Parts, tenant: str, kind: AdviceKind | None, page: AdvicePage) -> AsyncIterator[bytes]:
    yield _line([*_COLUMNS, *_NUMBERS])
    while True:
        yield b"".join(_line(_cells(one)) for one in page.advice)
        if page.next_cursor is None:
            return
        page = await _page(gateway, tenant, "piece", kind, page.next_cursor, _A_PAGE)


def _cells(one: Advice) -> Iterable[object]:
    numbers = {number.name: number.value for number in reversed(one.numbers)}
    yield from (one.sku, one.name, one.kind, one.quantity, one.why, one.question)
    yield from (numbers.get(name) for name in _NUMBERS)


def _line(cells: Iterable[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(["" if cell is None else _harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _harmless(cell: object) -> object:
    """What a sheet would take for a formula is text to it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
