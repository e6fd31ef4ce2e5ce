"""A logistic regression that starts from what is known and learns from what was clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.recommender.features import NAMES, Floats, Weights, bounded, score

_RIDGE = 3.0
"""How sure the proportions of the weights set by hand are: a few clicks change little of them."""
_RIDGE_OF_SCALE = 1.0
_LEAST_SCALE = 0.05
_STEPS = 30
_ENOUGH = 1e-6
_MOST_WEIGHT = 20.0
"""What was shown by a chance below one in 20 counts no more than that, or a single click would decide."""
_LEAST_SEEN = 0.1


@dataclass(frozen=True)
class Shown:
    """n items of lists that were shown, in order of time.

    `x`: their features, float64 [n, features]; `clicked` [n]; `propensities` in 0..1; `places` in their lists, from 0;
    `lists`: the number of the list, never falling.
    """

    x: Floats
    clicked: NDArray[np.bool_]
    propensities: Floats
    places: NDArray[np.int64]
    lists: NDArray[np.int64]

    def part(self, of: NDArray[np.bool_]) -> Shown:
        return Shown(self.x[of], self.clicked[of], self.propensities[of], self.places[of], self.lists[of])


@dataclass(frozen=True)
class Fit:
    """`by_place`: by how much the logit of a click falls with the logarithm of the place: how shoppers look at a list,
    learned beside what they like, and left out when ranking."""

    bias: float
    values: Floats
    by_place: float


def fit(shown: Shown, start: Weights) -> Fit:
    """The most likely weights, held by a ridge near to the proportions of those of `start`.

    By hand one sets how features compare, and not how often shoppers click: so first their common scale is learned,
    then how each differs. Each item counts by the inverse of its propensity, as if all that could have been shown had
    been, each as often.
    """
    count = len(shown.x)
    places, ones = np.log1p(shown.places), np.ones(count)
    weight = np.minimum(1 / np.maximum(shown.propensities, 1e-9), _MOST_WEIGHT)
    weight *= count / weight.sum()
    scaled = np.column_stack([shown.x @ start.values, places, ones])
    scale_ridge = np.full(3, _RIDGE_OF_SCALE)
    scale, by_place, bias = _most_likely(scaled, shown.clicked, weight, np.array([1.0, 0.0, start.bias]), scale_ridge)
    scale = max(scale, _LEAST_SCALE)
    design = np.column_stack([shown.x, places, ones])
    middle = np.array([*(scale * start.values), by_place, bias])
    ridge = np.array([_RIDGE / scale**2] * len(NAMES) + [_RIDGE_OF_SCALE, _RIDGE_OF_SCALE])
    *values, by_place, bias = _most_likely(design, shown.clicked, weight, middle, ridge)
    return Fit(float(bias), bounded(np.array(values)), min(float(by_place), 0.0))


def _most_likely(design: Floats, clicked: NDArray[np.bool_], weight: Floats, middle: Floats, ridge: Floats) -> Floats:
    """Newton's method on a weighted logistic regression with a ridge around `middle`, halving steps that go too far."""

    def loss(at: Floats) -> float:
        logits = design @ at
        likely = weight @ (np.logaddexp(0, logits) - clicked * logits)
        return float(likely + 0.5 * ridge @ (at - middle) ** 2)

    at, now = middle.copy(), loss(middle)
    for _ in range(_STEPS):
        chance = score(design @ at)
        slope = design.T @ (weight * (chance - clicked)) + ridge * (at - middle)
        curve = (design * (weight * chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        after = loss(at - step)
        while after > now and np.abs(step).max() > _ENOUGH:
            step /= 2
            after = loss(at - step)
        at, gained, now = at - step, now - after, after
        if gained < _ENOUGH * abs(now):
            break
    return at


def ordered(shown: Shown, weights: Weights, by_place: float) -> tuple[float, int]:
    """The share of pairs, of a list's clicked and not clicked items, in which the clicked one scores higher, in 0..1,
    and of how many lists it is the mean. Nobody's order gets 0.5.

    A click counts by how seldom its place is looked at, or the order that was shown would seem the best.
    """
    logits = weights.logits(shown.x)
    seen = np.maximum(np.exp(by_place * np.log1p(shown.places)), _LEAST_SEEN)
    weighed = total = 0.0
    lists = 0
    starts = np.flatnonzero(np.diff(shown.lists, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(logits)], strict=True):
        clicked, own = shown.clicked[start:end], logits[start:end]
        if not clicked.any() or clicked.all():
            continue
        above = own[clicked][:, None] - own[~clicked]
        right = ((above > 0) + 0.5 * (above == 0)).mean(axis=1)
        counts = 1 / seen[start:end][clicked]
        weighed += float(counts @ right)
        total += float(counts.sum())
        lists += 1
    return (weighed / total if total else 0.5), lists
