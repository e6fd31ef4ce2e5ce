"""The map that brings photographs of one piece together: whitening by what differs between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loupe.learning.lessons import FOLDS, Bools, Ints
from services.embedder.adaptation import Adaptation
from shared.contracts.fields import Vector

SHRINKAGES = (1.0, 0.7, 0.4, 0.2, 0.1, 0.05)
"""1 leaves all directions as they are."""
MAX_QUERIES = 2_000
_CHUNK = 256
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """How photographs of one piece differ: `variances` [D], mean 1, along `directions` [D, D]; `mean` of all [D]."""

    variances: Floats
    directions: Floats
    mean: Floats

    @classmethod
    def of(cls, vectors: Vector, piece: Ints) -> Spread:
        """The scatter within pieces, each piece counting alike; those with one picture count for the mean alone."""
        rows = vectors.astype(np.float64)
        _, place, sizes = np.unique(piece, return_inverse=True, return_counts=True)
        means = np.zeros((len(sizes), rows.shape[1]))
        np.add.at(means, place, rows)
        means /= sizes[:, None]
        several = sizes[place] > 1
        apart = (rows - means[place])[several] / np.sqrt(sizes[place][several] - 1.0)[:, None]
        variances, directions = np.linalg.eigh(apart.T @ apart)
        return cls(np.maximum(variances, 0) / variances.mean(), directions, means.mean(axis=0))

    def adaptation(self, shrinkage: float, centred: bool) -> Adaptation:
        """Directions divided by the root of their variance, which is drawn towards 1 by `shrinkage` in 0..1.

        Whitening by the scatter within classes: Mikolajczyk and Matas 2007, "Improving descriptors for fast tree
        matching by optimal linear projection"; shrinkage: Ledoit and Wolf 2004.
        """
        scale = ((1 - shrinkage) * self.variances + shrinkage) ** -0.5
        weight = (self.directions * scale) @ self.directions.T
        bias = -weight @ self.mean if centred else np.zeros(len(weight))
        return Adaptation(weight.astype(np.float32), bias.astype(np.float32))


def choose(vectors: Vector, piece: Ints, fold: Ints) -> Adaptation | None:
    """The map that finds most other photographs of pieces that it did not learn from; None where none finds more.

    Of maps that find alike, the one that changes least.
    """
    asked = [queries(piece, fold == part) for part in range(FOLDS)]
    spreads = [Spread.of(vectors[fold != part], piece[fold != part]) for part in range(FOLDS)]

    def score(setting: tuple[float, bool]) -> int:
        maps = [spread.adaptation(*setting) for spread in spreads]
        return sum(int(found(one(vectors), piece, places).sum()) for one, places in zip(maps, asked, strict=True))

    best, most = (1.0, False), sum(int(found(vectors, piece, places).sum()) for places in asked)
    for setting in _settings():
        if (hits := score(setting)) > most:
            best, most = setting, hits
    return None if best == (1.0, False) else Spread.of(vectors, piece).adaptation(*best)


def _settings() -> Iterator[tuple[float, bool]]:
    yield from ((shrinkage, centred) for shrinkage in SHRINKAGES for centred in (False, True))


def queries(piece: Ints, among: Bools) -> Ints:
    """Places of the pictures `among` that have another picture of their piece; of many, as many as can be asked."""
    places = np.flatnonzero(among & (np.bincount(piece)[piece] > 1))
    return places[:: -(-len(places) // MAX_QUERIES)] if len(places) else places


def found(vectors: Vector, piece: Ints, places: Ints) -> Bools:
    """For each query, whether the nearest of all other pictures shows its piece."""
    nearest = np.fromiter(_nearest(vectors, places), np.intp, len(places))
    return np.asarray(piece[nearest] == piece[places])


def best_of_others(vectors: Vector, piece: Ints, places: Ints) -> Vector:
    """The highest cosine of each of these pictures with a picture of another piece, float32 [len(places)]."""
    best = [np.zeros(0, np.float32)]
    for part in _chunks(places):
        cosines = vectors[part] @ vectors.T
        cosines[piece[part][:, None] == piece[None]] = -1
        best.append(cosines.max(axis=1))
    return np.concatenate(best)


def _nearest(vectors: Vector, places: Ints) -> Iterator[int]:
    for part in _chunks(places):
        cosines = vectors[part] @ vectors.T
        cosines[np.arange(len(part)), part] = -2
        yield from cosines.argmax(axis=1).tolist()


def _chunks(places: Ints) -> Iterator[Ints]:
    return (places[start : start + _CHUNK] for start in range(0, len(places), _CHUNK))
