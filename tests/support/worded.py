"""The embedded engine with words and generations as the port tells of them, until its adapter has them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from shared.vectorstore import Filter, Hit, Point, Text, VectorStore


class Worded:
    def __init__(self, store: VectorStore) -> None:
        self._store = store
        self._texts: dict[str, dict[str, Text]] = defaultdict(dict)
        self._generation: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        self._store.upsert(tenant, points)
        self._texts[tenant].update({point.id: point.text for point in points if point.text})
        self._generation[tenant] += 1

    def delete(self, tenant: str, where: Filter) -> None:
        self._store.delete(tenant, where)
        self._generation[tenant] += 1

    def set_payload(self, tenant: str, where: Filter, payload: Any) -> None:
        self._store.set_payload(tenant, where, payload)
        self._generation[tenant] += 1

    def generation(self, tenant: str) -> str:
        return str(self._generation[tenant])

    def search_text(self, tenant: str, text: Text, limit: int, where: Filter | None = None) -> list[Hit]:
        points = [p for p in self._store.scroll(tenant, where, 100_000) if p.id in self._texts[tenant]]
        texts = self._texts[tenant]
        holding = Counter(term for p in points for term in texts[p.id].terms)
        by_terms = {
            p.id: sum(
                weight * texts[p.id].terms[term] * math.log(1 + len(points) / holding[term])
                for term, weight in text.terms.items()
                if term in texts[p.id].terms
            )
            for p in points
        }
        by_meaning = {p.id: float(texts[p.id].dense @ text.dense) for p in points}
        fused: Counter[str] = Counter()
        for scores in (by_meaning, {i: s for i, s in by_terms.items() if s}):
            for place, point_id in enumerate(sorted(scores, key=lambda i: (-scores[i], i)), 1):
                fused[point_id] += 61 / 2 / (60 + place)
        payloads = {p.id: p.payload for p in points}
        best = sorted(fused, key=lambda i: (-fused[i], i))[:limit]
        return [Hit(i, fused[i], payloads[i]) for i in best]


class WordedDirectory:
    """Gives the one worded store of a collection, however often it is opened."""

    def __init__(self, directory: Any) -> None:
        self._directory = directory
        self._stores: dict[str, Worded] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._directory, name)

    def open(self, name: str, dimension: int) -> Any:
        if name not in self._stores:
            self._stores[name] = Worded(self._directory.open(name, dimension))
        return self._stores[name]
