"""A request with pictures in it: how it is read, and how OpenAPI shows it."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from services.gateway.multipart import Form, read_form
from shared.contracts.fields import PICTURE_FORMATS_TOLD

_PICTURE = {
    "type": "string",
    "format": "binary",
    "description": f"{PICTURE_FORMATS_TOLD}; up to 20 MB and 50 megapixels.",
}


async def form_of(request: Request, picture: str, **limits: int) -> Form:
    """The form of the request; `limits` as in `read_form`."""
    headers = request.headers
    return await read_form(
        headers.get("content-type"), headers.get("content-length"), request.stream(), picture, **limits
    )


def form(picture: str, *, several: bool = False, **others: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI entry of a multipart body whose part `picture` is the picture, or `several` of them."""
    shown = {"type": "array", "items": _PICTURE} if several else _PICTURE
    schema = {"type": "object", "required": [picture], "properties": {picture: shown, **others}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
