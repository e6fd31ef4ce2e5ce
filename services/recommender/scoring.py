"""From how alike an item is to each part of a query to its score.

A picture or an item asked for alone is scored by what its model says of the cosine. Of several parts it is the
weighted mean of the similarities, wishes counting for a fifth of it. What is unwanted moves no score: as in Qdrant's
strategy `best_score`, an item that is nearer to something unwanted than to what is wanted stands below all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.recommender.composing import Part, Query
from services.recommender.ranking import clipped
from shared.contracts.models import Model

WISHES = 0.2
"""The share of the score that all wishes together make up."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Something beside likeness that counted for an item: an attribute with its `value`, or a boost.

    `amount` in 0..1 is how much of what was missing to the full score it gave; None for a wish, a part of the score.
    """

    kind: str
    value: str | None = None
    amount: float | None = None


class Scoring:
    """Of one query, in one collection. `rivals` are those of `Found`."""

    def __init__(self, query: Query, model: Model, rivals: Sequence[Sequence[float]]) -> None:
        self._query = query
        self._model = model
        self._rivals = rivals
        self._probabilities = [self._probability(place) for place in range(len(query.wanted))]
        alone = len(query.wanted) == 1 and not query.wishes
        self._calibrated = (self.probability(0) or clipped) if alone else None
        self._selects = bool(query.unwanted or query.shunned)

    def probability(self, place: int) -> Callable[[float], float] | None:
        """What the model says of the cosine to a wanted part; None where nobody has measured it."""
        return self._probabilities[place]

    def _probability(self, place: int) -> Callable[[float], float] | None:
        part = self._query.wanted[place]
        if part.kind == "picture" and self._model.same:
            return self._model.same.among(self._rivals[place])
        return self._model.style if part.kind == "item" else None

    def wished(self, payload: Mapping[str, Any]) -> list[Counted]:
        """The wishes that the item fulfils."""
        return [
            Counted(name, payload[name]) for name, values in self._query.wishes.items() if payload.get(name) in values
        ]

    def likeness(self, similarities: Sequence[float], wished: int) -> float:
        """In 0..1, never falling where a similarity to a wanted part rises or a wish more is fulfilled."""
        wanted = self._query.wanted
        mean = sum(part.weight * clipped(s) for part, s in zip(wanted, similarities[: len(wanted)], strict=True))
        wishes = len(self._query.wishes)
        return clipped((1 - WISHES) * mean + WISHES * wished / wishes if wishes else mean)

    def relevance(self, similarities: Sequence[float], wished: int) -> float:
        """`likeness` as a probability where the model knows it: in 0..1, rising with it."""
        if self._calibrated:
            return self._calibrated(similarities[0])
        return self.likeness(similarities, wished)

    def is_unwanted(self, similarities: Sequence[float], payload: Mapping[str, Any]) -> bool:
        """Whether it shows what is shunned, or is nearer to something unwanted than to what is wanted.

        Looks are compared with looks: where only words are wanted, with what may be told to look alike. The weight of
        the unwanted makes its similarity count less. Words are unwanted where an item has all of them.
        """
        if not self._selects:
            return False
        if any(payload.get(name) in values for name, values in self._query.shunned.items()):
            return True
        bar = self._look_wanted(similarities)
        unwanted = zip(self._query.unwanted, similarities[len(self._query.wanted) :], strict=True)
        return any(s >= 1 if part.kind == "words" else part.weight * s > bar for part, s in unwanted)

    def _look_wanted(self, similarities: Sequence[float]) -> float:
        looks: list[tuple[Part, float]] = [
            (part, s) for part, s in zip(self._query.wanted, similarities, strict=False) if part.kind != "words"
        ]
        weight = sum(part.weight for part, _ in looks)
        return sum(part.weight * s for part, s in looks) / weight if weight else self._model.look_at_least


def boosted(relevance: float, counted: Iterable[Counted]) -> float:
    """In 0..1: each amount b takes the share b of what is missing to 1, so together they never reach it (noisy-or)."""
    return 1 - (1 - relevance) * math.prod(1 - (one.amount or 0.0) for one in counted)
