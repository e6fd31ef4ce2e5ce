"""What each message in the outbox tells of: by this key its outcome closes it."""

from __future__ import annotations

from collections.abc import Mapping


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


def moved_key(batch_id: str) -> str:
    return f"stock.moved:{batch_id}"


def erasure_key(erasure_id: str) -> str:
    return f"erasure.asked:{erasure_id}"


def outbox_key_of(source: str, payload: Mapping[str, object]) -> str | None:
    """The outbox key of a message that died; None for one that is in no outbox, or lacks what its key is made of."""
    field = {name: str(payload.get(name)) for name in ("tenant", "sku", "image_id", "batch_id", "erasure_id")}
    revision = payload.get("revision")
    match source, revision:
        case "item.changed", int():
            return item_key(field["tenant"], field["sku"], revision)
        case "image.corrected", int():
            return corrected_key(field["image_id"], revision)
        case "image.removed", _:
            return removed_key(field["image_id"])
        case "user.events", _:
            return events_key(field["batch_id"])
        case "impressions.shown", _:
            return impressions_key(field["batch_id"])
        case "stock.moved", _:
            return moved_key(field["batch_id"])
        case "erasure.asked", _:
            return erasure_key(field["erasure_id"])
    return None
