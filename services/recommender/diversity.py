"""Maximal marginal relevance (Carbonell and Goldstein 1998): not one look after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.contracts.fields import Vector


def diversified(scores: Sequence[float], vectors: Vector, diversity: float) -> list[int]:
    """The places of the items in the order in which they are shown, the best scored first.

    `scores` in 0..1 of n items, `vectors` unit float32 [n, D]. Next comes always the item of the largest
    (1 - diversity) * score - diversity * (largest cosine to an item shown before); of equal ones the first.
    """
    if not scores:
        return []
    relevance = (1 - diversity) * np.asarray(scores, dtype=np.float64)
    order = [int(np.argmax(scores))]
    nearest = vectors @ vectors[order[0]]
    left = np.ones(len(scores), dtype=np.bool_)
    left[order[0]] = False
    while left.any():
        chosen = int(np.argmax(np.where(left, relevance - diversity * nearest, -np.inf)))
        order.append(chosen)
        left[chosen] = False
        nearest = np.maximum(nearest, vectors @ vectors[chosen])
    return order
