"""Tastes of one shopper, told apart: who likes studs and bangles likes nothing between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np

from services.recommender.sources import Asked
from shared.contracts.fields import Vector

_OF_A_CLUSTER = 0.8
"""Cosine to the strongest item of a cluster: what is so near to it is asked for by its neighbours as well."""


def clusters(asked: Sequence[Asked]) -> list[list[Asked]]:
    """The items by look, each in the first cluster whose strongest it resembles; strongest first."""
    found: list[list[Asked]] = []
    for one in asked:
        own = one.item.vectors
        near = (of for of in found if np.max(of[0].item.vectors @ own.T) >= _OF_A_CLUSTER)
        cluster = next(near, None)
        if cluster is None:
            found.append([one])
        else:
            cluster.append(one)
    return found


def questions(asked: Sequence[Asked], most: int) -> list[tuple[Asked, Vector]]:
    """Up to `most` pictures to ask with, shared out among the clusters in turn: first each one's strongest item."""
    by_cluster = [list(_pictures(cluster)) for cluster in clusters(asked)]
    turns = chain.from_iterable(zip_longest(*by_cluster))
    return [question for question in turns if question is not None][:most]


def _pictures(cluster: Sequence[Asked]) -> list[tuple[Asked, Vector]]:
    """The first picture of each item, then the second of each."""
    most = max(len(one.item.vectors) for one in cluster)
    return [(one, one.item.vectors[turn]) for turn in range(most) for one in cluster if turn < len(one.item.vectors)]
