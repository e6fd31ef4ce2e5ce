"""Pictures that a page shows by a signed address, without a key."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.security import SecurityScopes

from services.gateway.access import BEARER, Gateway, Given, caller_of

CONTENT_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
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
