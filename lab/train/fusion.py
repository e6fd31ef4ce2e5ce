"""Whitening and fusion: fitted on train vectors, their strength chosen on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.datasets import Record
from lab.evaluate.retrieval import search
from lab.models.port import Vectors
from lab.train.parts import split

DEEP = 256
COLOUR = 32
POWERS = (0.0, 0.125, 0.25, 0.375, 0.5)
"""Each direction of variance v is divided by v to this power: 0 turns only, 0.5 whitens wholly."""
COLOUR_POWERS = (0.125, 0.25)
COLOUR_WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass(frozen=True, slots=True)
class Linear:
    """x -> x @ weight.T + bias; `weight` float32 [out, in]."""

    weight: Vectors
    bias: Vectors

    def __call__(self, rows: Vectors) -> Vectors:
        """Unit float32 [N, out]."""
        out = rows @ self.weight.T + self.bias
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12))


@dataclass(frozen=True, slots=True)
class Fusion:
    """From the two parts of a picture to its vector, and what it was chosen among."""

    deep: Linear
    colours: Linear
    colour_weight: float
    power: float
    colour_power: float
    score: float

    def __call__(self, parts: Vectors) -> Vectors:
        """float32 [N, 1280 + 54] -> unit float32 [N, 288]."""
        features, colours = split(parts)
        w = self.colour_weight
        return np.hstack([self.deep(features) * (1 - w) ** 0.5, self.colours(colours) * w**0.5]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Question:
    """Validation queries with labels, and what they are searched in. A picture never finds itself.

    `other_pieces`: nor another picture of its piece.
    """

    queries: Sequence[Record]
    labels: Sequence[str]
    gallery: Sequence[Record]
    gallery_labels: Sequence[str | None]
    other_pieces: bool = False

    def score(self, vectors: Mapping[str, Vectors]) -> float:
        """Mean of R@1 and mAP, in 0..1. `vectors` by sha256."""
        queries, gallery = (
            [record.item_id if self.other_pieces else record.sha256 for record in records]
            for records in (self.queries, self.gallery)
        )
        found = search(
            np.stack([vectors[record.sha256] for record in self.queries]),
            np.stack([vectors[record.sha256] for record in self.gallery]),
            self.labels,
            self.gallery_labels,
            queries,
            gallery,
        )
        return float(found.first.mean() + found.average_precision.mean()) / 2


def pca(rows: Vectors, weights: Vectors, dimension: int, powers: Sequence[float]) -> dict[float, Linear]:
    """Principal directions, each divided by its variance to a power, of rows that count by `weights`; one a power.

    Jégou and Chum 2012, "Negative evidences and co-occurrences in image retrieval", with the power tuned.
    """
    share = weights.astype(np.float64) / weights.sum()
    mean = share @ rows
    centred = rows - mean
    values, directions = np.linalg.eigh((centred * share[:, None]).T @ centred)
    order = np.argsort(-values)[:dimension]
    turned = directions[:, order].T
    # Signs are the solver's whim: the largest entry is made positive.
    turned *= np.sign(turned[np.arange(len(order)), np.abs(turned).argmax(axis=1)])[:, None]
    found = {}
    for power in powers:
        weight = turned * ((values[order] / values[order[0]]) ** -power)[:, None]
        found[power] = Linear(weight.astype(np.float32), (-weight @ mean).astype(np.float32))
    return found


def choose(train: Vectors, weights: Vectors, known: Mapping[str, Vectors], questions: Sequence[Question]) -> Fusion:
    """The powers and the weight of the colours of the best mean score over the questions. `known`: parts by sha256."""
    features, colours = split(train)
    names = list(known)
    parts = np.stack([known[name] for name in names])
    deep = pca(features, weights, min(DEEP, len(train) - 1), POWERS)
    power = max(deep, key=lambda p: _score(deep[p](split(parts)[0]), names, questions))
    best: Fusion | None = None
    for colour_power, linear in pca(colours, weights, min(COLOUR, len(train) - 1), COLOUR_POWERS).items():
        for weight in COLOUR_WEIGHTS:
            fusion = Fusion(deep[power], linear, weight, power, colour_power, 0.0)
            score = _score(fusion(parts), names, questions)
            if best is None or score > best.score:
                best = Fusion(deep[power], linear, weight, power, colour_power, score)
    assert best is not None  # noqa: S101  there are weights
    return best


def _score(vectors: Vectors, names: Sequence[str], questions: Sequence[Question]) -> float:
    by_name = dict(zip(names, vectors, strict=True))
    return float(np.mean([question.score(by_name) for question in questions]))
