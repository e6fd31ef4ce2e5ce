"""A ranking as it is pinned: items in their order, with all that made it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import orjson

from services.recommender.scoring import Counted
from shared.contracts.internal import Facets


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item's place in a ranking, with what made it: `similarities` to the wanted parts, and what else counted."""

    sku: str
    score: float
    similarities: Sequence[float] = ()
    counted: Sequence[Counted] = ()
    unwanted: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """Items in their order. `fingerprint` is of the request, `complete`: there are none beyond `items`."""

    fingerprint: str
    items: Sequence[Ranked]
    complete: bool
    found: int
    capped: bool
    no_match: bool = False
    rivals: Sequence[Sequence[float]] = ()
    facets: Facets = field(default_factory=dict)


def packed(ranking: Ranking) -> bytes:
    """As the database keeps it."""
    told = asdict(replace(ranking, items=()))
    items = [
        [one.sku, one.score, one.similarities, [[c.kind, c.value, c.amount] for c in one.counted], one.unwanted]
        for one in ranking.items
    ]
    return zlib.compress(orjson.dumps({**told, "items": items}), level=1)


def unpacked(held: bytes) -> Ranking:
    told = orjson.loads(zlib.decompress(held))
    items = [
        Ranked(sku, score, similarities, [Counted(*one) for one in counted], unwanted)
        for sku, score, similarities, counted, unwanted in told.pop("items")
    ]
    return Ranking(**told, items=items)
