"""The map of the catalogue, where it is thin, and search by colours."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import APIRouter, Body, Header, Response
from fastapi.openapi.models import Example

from services.gateway.access import Gateway, Reader, problems
from services.gateway.cursors import place_of
from services.gateway.etags import MAX_TAGS, is_known
from services.gateway.palette import picture_of
from services.gateway.pieces import vectors_of
from services.gateway.results import results_of
from services.gateway.spoken import Spoken
from shared.contracts.analysis import Box
from shared.contracts.catalogue_map import (
    CatalogueMap,
    Gaps,
    MapLook,
    MapPiece,
    MapPieces,
    PaletteRequest,
    PaletteSearch,
)
from shared.contracts.search import Results

_OF_COLOURS = {"en": "{:.0%} of these colours", "zh": "有 {:.0%} 的颜色相符"}
router = APIRouter(prefix="/v1", tags=["boards"])
_GOLD: dict[str, Example] = {
    "gold": {
        "summary": "Yellow gold with some green",
        "value": {"colours": [{"colour": "#d4af37"}, {"colour": "#1f7a4d", "share": 0.3}], "limit": 10},
    }
}


@router.get(
    "/map",
    summary="The map of the catalogue",
    response_model=CatalogueMap,
    responses={304: {"description": "It is as the `ETag` in `If-None-Match` says"}, **problems()},
)
async def get_map(
    caller: Reader,
    gateway: Gateway,
    none_match: Annotated[
        str | None,
        Header(alias="If-None-Match", max_length=MAX_TAGS, description="An `ETag`: answer 304 if nothing changed."),
    ] = None,
) -> Response:
    """Pieces side by side that look alike, as columns of numbers. The first who asks has it made: then `state` is
    `making`; ask again in some seconds. New pieces are put beside what they are like at once; it is laid out again as
    they grow many, from where everything lay."""
    told = await gateway.recommender.map(caller.tenant)
    etag = f'"{hashlib.sha256(told).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(etag, none_match):
        return Response(status_code=304, headers=headers)
    return Response(told, media_type="application/json", headers=headers)


@router.post(
    "/map:look", summary="Pictures of items on the map", response_model_exclude_none=True, responses=problems()
)
def look_at_map(body: MapLook, caller: Reader, gateway: Gateway) -> MapPieces:
    """For those that somebody came near to."""
    items = gateway.listing.items_of(caller.tenant, body.skus)
    pieces = []
    for sku in dict.fromkeys(body.skus):
        item = items.get(sku)
        url = next((one.image_url for one in item.images if one.state != "rejected"), None) if item else None
        if item and url:
            pieces.append(MapPiece(sku=sku, title=item.title, image_url=url, price=item.price, currency=item.currency))
    return MapPieces(pieces=pieces)


@router.get("/map/gaps", summary="Where people search and the catalogue is thin", responses=problems())
async def get_gaps(caller: Reader, gateway: Gateway) -> Gaps:
    """Of the searches of the last 30 days, by what they found; those by fewer than five are not told."""
    return await gateway.recommender.gaps(caller.tenant)


@router.post(
    "/palette:search",
    summary="Find pieces by their colours",
    response_model_exclude_none=True,
    responses=problems(409),
)
async def search_by_palette(
    body: Annotated[PaletteSearch, Body(openapi_examples=_GOLD)], caller: Reader, gateway: Gateway, language: Spoken
) -> Results:
    """Whatever their shape. `score` is how alike the colours are; 409: the model does not tell them from shapes."""
    photo = await asyncio.to_thread(picture_of, body.colours)
    seen = await gateway.vectors.photo(caller.tenant, photo, Box())
    found = await gateway.recommender.palette(
        PaletteRequest(tenant=caller.tenant, vectors=vectors_of(seen, 0), filters=body.filters, limit=body.limit)
    )
    results = await asyncio.to_thread(results_of, gateway.listing, caller.tenant, found.hits, language)
    for result in results:
        result.reason = _OF_COLOURS[language].format(result.score)
    return Results(results=results, found=found.found, search_id=place_of(gateway.signer, None).search_id)
