"""What each message in the outbox tells of: by this key its outcome closes it."""

from __future__ import annotations


def stored_key(image_id: str) -> str:
    return f"image.stored:{image_id}"


def removed_key(image_id: str) -> str:
    return f"image.removed:{image_id}"


def corrected_key(image_id: str, revision: int) -> str:
    return f"image.corrected:{image_id}:{revision}"


def item_key(tenant: str, sku: str, revision: int) -> str:
    return f"item.changed:{tenant}:{sku}:{revision}"


def events_key(batch_id: str) -> str:
    return f"user.events:{batch_id}"


def impressions_key(batch_id: str) -> str:
    return f"impressions.shown:{batch_id}"


def erasure_key(erasure_id: str) -> str:
    return f"erasure.asked:{erasure_id}"
