"""Items by likeness to one or several vectors: pieces are ranked, an item stands where its best piece stands."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence

from shared.contracts import internal
from shared.contracts.analysis import ATTRIBUTES, Box
from shared.contracts.fields import Vector
from shared.contracts.internal import Filters
from shared.vectorstore import AnyOf, Between, Condition, Filter, Hit, VectorStore

_PICTURES_AN_ITEM = 3
"""Pictures fetched for each item wanted, to begin with: shops show about three of a piece."""

BESIDE_THE_MAIN = Between("piece", low=1)
"""Points of pieces that a picture shows beside its main one. They are found, and stand for their picture nowhere."""


def ranked_items(
    vectors: VectorStore, tenant: str, queries: Sequence[Vector], where: Filter, wanted: int
) -> Iterator[Hit]:
    """Each item once, at its piece nearest to any of the queries, best first; equal scores in order of point id.

    Lazy and endless as the index: the ranking is the same however far it is read. `wanted` sizes the first fetch.
    """
    streams = [_points(vectors, tenant, query, where, _PICTURES_AN_ITEM * wanted) for query in queries]
    return _each_item_once(heapq.merge(*streams, key=lambda hit: (-hit.score, hit.id)))


def _points(vectors: VectorStore, tenant: str, query: Vector, where: Filter, page: int) -> Iterator[Hit]:
    offset = 0
    while True:
        hits = vectors.search(tenant, query, page, where, offset)
        yield from hits
        if len(hits) < page:
            return
        offset += page
        page *= 2


def _each_item_once(hits: Iterable[Hit]) -> Iterator[Hit]:
    seen: set[str] = set()
    for hit in hits:
        sku = hit.payload["sku"]
        if sku not in seen:
            seen.add(sku)
            yield hit


def condition_of(filters: Filters) -> Filter:
    """The shop's filters in the words of the index."""
    must: list[Condition] = []
    for name in ATTRIBUTES:
        if (wanted := getattr(filters, name)) is not None:
            must.append(AnyOf(name, wanted))
    if filters.tags is not None:
        must.append(AnyOf("tags", filters.tags))
    if filters.price_min is not None or filters.price_max is not None:
        must.append(Between("price", filters.price_min, filters.price_max))
    if filters.in_stock is not None:
        must.append(AnyOf("in_stock", (filters.in_stock,)))
    unwanted = tuple(AnyOf(name, values) for name, values in filters.without.items())
    return Filter(tuple(must), (*unwanted, *without(filters.exclude_skus)))


def without(skus: Iterable[str]) -> tuple[Condition, ...]:
    """What `must_not` holds so that none of these items is found."""
    left_out = tuple(sorted(skus))
    return (AnyOf("sku", left_out),) if left_out else ()


def clipped(cosine: float) -> float:
    """The cosine as a score, where nobody has measured what it means."""
    return min(max(cosine, 0.0), 1.0)


def hit_of(hit: Hit, source: internal.Source, score: Callable[[float], float]) -> internal.Hit:
    """A point as the item that it shows; `score` makes 0..1 of its cosine, and never falls where that rises."""
    return internal.Hit.model_construct(
        sku=hit.payload["sku"],
        image_id=hit.payload["image_id"],
        score=score(hit.score),
        type=hit.payload.get("type"),
        box=Box(**{edge: hit.payload[edge] for edge in Box.model_fields if edge in hit.payload}),
        source=source,
    )
