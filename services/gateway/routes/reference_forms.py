"""The forms of references: how OpenAPI shows them, and how their parts are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.gateway.authenticity.pictures import Cleaned
from services.gateway.routes.forms import PICTURE
from shared.contracts.comparing import View
from shared.contracts.references import MAX_REFERENCE_PICTURES, RecordPicture, ReferenceIn
from shared.errors import InvalidInput
from shared.observability.http import invalid

_T = TypeVar("_T")
_RECORD: TypeAdapter[ReferenceIn] = TypeAdapter(ReferenceIn)
_VIEWS: TypeAdapter[list[View]] = TypeAdapter(list[View])
IMAGES = {"type": "array", "minItems": 1, "maxItems": MAX_REFERENCE_PICTURES, "items": PICTURE}
VIEWS_PART = {
    "type": "string",
    "contentMediaType": "application/json",
    "contentSchema": {"type": "array", "items": {"type": "string"}},
    "description": "A JSON list of what each `image` shows, in their order: front, side, back, top, detail, hallmark, "
    "serial or scale. Left out: all show the front.",
    "example": '["front", "hallmark"]',
}
RECORD_PART = {
    "type": "string",
    "contentMediaType": "application/json",
    "contentSchema": {"$ref": "#/components/schemas/ReferenceIn"},
    "description": "A ReferenceIn as JSON.",
    "example": '{"kind": "piece", "title": "Emerald halo ring", "serial_text": "A-1042"}',
}


def reference_body(required: list[str], **parts: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": parts}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def record_of(texts: dict[str, bytes]) -> ReferenceIn:
    """The part `record`. Raises `InvalidInput`."""
    return _told(_RECORD, texts.get("record", b"null"), "record")


def named(pictures: Sequence[Cleaned], views: Sequence[View]) -> list[RecordPicture]:
    hashes = [one.sha256 for one in pictures]
    if twice := [place for place, sha256 in enumerate(hashes) if sha256 in hashes[:place]]:
        raise InvalidInput(
            "One picture is there twice. Send each once.",
            errors=[{"path": f"body.image.{place}", "message": "is there already"} for place in twice],
        )
    return [
        RecordPicture(
            view=view,
            sha256=one.sha256,
            sent_sha256=one.sent.sha256,
            bytes=len(one.data),
            width=one.sent.width,
            height=one.sent.height,
        )
        for one, view in zip(pictures, views, strict=True)
    ]


def views_of(texts: dict[str, bytes], pictures: int) -> list[View]:
    if "views" not in texts:
        return ["front"] * pictures
    views = _told(_VIEWS, texts["views"], "views")
    if len(views) != pictures:
        raise InvalidInput(
            f"There are {pictures} pictures and {len(views)} views. Say one a picture, in their order.",
            errors=[{"path": "views", "message": f"needs {pictures} entries"}],
        )
    return views


def _told(kind: TypeAdapter[_T], text: bytes, part: str) -> _T:
    try:
        return kind.validate_json(text)
    except ValidationError as error:
        raise invalid([{**entry, "loc": (part, *entry["loc"])} for entry in error.errors()]) from error
