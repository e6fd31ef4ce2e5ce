"""What came in last."""

from __future__ import annotations

from shared.vectorstore import Filter, Hit, VectorStore

_PICTURES_AN_ITEM = 4


def newest(vectors: VectorStore, tenant: str, where: Filter, wanted: int) -> list[Hit]:
    """One picture of each of the `wanted` newest items, newest first; fewer when there are not as many."""
    limit = _PICTURES_AN_ITEM * wanted
    while True:
        points = vectors.largest(tenant, "created_ts", limit, where)
        items: dict[str, Hit] = {}
        for point in sorted(points, key=lambda point: (-point.payload["created_ts"], point.id)):
            items.setdefault(point.payload["sku"], point)
        if len(items) >= wanted or len(points) < limit:
            return list(items.values())[:wanted]
        limit *= _PICTURES_AN_ITEM
