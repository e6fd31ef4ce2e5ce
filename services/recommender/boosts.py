"""What moves an item a little, beside how alike it is: attributes that agree, stock, newness, popularity."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from services.recommender.composing import Query
from services.recommender.popularity import Popularity
from services.recommender.scoring import Counted

MOST = 0.02
"""Of the score, for each: enough to decide among items that are as alike, and not against one that is more so."""
_NEW_FOR_S = 30 * 86_400.0


class Boosts:
    """Those of one query of one tenant, at the moment it is made."""

    def __init__(self, tenant: str, query: Query, popularity: Popularity) -> None:
        self._query = query
        popular = popularity.most(tenant)
        self._popular = {item.sku: item.weight / popular[0].weight for item in popular}
        self._now = time.time()

    def of(self, payload: Mapping[str, Any]) -> list[Counted]:
        """Those that count for an item, each at most `MOST`; wishes count elsewhere."""
        counted = [
            Counted(name, value, MOST)
            for name, values in self._query.known.items()
            if name not in self._query.wishes and (value := payload.get(name)) in values
        ]
        if payload.get("in_stock"):
            counted.append(Counted("stock", None, MOST))
        if (age := self._now - payload.get("created_ts", 0.0)) < _NEW_FOR_S:
            counted.append(Counted("new", None, MOST * min(1 - age / _NEW_FOR_S, 1.0)))
        if share := self._popular.get(payload["sku"]):
            counted.append(Counted("popular", None, MOST * share))
        return counted
