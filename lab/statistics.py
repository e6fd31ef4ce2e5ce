"""The statistics that reports give beside a figure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
_Z95 = 1.959964


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95% Wilson score interval of a proportion (Wilson 1927); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = share + _Z95**2 / (2 * n)
    spread = _Z95 * math.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n))
    scale = 1 + _Z95**2 / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def proportion(hits: Bools) -> str:
    """`0.912 (0.87-0.94, n 250)`, for a table."""
    low, high = wilson(int(hits.sum()), len(hits))
    share = f"{hits.mean():.3f}" if len(hits) else "-"
    return f"{share} ({low:.2f}-{high:.2f}, n {len(hits)})"


def calibration_error(confidence: Floats, right: Bools, bins: int = 15) -> float:
    """Expected calibration error over equal-width bins (Guo et al. 2017, eq. 3), in 0..1."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in np.unique(place)
    ]
    return float(sum(gaps))


def calibration_interval(confidence: Floats, right: Bools, resamples: int = 500) -> str:
    """`0.031 (0.02-0.05)`: the expected calibration error with its 95% percentile bootstrap interval. Deterministic.

    Resampling adds noise to every bin, so the interval lies somewhat high.
    """
    if len(confidence) == 0:
        return "-"
    drawn = np.random.default_rng(0).integers(len(confidence), size=(resamples, len(confidence)))
    errors = [calibration_error(confidence[rows], right[rows]) for rows in drawn]
    low, high = np.quantile(errors, [0.025, 0.975])
    return f"{calibration_error(confidence, right):.3f} ({low:.2f}-{high:.2f})"


def calibrate(logits: Floats, labels: npt.NDArray[np.intp], weights: Floats | None = None) -> tuple[float, float]:
    """The temperature of lowest negative log likelihood (Guo et al. 2017, section 4.2), and that likelihood.

    `weights`: how much each row counts; all alike by default.
    """

    def loss(temperature: float) -> float:
        scaled = logits.astype(np.float64) / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        each = np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]
        return float(np.average(each, weights=weights))

    losses = [(loss(temperature), temperature) for temperature in np.geomspace(0.1, 20, 400).tolist()]
    lowest, best = min(losses)
    return best, lowest


def bootstrap(values: Floats, groups: Sequence[Hashable] | None = None, resamples: int = 2_000) -> tuple[float, float]:
    """The 95% percentile bootstrap interval of the mean (Efron and Tibshirani 1993, chapter 13); (0, 1) of nothing.

    `groups` names what is drawn: photographs of one piece are not independent, so pieces are drawn, each with all of
    its values. Deterministic.
    """
    if len(values) == 0:
        return 0.0, 1.0
    names = {name: place for place, name in enumerate(dict.fromkeys(groups or range(len(values))))}
    places = np.array([names[name] for name in groups]) if groups is not None else np.arange(len(values))
    sums = np.bincount(places, weights=values)
    sizes = np.bincount(places)
    drawn = np.random.default_rng(0).integers(len(sums), size=(resamples, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
