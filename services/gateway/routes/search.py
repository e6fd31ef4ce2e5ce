"""By pictures, items and words: search and classify. By an item: what is like it, and what completes it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from services.gateway import metrics
from services.gateway.access import Gateway, Parts, Reader, problems
from services.gateway.cursors import Place, cursor_of, place_of
from services.gateway.impressions import shown
from services.gateway.pictures import Inspector
from services.gateway.pieces import pieces_of, vectors_of
from services.gateway.queries import Query as Asked
from services.gateway.queries import query_of
from services.gateway.query_vectors import Photo, read_photos
from services.gateway.results import results_of
from services.gateway.routes.forms import form, form_of, is_json, query_body
from services.gateway.searching import search
from services.gateway.spoken import Spoken
from services.gateway.tables import Image
from shared.contracts.analysis import picture_key
from shared.contracts.fields import MAX_LIMIT, Sku
from shared.contracts.internal import CompletesRequest, HitList, SimilarRequest
from shared.contracts.references import Language
from shared.contracts.search import (
    MAX_QUERY_BYTES,
    MAX_QUERY_PICTURES,
    Classification,
    Results,
    SearchQuery,
    SearchResults,
)
from shared.errors import BadRequest
from shared.observability.http import invalid

router = APIRouter(prefix="/v1", tags=["search"])
_WITH_HALVES = "earring"


@router.post(
    "/search",
    summary="Find pieces by pictures, items and words",
    response_model_exclude_none=True,
    responses=problems(404),
    openapi_extra=query_body(),
)
async def post_search(request: Request, caller: Reader, gateway: Gateway, language: Spoken) -> SearchResults:
    """Best first. A form with up to four pictures and the query, or the query alone as JSON. No picture is kept, unless
    the shop has asked for it (`loupe tenant set --keep-query-photos`): then without faces, and for so many days.

    `no_match` says that even the best is probably another piece than the one in the photo: then `results` is empty and
    the nearest are under `suggestions`. Without anything to search by, all items that the filters allow, the newest
    first.

    Of several pieces in a photo the main one is searched by, or the one whose number `piece` says. A `box` wins over
    what we find: what is in it is searched by.
    """
    with metrics.stage("read"):
        query = await _query(request, gateway.inspect)
    place = place_of(gateway.signer, query.said.cursor, "search", caller.tenant, *query.scope)
    answer = await search(gateway, caller.tenant, query, place, language)
    if query.said.cursor is None:
        await gateway.photos.note(caller.tenant, query.said.user_id, place.search_id, query.photos)
    return answer


@router.post(
    "/classify",
    summary="Tell what a photo shows",
    response_model_exclude_none=True,
    responses=problems(400, 413, 415, 422, 503),
    openapi_extra=form("image"),
)
async def post_classify(request: Request, caller: Reader, gateway: Gateway) -> Classification:
    """Each piece with its box and what is known of it; what the model does not know is absent. The photo is not
    kept."""
    with await form_of(request, "image") as sent:
        (photo,) = await asyncio.to_thread(read_photos, sent.pictures, gateway.inspect)
    analysis, *_ = await gateway.vectors.photo(caller.tenant, photo)
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
    language: Spoken,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
) -> Results:
    await asyncio.to_thread(gateway.listing.item, caller.tenant, sku)
    scope = ("similar", caller.tenant, sku)
    place = place_of(gateway.signer, cursor, *scope)
    found = await gateway.recommender.similar(
        SimilarRequest(tenant=caller.tenant, sku=sku, limit=limit, cursor=place.cursor)
    )
    answer = await _results(gateway, caller.tenant, found, place, language)
    answer.next_cursor = cursor_of(gateway.signer, place, len(answer.results), found.next, *scope)
    gateway.impressions.note(caller.tenant, shown(place, "similar", answer.results, found))
    return answer


@router.get(
    "/items/{sku}/completes",
    summary="Items that go with an item",
    response_model_exclude_none=True,
    responses=problems(404, 503),
)
async def get_completes(
    sku: Sku,
    caller: Reader,
    gateway: Gateway,
    language: Spoken,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> Results:
    """What makes a set with it, and of an earring its other half, which is looked for by the mirror image."""
    item = await asyncio.to_thread(gateway.listing.item, caller.tenant, sku)
    image = await asyncio.to_thread(gateway.listing.main_image, caller.tenant, sku)
    with_halves = image and gateway.listing.type_of(item, image) == _WITH_HALVES
    mirrored = await _mirrored(gateway, image) if image and with_halves else None
    found = await gateway.recommender.completes(
        CompletesRequest(tenant=caller.tenant, sku=sku, mirrored=mirrored, limit=limit)
    )
    place = place_of(gateway.signer, None)
    answer = await _results(gateway, caller.tenant, found, place, language)
    gateway.impressions.note(caller.tenant, shown(place, "completes", answer.results, found))
    return answer


async def _query(request: Request, inspect: Inspector) -> Asked:
    if is_json(request):
        return query_of(_said(await request.body(), "body"), [], "body")
    with await form_of(request, "image", at_least=0, at_most=MAX_QUERY_PICTURES, at_most_bytes=MAX_QUERY_BYTES) as sent:
        said = _said(sent.texts.get("query", b"{}"), "query")
        if not (sent.pictures or said.words or said.parts):
            raise BadRequest(
                "The form has no part named 'image', and no words or parts to search by. Send the picture in one, or "
                "the query alone as application/json to list what its filters allow."
            )
        photos: list[Photo] = await asyncio.to_thread(read_photos, sent.pictures, inspect)
    return query_of(said, photos, "query")


def _said(text: bytes, root: str) -> SearchQuery:
    try:
        return SearchQuery.model_validate_json(text)
    except ValidationError as error:
        raise invalid([{**entry, "loc": (root, *entry["loc"])} for entry in error.errors()]) from error


async def _mirrored(gateway: Parts, image: Image) -> dict[str, str]:
    def read() -> bytes:
        return gateway.pictures.get(image.tenant, picture_key(image.sha256))

    return vectors_of(await gateway.vectors.mirrored(image.tenant, image.sha256, read), 0)


async def _results(gateway: Parts, tenant: str, found: HitList, place: Place, language: Language) -> Results:
    results = await asyncio.to_thread(results_of, gateway.listing, tenant, found.hits, language)
    return Results(
        results=results, facets=found.facets, found=found.found, capped=found.capped, search_id=place.search_id
    )
