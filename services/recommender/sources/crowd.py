"""What other shoppers acted on, and what came in last."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.recommender.arrivals import newest
from services.recommender.popularity import Popular
from services.recommender.sources import Found, Sought

_ALL_ARE_FOND = math.log1p(1_000)
"""At a weight of 1,000, that of 200 purchases within a month, an item is as popular as can be."""
_ARRIVALS = 40


class Companion(Protocol):
    """`score` in 0..1; `because`: the seed that counts most for it."""

    @property
    def sku(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def because(self) -> str: ...


class Companions(Protocol):
    def companions(self, tenant: str, seeds: Sequence[tuple[str, float]], limit: int) -> Sequence[Companion]:
        """What is acted on together with `seeds`, of a strength each, best first."""
        ...


@dataclass(frozen=True, slots=True)
class NoCompanions:
    """Before anything was learned of what is acted on together."""

    def companions(
        self,
        tenant: str,  # noqa: ARG002  the port's
        seeds: Sequence[tuple[str, float]],  # noqa: ARG002  the port's
        limit: int,  # noqa: ARG002  the port's
    ) -> Sequence[Companion]:
        return ()


def fondness(popular: Sequence[Popular]) -> Mapping[str, float]:
    """By the weight of all who acted on it, in 0..1: not by its share of the most popular item's, so that one event
    less makes no item more popular."""
    return {item.sku: min(math.log1p(item.weight) / _ALL_ARE_FOND, 1.0) for item in popular}


def arrivals(sought: Sought) -> Found:
    """The newest items, as many as fill the list; the newest of all at 1."""
    found = newest(sought.pinned.vectors, sought.tenant, sought.where, max(_ARRIVALS, sought.limit))
    return {hit.payload["sku"]: 1 - place / len(found) for place, hit in enumerate(found)}
