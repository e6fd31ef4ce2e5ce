"""Pictures of items: upload, state, bytes, corrections."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.security import SecurityScopes
from pydantic import TypeAdapter, ValidationError

from services.gateway.access import (
    BEARER,
    BRINGS_PICTURES,
    CHANGES,
    Gateway,
    Given,
    Parts,
    Reader,
    Writer,
    caller_of,
    problems,
)
from services.gateway.listing import status_url
from services.gateway.multipart import Form
from services.gateway.pieces import pieces_of
from services.gateway.raw_body import read_raw
from services.gateway.routes.addressed import CONTENT_HEADERS, SHOWN_ANSWERS, NoneMatch, Width, shown
from services.gateway.routes.forms import form, form_of, is_json, pictures_body, raw_body
from services.gateway.tables import Image as ImageRow
from shared.contracts.analysis import Analysis, analysis_key
from shared.contracts.api import Correction, Image, ImageAccepted, ImagePage, ImageSent, ImagesSent
from shared.contracts.fields import MAX_BATCH_BYTES, MAX_BATCH_PICTURES, MAX_LIMIT, ImageId, Sha256, Sku
from shared.contracts.uploads import UploadedPictures
from shared.errors import InvalidInput, LoupeError, NotFound
from shared.observability.http import invalid, problem_of

router = APIRouter(prefix="/v1", tags=["images"])
_SKU_LIST = TypeAdapter(list[Sku])
_SKUS = {
    "type": "string",
    "contentMediaType": "application/json",
    "description": "A JSON list with the SKU of each `file`, in their order.",
    "example": '["RING-1", "RING-1"]',
}


@router.post(
    "/items/{sku}/images",
    summary="Add a picture to an item",
    status_code=202,
    dependencies=BRINGS_PICTURES,
    responses=problems(400, 404, 413, 415, 503),
    openapi_extra=form("file"),
)
async def post_image(sku: Sku, request: Request, caller: Writer, gateway: Gateway, response: Response) -> ImageAccepted:
    """Accepted means kept: the picture is on disk and will be indexed or rejected; `status_url` tells which.

    The same bytes for the same item again give the same picture; if it had been rejected, it is tried again.
    """
    with await form_of(request, "file") as sent:
        (image_id,) = await asyncio.to_thread(gateway.uploads.store, caller.tenant, [(sku, sent.picture)])
    return _accepted(image_id, response)


def _accepted(image_id: str | LoupeError, response: Response) -> ImageAccepted:
    if isinstance(image_id, LoupeError):
        raise image_id
    response.headers["Location"] = status_url(image_id)
    return ImageAccepted(image_id=image_id, status_url=status_url(image_id))


@router.put(
    "/items/{sku}/images/{sha256}",
    summary="Add a picture to an item, by its hash",
    status_code=202,
    dependencies=BRINGS_PICTURES,
    responses=problems(400, 404, 413, 415, 503),
    openapi_extra=raw_body(),
)
async def put_image(
    sku: Sku, sha256: Sha256, request: Request, caller: Writer, gateway: Gateway, response: Response
) -> ImageAccepted:
    """The body is the picture's bytes as they are, and `sha256` their SHA-256 in hexadecimal digits: what was damaged
    on its way is refused. Again is the same picture, as with POST."""
    upload = await read_raw(request)
    with upload.file:
        if upload.sha256 != sha256:
            told = f"the bytes that came have the hash {upload.sha256}"
            raise InvalidInput(
                f"{told.capitalize()}, not the one in the address. Send the file's bytes as they are.",
                errors=[{"path": "path.sha256", "message": told}],
            )
        (image_id,) = await asyncio.to_thread(gateway.uploads.store, caller.tenant, [(sku, upload)])
    return _accepted(image_id, response)


@router.post(
    "/images:batch",
    summary="Add many pictures",
    status_code=202,
    dependencies=BRINGS_PICTURES,
    response_model_exclude_none=True,
    responses=problems(400, 413, 415, 503),
    openapi_extra=pictures_body(skus=_SKUS),
)
async def post_images(request: Request, caller: Writer, gateway: Gateway) -> ImagesSent:
    """Up to 32 pictures, 64 MB together, each as if it were sent alone: a faulty one harms no other.

    The part `skus` is a JSON list: the item of each part `file`, in their order. The answer has the same order. As
    JSON, up to 500 pictures that were put to addresses of `POST /v1/uploads`. Those for which 45 seconds are not enough
    have a `problem` of status 503: name them again.
    """
    if is_json(request):
        named = [(image.sku, image.object_key) for image in _named(await request.body()).images]
        stored = await asyncio.to_thread(gateway.incoming.store, caller.tenant, named)
        return ImagesSent(images=[_sent(sku, outcome) for (sku, _), outcome in zip(named, stored, strict=True)])
    with await form_of(request, "file", at_most=MAX_BATCH_PICTURES, at_most_bytes=MAX_BATCH_BYTES) as sent:
        skus = _skus(sent)
        stored = await asyncio.to_thread(
            gateway.uploads.store, caller.tenant, list(zip(skus, sent.pictures, strict=True))
        )
    return ImagesSent(images=[_sent(sku, outcome) for sku, outcome in zip(skus, stored, strict=True)])


def _named(body: bytes) -> UploadedPictures:
    try:
        return UploadedPictures.model_validate_json(body)
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("body", *entry["loc"])} for entry in error.errors()]) from error


def _skus(sent: Form) -> list[str]:
    try:
        skus = _SKU_LIST.validate_json(sent.texts.get("skus", b"null"))
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("skus", *entry["loc"])} for entry in error.errors()]) from error
    if len(skus) != len(sent.pictures):
        raise InvalidInput(f"skus: has {len(skus)} entries for {len(sent.pictures)} pictures. Name the item of each.")
    return skus


def _sent(sku: str, outcome: str | LoupeError) -> ImageSent:
    if isinstance(outcome, LoupeError):
        return ImageSent(sku=sku, problem=problem_of(outcome))
    return ImageSent(sku=sku, image_id=outcome, status_url=status_url(outcome))


@router.get("/images", summary="All pictures", response_model_exclude_none=True, responses=problems(400))
def get_images(
    caller: Reader,
    gateway: Gateway,
    state: Literal["stored", "indexed", "rejected"] | None = None,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> ImagePage:
    """In order of id. Pictures that are analysed and not indexed yet are listed as stored."""
    scope = ("images", caller.tenant, state or "")
    after = gateway.signer.position(cursor, *scope) if cursor else ""
    images = gateway.listing.images(caller.tenant, state, after, limit + 1)
    more = gateway.signer.cursor(images[limit - 1].image_id, *scope) if len(images) > limit else None
    return ImagePage(images=images[:limit], next_cursor=more)


@router.get(
    "/images/{image_id}",
    summary="How far a picture has come",
    response_model_exclude_none=True,
    responses=problems(404),
)
def get_image(image_id: ImageId, caller: Reader, gateway: Gateway) -> Image:
    """`state`: stored, analysed, indexed, or rejected with the `reason`. `warnings` say what would make it better.

    `pieces` are all that it shows, the main one first, each with its box in fractions of the upright picture.
    """
    row = gateway.listing.image_row(caller.tenant, image_id)
    image = gateway.listing.image_of(row)
    if image.state == "indexed" and (analysis := _analysis(gateway, row)):
        image.pieces = pieces_of(analysis, row.corrected)
    if image.state == "stored" and any(gateway.analyses.keys(caller.tenant, f"{image.sha256}/")):
        image.state = "analysed"
    return image


@router.delete("/images/{image_id}", summary="Remove a picture", status_code=204, responses=problems(404))
def delete_image(image_id: ImageId, caller: Writer, gateway: Gateway) -> None:
    gateway.catalogue.remove_image(caller.tenant, image_id)


@router.get(
    "/images/{image_id}/content",
    summary="The picture itself",
    response_class=Response,
    responses={
        **SHOWN_ANSWERS,
        **problems(404),
    },
)
async def get_content(
    image_id: ImageId,
    request: Request,
    gateway: Gateway,
    given: Annotated[Given, Security(BEARER, scopes=["read"])],
    expires: int | None = None,
    signature: Annotated[str | None, Query(max_length=200)] = None,
    width: Width = None,
    none_match: NoneMatch = None,
) -> Response:
    """With a key, or by a signed address as in `image_url`, which needs none for a day: for an <img>. `&width=` may be
    added to such an address.

    Its pixels are those that were uploaded; places, cameras and names in it are not kept. Where the shop wants no faces
    in its pictures, it is 503 for the moment in which they are looked for.
    """
    tenant = gateway.signer.image_tenant(image_id, expires, signature) if expires and signature else None
    tenant = tenant or (await caller_of(request, gateway, given, SecurityScopes(["read"]))).tenant
    data = await asyncio.to_thread(_content, gateway, tenant, image_id)
    return await shown(gateway, tenant, data, width, none_match)


@router.get(
    "/images/{image_id}/cutout",
    summary="The picture's main piece, cut out",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "The piece on nothing: a PNG with alpha"},
        **problems(404, 413, 415, 422, 503),
    },
)
async def get_cutout(image_id: ImageId, caller: Reader, gateway: Gateway) -> Response:
    """For trying it on, or laying it on a ground of your own: no side over 640 pixels, nothing beside the piece.

    404 also where no piece is found in the picture, or the model finds none; ask for another picture of the item then.
    """
    data = await asyncio.to_thread(_content, gateway, caller.tenant, image_id)
    return Response(await gateway.cut_outs.of(caller.tenant, data), media_type="image/png", headers=CONTENT_HEADERS)


def _content(gateway: Parts, tenant: str, image_id: str) -> bytes:
    return gateway.renditions.shown(gateway.listing.image_row(tenant, image_id))


@router.patch(
    "/images/{image_id}/analysis",
    summary="Correct what a picture shows",
    dependencies=CHANGES,
    response_model_exclude_none=True,
    responses=problems(404, 422),
)
def patch_analysis(image_id: ImageId, correction: Correction, caller: Writer, gateway: Gateway) -> Image:
    """Of several pieces, it is of the main one. It outlives every analysis, and is kept for training. null takes it
    back."""
    row = gateway.listing.image_row(caller.tenant, image_id)
    analysis = _analysis(gateway, row)
    gateway.corrections.correct(caller.tenant, image_id, correction, analysis)
    return get_image(image_id, caller, gateway)


def _analysis(gateway: Parts, row: ImageRow) -> Analysis | None:
    if row.model_version is None:
        return None
    try:
        data = gateway.analyses.get(row.tenant, analysis_key(row.sha256, row.model_version))
        return Analysis.model_validate_json(data)
    except NotFound:
        return None
