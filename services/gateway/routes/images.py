"""Pictures of items: upload, state, bytes, corrections."""

from __future__ import annotations

import asyncio
from typing import Annotated, BinaryIO, Literal, cast

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials

from services.gateway import metrics
from services.gateway.access import BEARER, Gateway, Parts, Writer, caller_of, problems
from services.gateway.listing import status_url
from services.gateway.multipart import Upload
from services.gateway.pictures import inspect
from services.gateway.routes.forms import form, upload_of
from shared.contracts.analysis import Analysis, analysis_key, picture_key
from shared.contracts.api import Correction, Image, ImageAccepted, ImagePage
from shared.contracts.fields import MAX_LIMIT, ImageId, Sku
from shared.errors import NotFound

router = APIRouter(prefix="/v1", tags=["images"])
_CONTENT_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@router.post(
    "/items/{sku}/images",
    summary="Add a picture to an item",
    status_code=202,
    responses=problems(400, 404, 413, 415),
    openapi_extra=form("file"),
)
async def post_image(sku: Sku, request: Request, caller: Writer, gateway: Gateway, response: Response) -> ImageAccepted:
    """Accepted means kept: the picture is on disk and will be indexed or rejected; `status_url` tells which.

    The same bytes for the same item again give the same picture; if it had been rejected, it is tried again.
    """
    with await upload_of(request, "file") as upload:
        image_id = await asyncio.to_thread(_store, gateway, caller.tenant, sku, upload)
    response.headers["Location"] = status_url(image_id)
    return ImageAccepted(image_id=image_id, status_url=status_url(image_id))


def _store(gateway: Parts, tenant: str, sku: str, upload: Upload) -> str:
    """Bytes first, then the rows that tell of them."""
    picture = inspect(upload)
    known = gateway.listing.known_picture(tenant, sku, picture.sha256)
    if known:
        return known
    gateway.pictures.put(tenant, picture_key(picture.sha256), cast(BinaryIO, upload.file))
    image_id = gateway.catalogue.add_image(tenant, sku, picture)
    metrics.UPLOADED_BYTES.observe(picture.size)
    return image_id


@router.get("/images", summary="All pictures", response_model_exclude_none=True, responses=problems(400))
def get_images(
    caller: Writer,
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
def get_image(image_id: ImageId, caller: Writer, gateway: Gateway) -> Image:
    """`state`: stored, analysed, indexed, or rejected with the `reason`. `warnings` say what would make it better."""
    image = gateway.listing.image(caller.tenant, image_id)
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
    responses={200: {"content": {"image/*": {}}, "description": "The bytes as they were uploaded"}, **problems(404)},
)
async def get_content(
    image_id: ImageId,
    request: Request,
    gateway: Gateway,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    expires: int | None = None,
    signature: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """With a key, or by a signed address as in `image_url`, which needs none for a day: for an <img>."""
    tenant = gateway.signer.image_tenant(image_id, expires, signature) if expires and signature else None
    tenant = tenant or (await caller_of(request, gateway, given)).tenant
    content_type, data = await asyncio.to_thread(_content, gateway, tenant, image_id)
    return Response(data, media_type=content_type, headers=_CONTENT_HEADERS)


def _content(gateway: Parts, tenant: str, image_id: str) -> tuple[str, bytes]:
    row = gateway.listing.image_row(tenant, image_id)
    return row.content_type, gateway.pictures.get(tenant, picture_key(row.sha256))


@router.patch(
    "/images/{image_id}/analysis",
    summary="Correct what a picture shows",
    response_model_exclude_none=True,
    responses=problems(404, 422),
)
def patch_analysis(image_id: ImageId, correction: Correction, caller: Writer, gateway: Gateway) -> Image:
    """A correction outlives every analysis, and is kept for training. null takes it back."""
    row = gateway.listing.image_row(caller.tenant, image_id)
    analysis = _analysis(gateway, caller.tenant, row.sha256, row.model_version)
    gateway.catalogue.correct(caller.tenant, image_id, correction, analysis)
    return get_image(image_id, caller, gateway)


def _analysis(gateway: Parts, tenant: str, sha256: str, model_version: str | None) -> Analysis | None:
    if model_version is None:
        return None
    try:
        return Analysis.model_validate_json(gateway.analyses.get(tenant, analysis_key(sha256, model_version)))
    except NotFound:
        return None
