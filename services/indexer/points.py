"""From an analysis, corrections and item fields to the points of the index: one a piece."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from services.indexer.state import Image, Item
from shared.contracts.analysis import ATTRIBUTES, Analysis, Attribute, Knowledge
from shared.contracts.messages import ItemFields
from shared.contracts.models import INDEX
from shared.vectorstore import Point, Text

_NAMESPACE = uuid.UUID("5d1f6a0e-9a2b-4c57-8b35-1f0f6f3f7d11")
_COLLECTIONS = f"{INDEX}2"
"""The 2 is of the schema: a collection of another one has another name, and is filled anew."""
_BOX_DIGITS = 6

Known = dict[str, Attribute | None]


def collection_of(model_version: str, generation: int = 1) -> str:
    """The name of a collection, which has no dots. The first has none but the model's."""
    name = f"{_COLLECTIONS}-{model_version.replace('.', '_')}"
    return name if generation == 1 else f"{name}-g{generation}"


def is_of_before(collection: str) -> bool:
    """Whether it was made before its points could have words."""
    return not collection.startswith(f"{_COLLECTIONS}-")


def point_id(tenant: str, image_id: str, model_version: str, piece: int) -> str:
    """The same picture, model and number of the piece always have the same id, so a repeat replaces."""
    picture = f"{tenant}/{image_id}/{model_version}"
    return str(uuid.uuid5(_NAMESPACE, f"{picture}/{piece}" if piece else picture))


def known(piece: Knowledge, corrections: Mapping[str, str]) -> Known:
    """Each attribute after the merchant's corrections; None where neither they nor the model know it."""
    return {
        name: Attribute(value=corrections[name], confidence=1.0) if name in corrections else getattr(piece, name)
        for name in ATTRIBUTES
    }


def points_of(item: Item, image: Image, analysis: Analysis, text: Text | None) -> list[Point]:
    """A point for each piece, in order: how it looks, what it is, and what the shop says of the item, if heard of.

    `text` is the item's, told in the payload by its key.

    What the shop says of the item's attributes, and over that its corrections, are of the main piece, number 0. Absent
    are the number 0 and the edges of a box that are the picture's: so a picture of one piece has the point that it had
    before there could be several.
    """
    of_picture: dict[str, Any] = {
        "sku": item.sku,
        "image_id": image.image_id,
        "sha256": analysis.sha256,
        "model_version": analysis.model_version,
        "item_revision": image.item_revision,
    }
    if item.fields is not None:
        fields = field_payload(ItemFields.model_validate(item.fields))
        of_picture.update((name, value) for name, value in fields.items() if value is not None)
    if text is not None:
        of_picture["text"] = item.text
    points = []
    for number, piece in enumerate(analysis.pieces):
        attributes = known(piece, {} if number else {**said_of(item), **image.corrections})
        payload = of_picture | {name: attribute.value for name, attribute in attributes.items() if attribute}
        if kind := attributes["type"]:
            payload["type_confidence"] = kind.confidence
        if number:
            payload["piece"] = number
        edges = piece.box.model_dump(exclude_defaults=True)
        payload |= {edge: round(fraction, _BOX_DIGITS) for edge, fraction in edges.items()}
        point = point_id(item.tenant, image.image_id, analysis.model_version, number)
        points.append(Point(point, piece.embedding(), payload, text))
    return points


def said_of(item: Item) -> dict[str, str]:
    """What the shop says of the item's attributes."""
    return dict((item.fields or {}).get("said", {}))


def field_payload(fields: ItemFields) -> dict[str, Any]:
    """An item's fields as payload. `created_ts` is `created_at` in seconds since 1970, for ranges."""
    return {
        "title": fields.title,
        "brand": fields.brand,
        "price": fields.price,
        "currency": fields.currency,
        "in_stock": fields.in_stock,
        "tags": fields.tags,
        "created_at": fields.created_at.isoformat(),
        "created_ts": fields.created_at.timestamp(),
    }
