"""From scores to the list that is shown: not one look after another, room for other types, and some chance.

What the list tries beside the best is drawn with known probabilities, so that what another ranking would have brought
can be estimated from what was shown (per-decision importance sampling, Precup 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.recommender.features import Floats
from shared.contracts.fields import Vector

MOST_OF_A_TYPE = 0.6
MOST_OF_THE_TYPE_LOOKED_FOR = 0.8
"""The share of a list that one type may take while others that something speaks for are there."""
_WORTH_A_PLACE = 0.1
"""Of the best score left: what scores less makes no room for itself by being of another type."""
WINDOW = 20
ARRIVALS = 10
"""What may be drawn: so many that come next, and so many of those that came in within a day."""

_BEFORE_ALL = 2.0
_MIDDLE = 4
"""Shorter lists have no place to spare."""

Draw = Callable[[int], tuple[float, float]]
"""For each place two numbers in 0..1: whether to draw, and which."""


@dataclass(frozen=True, slots=True)
class Field:
    """The n items that contend. `types` are numbers, 0 where it is not known. `spoken_for`: something that the shopper
    did speaks for it; `age_days`: since it came in."""

    scores: Floats
    vectors: Vector
    types: Floats
    spoken_for: NDArray[np.bool_]
    age_days: Floats

    @property
    def arrived(self) -> NDArray[np.bool_]:
        """Within a day."""
        return np.asarray(self.age_days < 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """`place` in the field, and how likely it was to be chosen next after those chosen before."""

    place: int
    propensity: float


def choose(
    field: Field,
    limit: int,
    *,
    diversity: float,
    looked_for: Collection[float],
    explore: float,
    draw: Draw,
) -> list[Choice]:
    """Up to `limit` items in the order in which they are shown.

    Next comes the largest (1 - diversity) * score / best score - diversity * (largest cosine to one shown before); the
    cosine counts against items that something speaks for, and all others stay in the order of their scores. The place
    in the middle is for one that came in within a day, if none was shown by then: the best that something speaks for,
    or else the newest. With
    the probability `explore` it is instead, each as likely, one of the `WINDOW` that come next or of the `ARRIVALS`.
    """
    count = len(field.scores)
    left = np.ones(count, dtype=np.bool_)
    nearest = np.zeros(count)
    relevance = (1 - diversity) * field.scores / max(float(field.scores.max(initial=0.0)), 1e-12)
    room = _Room(field, limit, looked_for)
    chosen: list[Choice] = []
    while len(chosen) < min(limit, count):
        allowed = left & room.allowed(left)
        value = np.where(allowed, relevance - diversity * nearest * field.spoken_for, -np.inf)
        if len(chosen) == limit // 2 >= _MIDDLE and not any(field.arrived[one.place] for one in chosen):
            value = _arrivals_first(field, value)
        pool = _pool(value, field, allowed)
        try_another, which = draw(len(chosen))
        best = int(pool[0])
        place = int(pool[int(which * len(pool))]) if try_another < explore else best
        propensity = explore / len(pool) + (1 - explore if place == best else 0.0)
        chosen.append(Choice(place, propensity))
        left[place] = False
        room.take(place)
        nearest = np.maximum(nearest, field.vectors @ field.vectors[place])
    return chosen


def _arrivals_first(field: Field, value: Floats) -> Floats:
    """Nobody can have acted yet on what came in within a day, so by what others did it would come too late."""
    left = value > -np.inf
    worth = field.scores >= _WORTH_A_PLACE * field.scores[left].max(initial=0.0)
    if (near := field.arrived & field.spoken_for & left & worth).any():
        return np.asarray(np.where(near, value + _BEFORE_ALL, value))
    return np.asarray(np.where(field.arrived & left, _BEFORE_ALL + 1 - field.age_days, value))


def _pool(value: Floats, field: Field, allowed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """What may come next, the best first."""
    count = int(allowed.sum())
    order = np.argsort(-value, kind="stable")[:count]
    later = order[WINDOW:]
    return np.concatenate([order[:WINDOW], later[field.arrived[later]][:ARRIVALS]])


class _Room:
    """How many of each type may still come."""

    def __init__(self, field: Field, limit: int, looked_for: Collection[float]) -> None:
        self._field = field
        kinds, self._codes = np.unique(field.types, return_inverse=True)
        shares = np.where(np.isin(kinds, list(looked_for)), MOST_OF_THE_TYPE_LOOKED_FOR, MOST_OF_A_TYPE)
        self._left = np.where(kinds > 0, np.ceil(shares * limit), np.inf)

    def take(self, place: int) -> None:
        self._left[self._codes[place]] -= 1

    def allowed(self, left: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """All, unless a type has had its share and there is something else worth the place."""
        full = self._left[self._codes] <= 0
        if not full.any():
            return left
        best = self._field.scores[left].max(initial=0.0)
        others = left & ~full & self._field.spoken_for & (self._field.scores >= _WORTH_A_PLACE * best)
        return left & ~full if others.any() else left
