"""JSON Merge Patch (RFC 7396) of items."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from shared.contracts.api import ItemPatch, ItemPut
from shared.observability.http import invalid


def patched(sku: str, body: dict[str, Any], patch: ItemPatch) -> ItemPut:
    """The item whose `ItemIn` as JSON is `body`, once the patch is applied. Raises `InvalidInput` if it is none."""
    merged = merge(body, patch.model_dump(mode="json", exclude_unset=True))
    try:
        return ItemPut.model_validate(merged | {"sku": sku})
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("body", *entry["loc"])} for entry in error.errors()]) from error


def merge(target: Any, patch: Any) -> Any:
    """`MergePatch` of RFC 7396, section 2; changes neither."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
