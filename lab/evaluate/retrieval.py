"""Search measured: is what should be found found, and how early."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lab.models.port import Vectors
from lab.statistics import Bools, Floats

Places = npt.NDArray[np.intp]
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One value a query that has something to find; `queries` are their places in what was asked.

    `first` and `five`: the best hit, or one of the best five, is relevant. `precision10`: share of relevant among the
    best ten. `average_precision`: mean precision at the rank of each relevant picture, over the whole gallery.
    `best`: the gallery place of the best hit; `score`: its similarity (cosine, or minus the Euclidean distance).
    """

    queries: Places
    first: Bools
    five: Bools
    precision10: Floats
    average_precision: Floats
    best: Places
    score: Floats


def similarities(queries: Vectors, gallery: Vectors, distance: Literal["cosine", "euclidean"]) -> Floats:
    """float32 [Q, G], higher is nearer: the dot product of unit vectors, or minus the Euclidean distance."""
    dots = queries @ gallery.T
    if distance == "cosine":
        return np.asarray(dots)
    squares = (queries**2).sum(axis=1)[:, None] + (gallery**2).sum(axis=1)[None] - 2 * dots
    return np.asarray(-np.sqrt(np.maximum(squares, 0)))


def search(
    queries: Vectors,
    gallery: Vectors,
    query_labels: Sequence[Hashable],
    gallery_labels: Sequence[Hashable],
    query_skips: Sequence[Hashable] | None = None,
    gallery_skips: Sequence[Hashable] | None = None,
    distance: Literal["cosine", "euclidean"] = "cosine",
) -> Retrieval:
    """Rank the gallery for each query; a gallery picture is relevant where the labels are equal, None never is.

    Pictures with equal `skips` (the picture itself; near-duplicates) are left out of that query's gallery. Queries
    without anything relevant left are left out of the result. Ties keep the gallery's order.
    """
    wanted, there = _numbered(query_labels, gallery_labels)
    skip_q, skip_g = _numbered(query_skips or [None] * len(queries), gallery_skips or [None] * len(gallery))
    parts = []
    for start in range(0, len(queries), _CHUNK):
        rows = slice(start, start + _CHUNK)
        skipped = (skip_q[rows, None] == skip_g[None]) & (skip_q[rows, None] >= 0)
        relevant = (wanted[rows, None] == there[None]) & (wanted[rows, None] >= 0) & ~skipped
        similarity = np.where(skipped, -np.inf, similarities(queries[rows], gallery, distance))
        parts.append(_ranked(similarity, relevant, start))
    return Retrieval(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _ranked(similarity: Floats, relevant: Bools, start: int) -> tuple[npt.NDArray[Any], ...]:
    asked = np.flatnonzero(relevant.any(axis=1))
    similarity, relevant = similarity[asked], relevant[asked]
    order = np.argsort(-similarity, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1)
    precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
    average = (precision * hits).sum(axis=1) / hits.sum(axis=1)
    best = order[:, 0] if order.shape[1] else np.zeros(0, np.intp)
    score = similarity[np.arange(len(asked)), best]
    five: Bools = np.asarray(hits[:, :5].any(axis=1))
    return asked + start, hits[:, 0], five, hits[:, :10].mean(axis=1), average, best, score


def _numbered(one: Sequence[Hashable], two: Sequence[Hashable]) -> tuple[Places, Places]:
    """Labels as whole numbers, equal where the labels are; None becomes -1."""
    numbers: dict[Hashable, int] = {None: -1}
    for name in (*one, *two):
        numbers.setdefault(name, len(numbers))
    return np.array([numbers[name] for name in one], np.intp), np.array([numbers[name] for name in two], np.intp)
