"""Requests that are read by hand, those with pictures and those with events: how, and how OpenAPI shows them."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from services.gateway.multipart import Form, read_form
from shared.contracts.fields import MAX_BATCH_PICTURES, PICTURE_FORMATS_TOLD
from shared.contracts.search import MAX_QUERY_BYTES, MAX_QUERY_PICTURES
from shared.contracts.stock import MAIN
from shared.contracts.stocktakes import MAX_TRAY_BYTES, MAX_TRAY_PHOTOS

PICTURE = {
    "type": "string",
    "format": "binary",
    "description": f"{PICTURE_FORMATS_TOLD}; up to 20 MB and 50 megapixels.",
}
_PICTURE_TYPES = {
    "contentType": "image/jpeg, image/png, image/webp, image/gif, image/bmp, image/tiff, image/avif, image/heic"
}
"""What the parts are most often declared as. What counts is in the bytes."""
_WITH_PICTURE = [
    '{"limit": 10, "filters": {"type": ["ring"], "price_max": 500}}',
    '{"box": {"x0": 0.1, "y0": 0.25, "x1": 0.4, "y1": 0.8}}',
    '{"piece": 0}',
    '{"words": "in rose gold under 500"}',
    '{"every_piece": true}',
    '{"parts": [{"image": 0}, {"words": "rose gold", "weight": 0.5}, {"words": "halo", "negative": true}]}',
]
_NOTHING = {"type": "null"}
_WITHOUT_PICTURES = {
    "allOf": [
        {"$ref": "#/components/schemas/SearchQuery"},
        {
            "properties": {
                "box": _NOTHING,
                "piece": _NOTHING,
                "every_piece": {"const": False},
                "parts": {"items": {"properties": {"image": _NOTHING}}},
            }
        },
        {
            "anyOf": [
                {"properties": {"parts": {"maxItems": 0}}},
                {"properties": {"parts": {"contains": {"properties": {"negative": {"const": False}}}}}},
            ]
        },
    ]
}
_ALONE = {
    "words": {"summary": "By words", "value": {"words": "rose gold ring with an emerald under 500", "limit": 10}},
    "chips": {
        "summary": "By words, one chip taken away",
        "value": {"words": "rose gold ring under 500", "ignore": ["metal:rose gold"]},
    },
    "item": {
        "summary": "Like an item, but not like words",
        "value": {"parts": [{"sku": "RING-1"}, {"words": "halo", "negative": True, "weight": 0.5}]},
    },
    "list": {
        "summary": "All that the filters allow, the newest first",
        "value": {"filters": {"type": ["earring"], "in_stock": True, "created_after": "2026-01-01T00:00:00Z"}},
    },
    "diverse": {"summary": "Unlike each other", "value": {"words": "gold necklace", "diversity": 0.5}},
}


def is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json"


async def form_of(request: Request, picture: str, **limits: int) -> Form:
    """The form of the request; `limits` as in `read_form`."""
    headers = request.headers
    return await read_form(
        headers.get("content-type"), headers.get("content-length"), request.stream(), picture, **limits
    )


def form(picture: str, *, several: bool = False, **others: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI entry of a multipart body whose part `picture` is the picture, or `several` of them."""
    many = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH_PICTURES, "items": PICTURE}
    shown = many if several else PICTURE
    schema = {"type": "object", "required": [picture, *others], "properties": {picture: shown, **others}}
    content = {"multipart/form-data": {"schema": schema, "encoding": {picture: _PICTURE_TYPES}}}
    return {"requestBody": {"required": True, "content": content}}


def raw_body() -> dict[str, Any]:
    """The OpenAPI entry of a body that is a picture as it stands."""
    kinds = [f"image/{kind}" for kind in ("jpeg", "png", "webp", "gif", "bmp", "tiff", "avif", "heic")]
    content = {kind: {"schema": PICTURE} for kind in (*kinds, "application/octet-stream")}
    return {"requestBody": {"required": True, "content": content}}


