"""Pictures that pages show: by a signed address, without a key, and in the width that they have room for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response, Security
from fastapi.security import SecurityScopes

from services.gateway.access import BEARER, Gateway, Given, Parts, caller_of
from services.gateway.etags import MAX_TAGS, is_known
from shared.contracts.fields import PictureWidth
from shared.pictures import content_type_of

CONTENT_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_FLEETING = "private, no-store"
PICTURE_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}, "description": "The picture"}}


async def _shown_to(
    request: Request,
    gateway: Gateway,
    given: Annotated[Given, Security(BEARER, scopes=["read"])],
    expires: Annotated[int | None, Query(ge=0, le=10**12)] = None,
    signature: Annotated[str | None, Query(max_length=200)] = None,
) -> str:
    tenant = gateway.signer.address_tenant(request.url.path, expires, signature) if expires and signature else None
    return tenant or (await caller_of(request, gateway, given, SecurityScopes(["read"]))).tenant


ShownTo = Annotated[str, Depends(_shown_to)]
"""The shop for which the address was signed, else that of the key."""


Width = Annotated[
    PictureWidth | None,
    Query(description="At most so many pixels wide, as a WebP, where that is less; the picture as it is without"),
]
NoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=MAX_TAGS, description="An `ETag`: answer 304 if it is this picture."),
]
SHOWN_ANSWERS: dict[int | str, dict[str, Any]] = {
    **PICTURE_ANSWER,
    304: {"description": "It is as the `ETag` in `If-None-Match` says"},
}


async def shown(gateway: Parts, tenant: str, data: bytes, width: int | None, none_match: str | None) -> Response:
    """A picture, for who may see it: at most `width` pixels wide, or, as long as that cannot be had, as it is."""
    picture = await gateway.smaller.of(tenant, data, width)
    headers = {**CONTENT_HEADERS, "ETag": picture.etag}
    if not picture.kept:
        headers["Cache-Control"] = _FLEETING
    if is_known(picture.etag, none_match):
        return Response(status_code=304, headers=headers)
    return Response(picture.data, media_type=content_type_of(picture.data), headers=headers)
