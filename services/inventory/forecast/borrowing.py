"""What a piece is believed to sell before it has sold much: as those that look like it, the more alike the more.

The rate has a gamma distribution around that belief; with sales it becomes the piece's own (Gelman et al., Bayesian
Data Analysis, 2.6). How sharply likeness counts, how many sales of others outweigh the shop's mean, and how far pieces
lie from what is believed of them, is chosen by the likelihood of each piece's sales given those of all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from services.inventory.forecast import counts
from services.inventory.forecast.groups import Neighbours
from services.inventory.forecast.sales import Floats

_SHARPNESS = (0.5, 1.0, 2.0, 4.0)
_SHRINK = (0.5, 2.0, 8.0, 32.0, 128.0, 1e9)
_APART = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
_SURE_APART = 0.35
_USUAL = (1.0, 8.0)
_TOO_FEW = 30


@dataclass(frozen=True, slots=True)
class Borrowed:
    """By piece: `believed` without its own sales, `rate` with them, `shape` of the gamma that it is known by.

    `apart`: the squared relative deviation of pieces from what is believed of them; `sharpness`, `shrink` as chosen.
    """

    believed: Floats
    rate: Floats
    shape: Floats
    apart: float
    sharpness: float
    shrink: float


def borrow(sold: Floats, expected: Floats, alike: Neighbours | None, *, roughly: bool = False) -> Borrowed:
    """`sold` pieces against `expected`, which is how many a piece of rate 1 would have sold in the same days.

    `roughly`: by usual choices, nothing tried.
    """
    mean = (sold.sum() + 1e-9) / max(1e-9, expected.sum()) if expected.sum() else 1.0
    seen = expected * mean > 0.1
    best: tuple[float, float, float, float, Floats] | None = None
    choices = [(1.0, 1e9)] if alike is None else [_USUAL] if roughly else list(product(_SHARPNESS, _SHRINK))
    aparts = (_SURE_APART,) if roughly or seen.sum() < _TOO_FEW else _APART
    for sharpness, shrink in choices:
        believed = _believed(sold, expected, mean, alike, sharpness, shrink)
        for apart in aparts:
            likelihood = float(_likelihood(sold[seen], expected[seen] * believed[seen], apart).sum())
            if best is None or likelihood > best[0]:
                best = likelihood, sharpness, shrink, apart, believed
    assert best is not None  # noqa: S101 - there is always a choice
    _, sharpness, shrink, apart, believed = best
    rate = (sold + 1 / apart) / (expected + 1 / (apart * believed))
    return Borrowed(believed, rate, 1 / apart + sold, apart, sharpness, shrink)


def _believed(
    sold: Floats, expected: Floats, mean: float, alike: Neighbours | None, sharpness: float, shrink: float
) -> Floats:
    if alike is None or shrink >= 1e9:
        return np.full(len(sold), mean)
    weight = alike.similar**sharpness
    of_others = np.bincount(alike.piece, weight * sold[alike.other], len(sold))
    due = np.bincount(alike.piece, weight * expected[alike.other] * mean, len(sold))
    return mean * (of_others + shrink) / (due + shrink)


def _likelihood(sold: Floats, mean: Floats, spread: float) -> Floats:
    """The log of the negative binomial's chance; `sold` need not be whole, since old sales count for less."""
    shape = 1 / spread
    return (
        counts.log_gamma(sold + shape)
        - counts.log_gamma(np.array(shape))
        - counts.log_gamma(sold + 1)
        + shape * np.log(shape / (shape + mean))
        + sold * np.log(np.maximum(mean, 1e-12) / (shape + mean))
    )