def pictures_body(**texts: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI entry of a batch of pictures: in a form with `texts`, or uploaded before and named as JSON."""
    body = form("file", several=True, **texts)
    named = {"images": [{"sku": "RING-1", "object_key": "uploads/0123456789abcdef0123456789abcdef"}]}
    examples = {"uploaded": {"summary": "Pictures that were put to addresses of ours", "value": named}}
    schema = {"$ref": "#/components/schemas/UploadedPictures"}
    body["requestBody"]["content"]["application/json"] = {"schema": schema, "examples": examples}
    return body


def query_body() -> dict[str, Any]:
    """The OpenAPI entry of a SearchQuery: as JSON alone, or beside its pictures."""
    pictures = {
        "type": "array",
        "maxItems": MAX_QUERY_PICTURES,
        "items": PICTURE,
        "description": f"Up to {MAX_QUERY_PICTURES}, {MAX_QUERY_BYTES // 1_000_000} MB together.",
    }
    query = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/SearchQuery"},
        "description": "A SearchQuery as JSON.",
        "examples": _WITH_PICTURE,
    }
    schema = {"type": "object", "properties": {"image": pictures, "query": query}}
    content = {
        "multipart/form-data": {"schema": schema, "encoding": {"image": _PICTURE_TYPES}},
        "application/json": {"schema": _WITHOUT_PICTURES, "examples": _ALONE},
    }
    return {"requestBody": {"required": True, "content": content}}


def tray_body() -> dict[str, Any]:
    """The OpenAPI entry of photos of a tray, with what should lie there."""
    photos = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_TRAY_PHOTOS,
        "items": PICTURE,
        "description": f"Up to {MAX_TRAY_PHOTOS}, {MAX_TRAY_BYTES // 1_000_000} MB together.",
    }
    expected = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"type": "array", "items": {"type": "string"}},
        "description": "A JSON list of the SKUs that should lie there.",
        "example": '["RING-1", "RING-2"]',
    }
    location = {"type": "string", "default": MAIN, "description": "Where it is.", "example": "window"}
    texts = {"image": photos, "location": location, "expected": expected}
    schema = {"type": "object", "required": ["image"], "properties": texts}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


_PATCHES = {
    "price": {"summary": "Another price", "value": {"price": 450.0, "currency": "EUR"}},
    "attributes": {"summary": "One attribute, the others stay", "value": {"attributes": {"metal": "rose gold"}}},
}


def patch_body() -> dict[str, Any]:
    """The OpenAPI entry of a merge patch of an item: by its own media type, or as JSON."""
    schema = {"schema": {"$ref": "#/components/schemas/ItemPatch"}, "examples": _PATCHES}
    content = {"application/merge-patch+json": schema, "application/json": schema}
    return {"requestBody": {"required": True, "content": content}}


_ANNA = {"user_id": "u-5c1f", "at": "2026-05-01T12:00:00Z"}
_VISIT = {"session_id": "v-81d0", "at": "2026-05-01T11:58:00Z"}
_LIST = {"search_id": "0123456789abcdef0123456789abcdef"}
_EVENTS = {
    "visit": {
        "summary": "A visit, in which somebody searched and clicked, then logged in",
        "value": {
            "events": [
                {"id": "e-1", "type": "searched", **_VISIT, **_LIST},
                {"id": "e-2", "type": "clicked", "sku": "RING-1", **_VISIT, **_LIST, "position": 0},
                {"id": "e-3", "type": "carted", "sku": "RING-1", **_VISIT, **_ANNA},
            ]
        },
    },
    "purchase": {
        "summary": "A purchase of somebody who is logged in",
        "value": {"events": [{"id": "e-4", "type": "purchased", "sku": "RING-1", **_ANNA}]},
    },
}


_MOVEMENTS = {
    "day": {
        "summary": "Pieces that came, went and moved",
        "value": {
            "movements": [
                {
                    "id": "d-1",
                    "sku": "RING-1",
                    "kind": "received",
                    "quantity": 5,
                    "occurred_at": "2026-05-01T08:00:00Z",
                },
                {
                    "id": "r-9",
                    "sku": "RING-1",
                    "kind": "sold",
                    "quantity": 1,
                    "unit_price": 490,
                    "occurred_at": "2026-05-01T12:00:00Z",
                },
                {
                    "id": "t-3",
                    "sku": "RING-1",
                    "kind": "moved",
                    "quantity": 2,
                    "to_location": "Graz",
                    "occurred_at": "2026-05-01T18:00:00Z",
                },
            ]
        },
    },
    "loss": {
        "summary": "A piece that is missing",
        "value": {
            "movements": [
                {
                    "id": "a-1",
                    "sku": "RING-1",
                    "kind": "adjusted",
                    "quantity": -1,
                    "reason": "broken in the window",
                    "occurred_at": "2026-05-02T08:00:00Z",
                }
            ]
        },
    },
}


def movements_body() -> dict[str, Any]:
    """The OpenAPI entry of a batch of movements."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/MovementsIn"}, "examples": _MOVEMENTS}}
    return {"requestBody": {"required": True, "content": content}}


def events_body() -> dict[str, Any]:
    """The OpenAPI entry of a batch of events."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/EventsIn"}, "examples": _EVENTS}}
    return {"requestBody": {"required": True, "content": content}}
