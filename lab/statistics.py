"""The statistics that reports give beside a figure."""

from __future__ import annotations

import math

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


def calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Guo et al. 2017, eq. 3), in 0..1."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in np.unique(place)
    ]
    return float(sum(gaps))
