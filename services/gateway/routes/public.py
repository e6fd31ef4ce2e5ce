"""The public page of a reference: for anybody who was told its address, without a key."""

from __future__ import annotations

import io
from typing import Any

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from services.gateway.access import Gateway, problems
from services.gateway.authenticity.addresses import public_addresses, public_path
from services.gateway.authenticity.public_page import drawn
from services.gateway.routes.addressed import CONTENT_HEADERS, PICTURE_ANSWER
from services.gateway.shielding import PAGE
from services.gateway.spoken import language_of
from shared.contracts.fields import Sha256
from shared.contracts.references import PublicId, PublicReference
from shared.pictures import content_type_of

router = APIRouter(prefix="/public/references", tags=["references"])
_FAILS: dict[int | str, dict[str, Any]] = {
    status: told for status, told in problems(404).items() if status in (404, 422, 503)
}
_NOT_FOUND_BY_ROBOTS = {"X-Robots-Tag": "noindex, nofollow"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The page, or, for who accepts application/json before text/html, the sealed record",
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/PublicReference"}},
        },
    }
}


@router.get(
    "/{public_id}",
    summary="The public page of a reference",
    response_class=Response,
    responses={**_ANSWERS, **_FAILS},
)
async def get_public_reference(public_id: PublicId, request: Request, gateway: Gateway) -> Response:
    """What its owner registered, as it is sealed. It says that a record exists, not what a piece is."""
    found = public_addresses(await gateway.authenticity.get(f"/public/{public_id}", PublicReference))
    accepts = request.headers.get("accept", "")
    if "application/json" in accepts and "text/html" not in accepts:
        return Response(found.model_dump_json(exclude_none=True), media_type="application/json")
    language = language_of(request.headers.get("accept-language", ""))
    return HTMLResponse(drawn(found, language), headers={**PAGE, **_NOT_FOUND_BY_ROBOTS, "Vary": "Accept-Language"})


@router.get(
    "/{public_id}/pictures/{sha256}",
    summary="A picture of a published reference",
    response_class=Response,
    responses={**PICTURE_ANSWER, **_FAILS},
)
async def get_public_picture(public_id: PublicId, sha256: Sha256, gateway: Gateway) -> Response:
    data = await gateway.authenticity.fetch(f"/public/{public_id}/pictures/{sha256}")
    headers = {**CONTENT_HEADERS, "Cache-Control": "private, no-cache"}
    return Response(data, media_type=content_type_of(data), headers=headers)


@router.get(
    "/{public_id}/qr.svg",
    summary="The address of a public page as a QR code",
    response_class=Response,
    responses={200: {"description": "The code", "content": {"image/svg+xml": {}}}, **_FAILS},
)
async def get_public_qr(public_id: PublicId, request: Request, gateway: Gateway) -> Response:
    await gateway.authenticity.get(f"/public/{public_id}", PublicReference)
    address = f"{str(request.base_url).rstrip('/')}{public_path(public_id)}"
    held = io.BytesIO()
    segno.make(address, error="m", micro=False).save(held, kind="svg", scale=8, border=4, nl=False)
    return Response(held.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "private, no-cache"})
