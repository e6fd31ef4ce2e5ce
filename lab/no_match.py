"""The cosine below which a picture's best hit is not the piece: chosen on val, measured on test."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lab.datasets import Row
from lab.statistics import proportion
from shared.contracts.fields import Vector

MAX_FALSE_ALARMS = 0.05
Scores = npt.NDArray[np.float32]
GALLERY = ("samepiece", "mundobijou", "typeshops")


def best_scores(rows: Sequence[Row], vectors: Vector, split: str) -> tuple[Scores, Scores, Scores]:
    """The best hit's cosine of three kinds of query against the split's shop pictures.

    `present`: another photograph of the piece is in the gallery (the query's own is not). `absent`: the same queries
    with all photographs of the piece taken out. `not_jewelry`: pictures of other things.
    """
    in_split = np.array([row.split == split for row in rows])
    gallery = in_split & np.array([row.collection in GALLERY for row in rows])
    queries = np.flatnonzero(in_split & np.array([row.collection == "samepiece" for row in rows]))
    others = in_split & np.array([row.type == "not-jewelry" for row in rows])
    item = np.array([row.item_id for row in rows])
    similarity = vectors[queries] @ vectors[gallery].T
    similarity[queries[:, None] == np.flatnonzero(gallery)[None]] = -1
    same = item[queries][:, None] == item[gallery][None]
    paired = same.sum(axis=1) > 1
    present = similarity.max(axis=1)[paired]
    absent = np.where(same, -1, similarity).max(axis=1)
    return present, absent, (vectors[others] @ vectors[gallery].T).max(axis=1)


def choose(present: Scores) -> float:
    """The highest threshold, in steps of 0.01, that says "no match" to at most 5% of queries whose piece is there."""
    return math.floor(float(np.quantile(present, MAX_FALSE_ALARMS, method="lower")) * 100) / 100


def rates(rows: Sequence[Row], vectors: Vector, split: str, threshold: float) -> str:
    """A table row a kind of query: how often "no match" is said."""
    names = ("piece is in the gallery (should be few)", "piece is not in the gallery", "not jewelry")
    scores = best_scores(rows, vectors, split)
    return "\n".join(
        f"| {split} | {name} | {proportion(s < threshold)} | {np.median(s):.3f} |"
        for name, s in zip(names, scores, strict=True)
    )
