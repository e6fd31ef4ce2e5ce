"""Stock-takes by photo: what lies on a tray, against what should, and what a person confirms of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeVar

from fastapi import APIRouter, Body, Request, Response
from pydantic import TypeAdapter, ValidationError

from services.gateway.access import CHANGES, Gateway, Reader, Writer, problems
from services.gateway.inventory import stocktakes
from services.gateway.query_vectors import read_photos
from services.gateway.routes.forms import form, form_of, tray_body
from shared.contracts.stock import MAIN, Location
from shared.contracts.stocktakes import (
    MAX_TRAY_BYTES,
    MAX_TRAY_PHOTOS,
    Expected,
    Stocktake,
    StocktakeConfirmation,
    StocktakeId,
    TrayPieceNumber,
)
from shared.observability.http import invalid

router = APIRouter(prefix="/v1/inventory/stocktakes", tags=["inventory"])
_T = TypeVar("_T")
_LOCATION: TypeAdapter[str] = TypeAdapter(Location)
_EXPECTED: TypeAdapter[list[str]] = TypeAdapter(Expected)


@router.post(
    "",
    summary="Take stock by photos of a tray",
    status_code=201,
    response_model_exclude_none=True,
    responses=problems(400, 413, 415, 503),
    openapi_extra=tray_body(),
)
async def post_stocktake(request: Request, caller: Writer, gateway: Gateway, response: Response) -> Stocktake:
    """Up to four photos of one place, taken from above, no piece on two of them. Each piece is found and told: present,
    unexpected, or unsure; and of what should lie there, what is missing. `expected` is a JSON list of SKUs; without it,
    all that the ledger says lies at `location`.

    Nothing is counted by it: `POST .../{stocktake_id}:confirm` does that, within a day. The photos are not kept.
    """
    many = {"at_most": MAX_TRAY_PHOTOS, "at_most_bytes": MAX_TRAY_BYTES}
    with await form_of(request, "image", **many) as sent:
        location = _told(_LOCATION, sent.texts.get("location", MAIN.encode()), "location", json=False)
        expected = _told(_EXPECTED, sent.texts["expected"], "expected") if "expected" in sent.texts else None
        photos = await asyncio.to_thread(read_photos, sent.pictures, gateway.inspect)
    made = await stocktakes.take(gateway, caller.tenant, photos, location, expected)
    response.headers["Location"] = f"/v1/inventory/stocktakes/{made.stocktake_id}"
    return made


@router.get(
    "/{stocktake_id:before_verb}", summary="A stock-take", response_model_exclude_none=True, responses=problems(404)
)
async def get_stocktake(stocktake_id: StocktakeId, caller: Reader, gateway: Gateway) -> Stocktake:
    """Kept for 90 days, without its photos."""
    return await gateway.inventory.ask(f"/stocktakes/{stocktake_id}", Stocktake, tenant=caller.tenant)


@router.post(
    "/{stocktake_id}/pieces/{number}/photo",
    summary="Look again at one piece of a tray",
    response_model_exclude_none=True,
    responses=problems(400, 404, 409, 413, 415, 503),
    openapi_extra=form("image"),
)
async def post_closer(
    stocktake_id: StocktakeId, number: TrayPieceNumber, request: Request, caller: Writer, gateway: Gateway
) -> Stocktake:
    """By a photo of that piece alone, taken from nearer: for a piece that nobody is sure of."""
    with await form_of(request, "image") as sent:
        (photo,) = await asyncio.to_thread(read_photos, sent.pictures, gateway.inspect)
    return await stocktakes.look_closer(gateway, caller.tenant, stocktake_id, number, photo)


@router.post(
    "/{stocktake_id}:confirm",
    summary="Save a stock-take as counts",
    response_model_exclude_none=True,
    dependencies=CHANGES,
    responses=problems(404, 409),
)
async def confirm_stocktake(
    stocktake_id: StocktakeId,
    caller: Writer,
    gateway: Gateway,
    said: Annotated[StocktakeConfirmation | None, Body()] = None,
) -> Stocktake:
    """What somebody saw with their own eyes goes into `counts`, and wins. Items of which nobody is sure, and which are
    not in `counts`, stay as they were. `counted` of the answer tells what was saved; of a stock-take that was confirmed
    already, what was saved then.
    """
    return await stocktakes.confirm(gateway, caller.tenant, stocktake_id, said or StocktakeConfirmation())


def _told(kind: TypeAdapter[_T], text: bytes, part: str, *, json: bool = True) -> _T:
    try:
        return kind.validate_json(text) if json else kind.validate_python(text.decode("utf-8", "replace"))
    except ValidationError as error:
        raise invalid([{**entry, "loc": (part, *entry["loc"])} for entry in error.errors()]) from error
