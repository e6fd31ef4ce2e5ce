"""Recognition measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from lab.statistics import Bools, Floats

Labels = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Classification:
    """`right` and `confidence`: one value a picture. `confusion[i, j]`: pictures of class i that were called j.

    `recall`, `precision`: one value a class, NaN where the class has no picture or was never said. `macro_f1`: mean
    over the classes that have pictures.
    """

    classes: Sequence[str]
    right: Bools
    confidence: Floats
    confusion: Labels
    recall: Floats
    precision: Floats
    macro_f1: float

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())


def classify(probabilities: Floats, labels: Labels, classes: Sequence[str]) -> Classification:
    """Measure float [N, K] against int [N], the place of each picture's class; N must not be 0."""
    said = probabilities.argmax(axis=1)
    every = np.arange(len(classes))
    precision, recall, _, _ = precision_recall_fscore_support(labels, said, labels=every, zero_division=np.nan)
    return Classification(
        classes=classes,
        right=np.asarray(said == labels),
        confidence=probabilities.max(axis=1),
        confusion=confusion_matrix(labels, said, labels=every),
        recall=np.asarray(recall),
        precision=np.asarray(precision),
        macro_f1=float(f1_score(labels, said, labels=np.unique(labels), average="macro", zero_division=0)),
    )
