"""A request with one picture in it: how it is read, and how OpenAPI shows it."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from services.gateway.multipart import Upload, read_upload

_PICTURE = {
    "type": "string",
    "format": "binary",
    "description": "JPEG, PNG, WebP, GIF, BMP or TIFF; up to 20 MB and 50 megapixels.",
}


async def upload_of(request: Request, picture: str) -> Upload:
    headers = request.headers
    return await read_upload(headers.get("content-type"), headers.get("content-length"), request.stream(), picture)


def form(picture: str, **others: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI entry of a multipart body whose part `picture` is the picture."""
    schema = {"type": "object", "required": [picture], "properties": {picture: _PICTURE, **others}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
