"""What the shop's words teach a head: a correction of its logits, none where the words teach nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loupe.learning.lessons import FOLDS, Bools, Ints, Words
from services.embedder.heads import Head
from services.embedder.manifest import HeadClasses
from shared.contracts.fields import Vector

CORRECTION_COUNTS = 5.0
"""A merchant looked at the picture: what they say of it counts as much as so many labels of the shop."""
MIN_PIECES = 30
"""Fewer labelled pieces teach nothing."""
MIN_PIECES_A_CLASS = 5
PENALTIES = (1.0, 0.1, 0.01, 0.001)
TEMPERATURES = tuple(np.geomspace(0.25, 4, 33).tolist())
MIN_CONFIDENCE = 0.5
"""Of a head that the base model does not have."""
_STEPS = 300
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lesson:
    """Labelled pictures: `seen` float32 [N, W], of which the first `dimension` numbers are the vectors, `label` [N] a
    place in `classes`, `weight` [N], mean 1."""

    seen: Vector
    dimension: int
    label: Ints
    weight: Floats
    fold: Ints
    classes: list[str]


def lesson(
    seen: Vector, dimension: int, said: Words, corrected: Bools, piece: Ints, fold: Ints, base: Head | None
) -> Lesson | None:
    """None where too few pieces are labelled, or all alike. Pictures of one piece count together as one."""
    pieces_of: dict[str, set[int]] = defaultdict(set)
    for word, number in zip(said, piece.tolist(), strict=True):
        if word is not None:
            pieces_of[word].add(number)
    taught = {word for word, pieces in pieces_of.items() if len(pieces) >= MIN_PIECES_A_CLASS}
    rows = np.array([place for place, word in enumerate(said) if word in taught], dtype=np.intp)
    if len(taught) < 2 or len(set(piece[rows].tolist())) < MIN_PIECES:
        return None
    known = base.about.classes if base else []
    classes = [*known, *sorted(taught - set(known))]
    weight = np.where(corrected[rows], CORRECTION_COUNTS, 1.0) / np.bincount(piece[rows])[piece[rows]]
    label = np.array([classes.index(str(said[row])) for row in rows], dtype=np.intp)
    return Lesson(seen[rows], dimension, label, weight / weight.mean(), fold[rows], classes)


def learn(taught: Lesson, base: Head | None) -> Head | None:
    """The head whose words are likeliest on pieces that it did not learn from; None where the base model's is it.

    What is learned is on the vectors; what else the base head sees counts as before.
    Multinomial logistic regression with a Gaussian prior at the base head's weights, its strength and the temperature
    chosen by cross-validation.
    """
    before = _prior(taught, base)
    start = taught.seen[:, : before.weight.shape[1]] @ before.weight.T + before.bias
    vectors = taught.seen[:, : taught.dimension]
    best, least = None, _loss(start, taught)
    for penalty in PENALTIES:
        logits = start.copy()
        for part in range(FOLDS):
            inside = taught.fold != part
            if inside.all() or not inside.any():
                continue
            weight, bias = _fit(taught, start, inside, penalty)
            logits[~inside] += vectors[~inside] @ weight.T + bias
        for temperature in TEMPERATURES:
            if (loss := _loss(logits / temperature, taught)) < least:
                best, least = (penalty, temperature), loss
    if best is None:
        return None
    penalty, temperature = best
    weight, bias = _fit(taught, start, np.ones(len(start), dtype=bool), penalty)
    least_sure = base.about.min_confidence if base else MIN_CONFIDENCE
    about = HeadClasses(classes=taught.classes, temperature=round(temperature, 4), min_confidence=least_sure)
    # As a file of the head holds it: what is measured is what is used.
    before.weight[:, : taught.dimension] += weight
    stored = before.weight.astype(np.float16).astype(np.float32)
    return Head(stored, (before.bias + bias).astype(np.float32), about)


def words_of(head: Head, seen: Vector) -> Sequence[str | None]:
    """What it tells of each picture; None where it is not sure."""
    told = [head.predict(row) for row in seen]
    return [one.value if one else None for one in told]


class _Prior(NamedTuple):
    weight: Floats
    bias: Floats


def _prior(taught: Lesson, base: Head | None) -> _Prior:
    """The base head with its temperature in it, [K, D] and [K]; a class that it does not know starts at its mean."""
    if base is None:
        return _Prior(np.zeros((len(taught.classes), taught.dimension)), np.zeros(len(taught.classes)))
    weight, bias = base.weight / base.about.temperature, base.bias / base.about.temperature
    new = len(taught.classes) - len(bias)
    return _Prior(
        np.vstack([weight, np.tile(weight.mean(axis=0), (new, 1))]).astype(np.float64),
        np.append(bias, np.full(new, bias.mean())).astype(np.float64),
    )


def _fit(taught: Lesson, start: Floats, inside: Bools, penalty: float) -> tuple[Floats, Floats]:
    """What is added to the logits, weight [K, D] and bias [K]: by accelerated gradient descent (Nesterov 1983)."""
    rows, weight = taught.seen[inside, : taught.dimension].astype(np.float64), taught.weight[inside]
    mean = rows.mean(axis=0)
    scale = np.sqrt(rows.shape[1])
    features = np.hstack([(rows - mean) * scale, np.ones((len(rows), 1))])
    truth = np.eye(len(taught.classes))[taught.label[inside]]
    share = weight / weight.sum()
    steepest = 0.5 * np.linalg.eigvalsh((features * share[:, None]).T @ features)[-1] + penalty
    now = ahead = np.zeros((len(taught.classes), features.shape[1]))
    for step in range(_STEPS):
        error = _softmax(start[inside] + features @ ahead.T) - truth
        after = ahead - ((error * share[:, None]).T @ features + penalty * ahead) / steepest
        ahead = after + step / (step + 3) * (after - now)
        now = after
    return now[:, :-1] * scale, now[:, -1] - now[:, :-1] @ mean * scale


def _loss(logits: Floats, taught: Lesson) -> float:
    likely = np.take_along_axis(_softmax(logits), taught.label[:, None], axis=1)[:, 0]
    return float(-(np.log(np.maximum(likely, 1e-7)) * taught.weight).mean())


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
