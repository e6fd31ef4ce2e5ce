"""Any classifier of scikit-learn on what a model gives, cached, calibrated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lab.datasets import Record
from lab.models.classes import kind
from lab.models.port import Model, Probabilities
from lab.statistics import calibrate
from lab.vectors import seen_of

Floats = npt.NDArray[np.float64]


class LinearRecogniser:
    """An estimator with `decision_function`, whose scores over `temperature` are the logits."""

    def __init__(self, model: Model, estimator: Any, classes: Sequence[str], temperature: float) -> None:
        self.classes = classes
        self._model = model
        self._estimator = estimator
        self._temperature = temperature

    def probabilities(self, records: Sequence[Record]) -> Probabilities:
        return softmax(self._scores(records) / self._temperature)

    def _scores(self, records: Sequence[Record]) -> Floats:
        return scores(self._estimator, seen_of(self._model, records), len(self.classes))


def fit_linear(
    model: Model, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str], estimator: Any = None
) -> LinearRecogniser:
    """Multinomial logistic regression, or another estimator, on `train`; its temperature is chosen on `val`.

    Deterministic. Records whose kind is not among `classes` are left out.
    """
    fitted = estimator or make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=1_000))
    train = [record for record in train if kind(record) in classes]
    labels = np.array([classes.index(kind(record)) for record in train])
    last = fitted.steps[-1][0]
    fitted.fit(seen_of(model, train), labels, **{f"{last}__sample_weight": sample_weights(train)})
    val = [record for record in val if kind(record) in classes]
    val_labels = np.array([classes.index(kind(record)) for record in val])
    temperature, _ = calibrate(scores(fitted, seen_of(model, val), len(classes)), val_labels)
    return LinearRecogniser(model, fitted, classes, temperature)


def scores(estimator: Any, vectors: npt.NDArray[np.float32], count: int) -> Floats:
    """float64 [N, count]; a class that was not in training gets a score under every other."""
    rows = np.asarray(estimator.decision_function(vectors), np.float64)
    if rows.ndim == 1:
        rows = np.stack([-rows, rows], axis=1)
    full = np.full((len(rows), count), rows.min(initial=0.0) - 100)
    full[:, estimator.classes_] = rows
    return full


def sample_weights(records: Sequence[Record]) -> Floats:
    """Each shop of each kind counts by the root of its pictures, so that one catalogue does not drown ten shops."""
    shops = [(kind(record), record.shop) for record in records]
    size = Counter(shops)
    weights = np.array([size[shop] ** -0.5 for shop in shops])
    return np.asarray(weights / weights.mean())


def softmax(logits: Floats) -> Floats:
    """float64 [N, K] -> rows that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
