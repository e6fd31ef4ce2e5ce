"""Where candidates for suggestions come from: each source names items with a score in 0..1, and knows no other one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.recommender.index import Pinned
from services.recommender.items import Item
from shared.vectorstore import Filter

Found = Mapping[str, float]
"""SKU -> how much the source speaks for it, in 0..1."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item to find others by; `strength` in 0..1. `kept`: it is in the cart, bought, or what the page shows."""

    item: Item
    strength: float
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """For whom candidates are sought: `asked` strongest first, `where` what may be suggested, `limit` of the list."""

    tenant: str
    pinned: Pinned
    where: Filter
    asked: Sequence[Asked]
    limit: int
