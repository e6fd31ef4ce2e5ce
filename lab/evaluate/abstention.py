"""Knowing when not to answer: confidence against error, and things that should be turned away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from lab.statistics import Bools, Floats


class RiskCoverage(NamedTuple):
    """Answering only the surest pictures: `coverage` (share answered, rising) and `risk` (share wrong of those)."""

    coverage: Floats
    risk: Floats


class Rejection(NamedTuple):
    """`auroc` of good above bad; `threshold` that turns away at most the allowed share of good; `rejected`: of bad."""

    auroc: float
    threshold: float
    rejected: Bools


def risk_coverage(confidence: Floats, right: Bools) -> RiskCoverage:
    """The curve of Geifman and El-Yaniv 2017, https://arxiv.org/abs/1705.08500; one point a picture."""
    order = np.argsort(-confidence, kind="stable")
    count = np.arange(1, len(right) + 1)
    return RiskCoverage(count / len(right), (~right[order]).cumsum() / count)


def area_under_risk(curve: RiskCoverage) -> float:
    """AURC: the mean risk over all coverages, 0..1, lower is better."""
    return float(curve.risk.mean())


def rejection(good: Floats, bad: Floats, allowed: float) -> Rejection:
    """Turn away what scores under a threshold: the highest that turns away at most `allowed` (0..1) of `good`."""
    truth = np.r_[np.ones(len(good)), np.zeros(len(bad))]
    threshold = float(np.sort(good)[int(allowed * len(good))])
    return Rejection(float(roc_auc_score(truth, np.r_[good, bad])), threshold, bad < threshold)


def reliability(confidence: Floats, right: Bools, bins: int = 15) -> list[tuple[float, float, int]]:
    """Mean confidence, share right and count of each equal-width bin that has pictures."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (float(confidence[place == b].mean()), float(right[place == b].mean()), int((place == b).sum()))
        for b in np.unique(place)
    ]
