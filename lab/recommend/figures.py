"""How good lists of items are, each for a shopper of whom the next item is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lab.recommend.interactions import Ints, Questions

SHOWN = 10
Floats = npt.NDArray[np.float32]
Scorer = Callable[[Questions], Floats]
"""Scores (shoppers, items), higher is better."""
Lister = Callable[[Questions], Ints]
"""The ten best items of each shopper (shoppers, 10), the best first, none of which the shopper has."""
_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over all shoppers: hit rate and NDCG of lists of five and of ten. With one target the ideal DCG is 1.

    `coverage` is the share of all items that stand in any list of ten. `novelty` is the mean of -log2 of the share of
    training interactions that a listed item has, in bits; an item without any counts as one with one.
    `hr10_cold` is the hit rate of the `cold` targets, which have no training interaction.
    """

    hr5: float
    hr10: float
    ndcg5: float
    ndcg10: float
    coverage: float
    novelty: float
    cold: int
    hr10_cold: float
    of: int

    def told(self) -> dict[str, Any]:
        return asdict(self)


def listed(scorer: Scorer) -> Lister:
    """The ten items with the highest scores."""

    def best(questions: Questions) -> Ints:
        lists = []
        for part in questions.parts(_AT_A_TIME):
            scores = scorer(part)
            rows = np.repeat(np.arange(len(part.had)), [len(had) for had in part.had])
            scores[rows, np.concatenate(part.had)] = -np.inf
            lists.append(torch.from_numpy(scores).topk(SHOWN).indices.numpy())  # ten times as fast as numpy
        return np.concatenate(lists)

    return best


def measure(lists: Ints, targets: Ints, popularity: Ints) -> Figures:
    """Figures of `lists` (shoppers, up to 10 items; -1 for no item) against each shopper's one target."""
    hits = lists == targets[:, None]
    gains = hits / np.log2(np.arange(lists.shape[1]) + 2)
    cold = popularity[targets] == 0
    shown = lists[lists >= 0]
    shares = np.maximum(popularity, 1) / popularity.sum()
    return Figures(
        hr5=float(hits[:, :5].sum(1).mean()),
        hr10=float(hits.sum(1).mean()),
        ndcg5=float(gains[:, :5].sum(1).mean()),
        ndcg10=float(gains.sum(1).mean()),
        coverage=len(np.unique(shown)) / len(popularity),
        novelty=float(-np.log2(shares[shown]).mean()),
        cold=int(cold.sum()),
        hr10_cold=float(hits[cold].sum(1).mean()) if cold.any() else 0.0,
        of=len(targets),
    )


def filled(lists: Sequence[Sequence[int]], had: Sequence[Ints], popularity: Ints) -> Ints:
    """Lists shorter than ten, with the most popular items that the shopper has not at their ends."""
    popular = np.argsort(-popularity, kind="stable").tolist()
    out = np.empty((len(lists), SHOWN), np.int64)
    for row, (one, own) in enumerate(zip(lists, had, strict=True)):
        taken = {*one, *own.tolist()}
        rest = (item for item in popular if item not in taken)
        out[row] = [*one, *(next(rest, -1) for _ in range(SHOWN - len(one)))]
    return out
