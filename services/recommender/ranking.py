"""What rankings share: the shop's filters, and how a point is told as the item that it shows."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.analysis import ATTRIBUTES, Box
from shared.contracts.internal import Filters
from shared.vectorstore import AnyOf, Between, Condition, Filter, Payload

BESIDE_THE_MAIN = Between("piece", low=1)
"""Points of pieces that a picture shows beside its main one. They are found, and stand for their picture nowhere."""


def condition_of(filters: Filters) -> Filter:
    """The shop's filters in the words of the index."""
    must: list[Condition] = []
    for name in ATTRIBUTES:
        if (wanted := getattr(filters, name)) is not None:
            must.append(AnyOf(name, wanted))
    if filters.tags is not None:
        must.append(AnyOf("tags", filters.tags))
    if filters.brand is not None:
        must.append(AnyOf("brand", filters.brand))
    if filters.created_after is not None:
        must.append(Between("created_ts", low=filters.created_after.timestamp()))
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


def box_of(payload: Payload) -> Box:
    """Where in its picture the piece is."""
    return Box(**{edge: payload[edge] for edge in Box.model_fields if edge in payload})
