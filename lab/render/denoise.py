"""Taking the sampling noise out of a render: non-local means, guided by normals.

Weights as in F. Rousselle, C. Knaus, M. Zwicker, "Adaptive Rendering with Non-Local Means Filtering" (2012), from the
variance between passes; neighbours whose surface turns away count less. scikit-image's filters know neither.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

Image = npt.NDArray[np.float32]

REACH = 3
STRENGTH = 0.9
"""How different two patches may be, in deviations of their noise."""


def denoised(passes: Image, normals: Image) -> Image:
    """One picture (h, w, 3) of `passes` (k, h, w, 3) of linear light, k >= 2, with its `normals` (h, w, 3)."""
    mean = passes.mean(0)
    tone = np.sqrt(np.clip(passes.mean(-1), 0, 4))
    centre = tone.mean(0)
    variance = uniform_filter(tone.var(0) / (len(passes) - 1), 5) + 1e-6
    total = mean.copy()
    weights = np.ones_like(centre)
    for dy in range(REACH + 1):
        for dx in range(-REACH, REACH + 1):
            if dy == 0 and dx <= 0:
                continue
            here, there = _overlap(dy, dx, centre.shape)
            both = variance[here] + variance[there]
            gap = (centre[here] - centre[there]) ** 2 - both
            distance = uniform_filter(gap / (1e-6 + STRENGTH**2 * both), 3)
            turn = ((normals[here] - normals[there]) ** 2).sum(-1)
            weight = np.exp(-np.clip(distance, 0, 40) - turn / 0.05)
            total[here] += weight[..., None] * mean[there]
            total[there] += weight[..., None] * mean[here]
            weights[here] += weight
            weights[there] += weight
    return np.asarray(total / weights[..., None])


def _overlap(dy: int, dx: int, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index pairs of every pixel and its neighbour (dy, dx) away."""
    h, w = shape
    rows = slice(0, h - dy), slice(dy, h)
    columns = (slice(0, w - dx), slice(dx, w)) if dx >= 0 else (slice(-dx, w), slice(0, w + dx))
    return (rows[0], columns[0]), (rows[1], columns[1])
