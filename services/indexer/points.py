"""From an analysis, corrections and item fields to a point of the index."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from services.indexer.state import Image, Item
from shared.contracts.analysis import ATTRIBUTES, Analysis, Attribute
from shared.contracts.messages import ItemFields
from shared.vectorstore import Point

_NAMESPACE = uuid.UUID("5d1f6a0e-9a2b-4c57-8b35-1f0f6f3f7d11")

Known = dict[str, Attribute | None]


def collection_of(model_version: str) -> str:
    """The collection that holds the vectors of a model; a collection's name has no dots."""
    return f"pieces-{model_version.replace('.', '_')}"


def point_id(tenant: str, image_id: str, model_version: str) -> str:
    """The same picture and model always have the same id, so a repeat replaces."""
    return str(uuid.uuid5(_NAMESPACE, f"{tenant}/{image_id}/{model_version}"))


def known(analysis: Analysis, corrections: Mapping[str, str]) -> Known:
    """Each attribute after the merchant's corrections; None where neither they nor the model know it."""
    piece = analysis.pieces[0]
    return {
        name: Attribute(value=corrections[name], confidence=1.0) if name in corrections else getattr(piece, name)
        for name in ATTRIBUTES
    }


def point_of(item: Item, image: Image, analysis: Analysis, attributes: Known) -> Point:
    """The point of a picture: how its piece looks, what it is, and what the shop says of the item, if heard of."""
    payload: dict[str, Any] = {
        "sku": item.sku,
        "image_id": image.image_id,
        "sha256": analysis.sha256,
        "model_version": analysis.model_version,
        "item_revision": image.item_revision,
        **{name: attribute.value for name, attribute in attributes.items() if attribute},
    }
    if kind := attributes["type"]:
        payload["type_confidence"] = kind.confidence
    if item.fields is not None:
        fields = field_payload(ItemFields.model_validate(item.fields))
        payload.update((name, value) for name, value in fields.items() if value is not None)
    return Point(
        id=point_id(item.tenant, image.image_id, analysis.model_version),
        vector=analysis.pieces[0].embedding(),
        payload=payload,
    )


def field_payload(fields: ItemFields) -> dict[str, Any]:
    """An item's fields as payload. `created_ts` is `created_at` in seconds since 1970, for ranges."""
    return {
        "title": fields.title,
        "price": fields.price,
        "currency": fields.currency,
        "in_stock": fields.in_stock,
        "tags": fields.tags,
        "created_at": fields.created_at.isoformat(),
        "created_ts": fields.created_at.timestamp(),
    }
