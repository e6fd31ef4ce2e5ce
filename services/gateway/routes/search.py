"""By a picture: search and classify. By an item: similar ones."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from services.gateway.access import Gateway, Parts, Reader, problems
from services.gateway.multipart import Upload
from services.gateway.pictures import inspect
from services.gateway.pieces import pieces_of, vectors_of
from services.gateway.results import results_of
from services.gateway.routes.forms import form, form_of
from shared.contracts.analysis import Analysis, Box
from shared.contracts.api import Classification, PhotoResults, Result, Results, SearchQuery
from shared.contracts.fields import MAX_LIMIT, Sku
from shared.contracts.internal import HitList, SearchRequest, SimilarRequest
from shared.observability.http import invalid

router = APIRouter(prefix="/v1", tags=["search"])
_LAST_OFFSET = 10_000
_QUERY = {
    "type": "string",
    "contentMediaType": "application/json",
    "description": "A SearchQuery as JSON: `limit`, `filters`, `cursor`, `box` or `piece`. All optional.",
    "examples": [
        '{"limit": 10, "filters": {"type": ["ring"], "price_max": 500}}',
        '{"box": {"x0": 0.1, "y0": 0.25, "x1": 0.4, "y1": 0.8}}',
        '{"piece": 1}',
    ],
}


@router.post(
    "/search",
    summary="Find the pieces that look like the one in a photo",
    response_model_exclude_none=True,
    responses=problems(400, 413, 415, 422, 503),
    openapi_extra=form("image", query=_QUERY),
)
async def post_search(request: Request, caller: Reader, gateway: Gateway) -> PhotoResults:
    """Best first. `no_match` says that even the best is probably another piece. The photo is not kept.

    Of several pieces in the photo the main one is searched by, or the one whose number `piece` says. A `box` wins over
    what we find: what is in it is searched by.
    """
    with await form_of(request, "image") as sent:
        query = _query(sent.texts.get("query"))
        number = query.piece or 0
        chosen = query.box.model_dump_json() if query.box else str(number)
        scope = ("search", caller.tenant, sent.picture.sha256, query.filters.model_dump_json(), chosen)
        offset = _offset(gateway, query.cursor, scope)
        analyses = await _analyse(gateway, sent.picture, query.box)
    found = await gateway.recommender.search(
        SearchRequest(
            tenant=caller.tenant,
            vectors=vectors_of(analyses, number),
            limit=query.limit,
            offset=offset,
            filters=query.filters,
        )
    )
    return PhotoResults(
        results=await _results(gateway, caller.tenant, found),
        no_match=found.no_match,
        next_cursor=_next(gateway, found, offset + query.limit, scope),
        pieces=pieces_of(analyses[0]),
        piece=number,
    )


@router.post(
    "/classify",
    summary="Tell what a photo shows",
    response_model_exclude_none=True,
    responses=problems(400, 413, 415, 422, 503),
    openapi_extra=form("image"),
)
async def post_classify(request: Request, caller: Reader, gateway: Gateway) -> Classification:  # noqa: ARG001 - a caller is needed
    """Each piece with its box and what is known of it; what the model does not know is absent. The photo is not
    kept."""
    with await form_of(request, "image") as sent:
        analysis, *_ = await _analyse(gateway, sent.picture)
    return Classification(pieces=pieces_of(analysis), warnings=analysis.warnings)


@router.get(
    "/items/{sku}/similar",
    summary="Items that look like an item",
    response_model_exclude_none=True,
    responses=problems(400, 404, 503),
)
async def get_similar(
    sku: Sku,
    caller: Reader,
    gateway: Gateway,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
) -> Results:
    await asyncio.to_thread(gateway.listing.item, caller.tenant, sku)
    scope = ("similar", caller.tenant, sku)
    offset = _offset(gateway, cursor, scope)
    found = await gateway.recommender.similar(SimilarRequest(tenant=caller.tenant, sku=sku, limit=limit, offset=offset))
    return Results(
        results=await _results(gateway, caller.tenant, found),
        next_cursor=_next(gateway, found, offset + limit, scope),
    )


def _query(text: bytes | None) -> SearchQuery:
    try:
        return SearchQuery.model_validate_json(text or b"{}")
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("query", *entry["loc"])} for entry in error.errors()]) from error


async def _analyse(gateway: Parts, upload: Upload, box: Box | None = None) -> list[Analysis]:
    """By each model that is loaded, the first one's first."""
    data = await asyncio.to_thread(_bytes_of, upload)
    return (await gateway.embedder.analyse(data, box)).analyses


def _bytes_of(upload: Upload) -> bytes:
    inspect(upload)
    return upload.file.read()


def _offset(gateway: Parts, cursor: str | None, scope: tuple[str, ...]) -> int:
    return int(gateway.signer.position(cursor, *scope)) if cursor else 0


def _next(gateway: Parts, found: HitList, offset: int, scope: tuple[str, ...]) -> str | None:
    return gateway.signer.cursor(str(offset), *scope) if found.more and offset <= _LAST_OFFSET else None


async def _results(gateway: Parts, tenant: str, found: HitList) -> list[Result]:
    return await asyncio.to_thread(results_of, gateway.listing, tenant, found.hits)
