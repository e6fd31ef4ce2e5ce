"""Old against new on what was held out, and which is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loupe.learning.lessons import Bools, Ints

RESAMPLES = 2_000
MIN_PIECES = 20
"""Fewer pieces held out decide nothing."""
Verdict = Literal["better", "worse", "not decided"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Shares in 0..1 of the same `pictures` that the old and the new model get right.

    `low` to `high` is the interval of new minus old: 95% for all comparisons together (Bonferroni).
    """

    name: str
    pictures: int
    pieces: int
    old: float
    new: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        if self.pieces < MIN_PIECES:
            return "not decided"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "not decided"


@dataclass(frozen=True, slots=True)
class Answers:
    """Which of the same pictures each model gets right, and the piece of each picture."""

    name: str
    old: Bools
    new: Bools
    piece: Ints


def compare(answers: Sequence[Answers]) -> list[Comparison]:
    """Paired percentile bootstrap (Efron and Tibshirani 1993, chapter 13) that draws pieces, each with its pictures."""
    asked = [one for one in answers if len(one.piece)]
    return [_compare(one, 0.05 / len(asked)) for one in asked]


def overall(comparisons: Sequence[Comparison]) -> Verdict:
    """Worse where anything is worse, better where something is better and nothing worse."""
    verdicts = {one.verdict for one in comparisons}
    return "worse" if "worse" in verdicts else "better" if "better" in verdicts else "not decided"


def _compare(one: Answers, risk: float) -> Comparison:
    gain = one.new.astype(np.float64) - one.old
    _, place = np.unique(one.piece, return_inverse=True)
    gains, sizes = np.bincount(place, weights=gain), np.bincount(place)
    dice = np.random.default_rng(0)
    drawn = (dice.integers(len(sizes), size=len(sizes)) for _ in range(RESAMPLES))
    means = [gains[chosen].sum() / sizes[chosen].sum() for chosen in drawn]
    low, high = np.quantile(means, [risk / 2, 1 - risk / 2]).tolist()
    return Comparison(one.name, len(gain), len(sizes), float(one.old.mean()), float(one.new.mean()), low, high)
