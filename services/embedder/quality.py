"""What makes a picture hard to find, and what its photographer can do about it.

Thresholds are measured by `python -m lab evaluate --suite quality` on train pictures of every source.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.contracts.analysis import QualityWarning

MIN_SIDE = 130
"""Pixels: half of what the model looks at. The smallest shop picture measured has 196."""
MIN_SHARPNESS = 0.13
"""Real pictures lie above 0.15, shop pictures above 0.29; blurred by 2 of the model's pixels, 95% lie below 0.13."""
MIN_HIGHLIGHT = 80
"""Of 255. Even pieces on black velvet have highlights above 95."""

Gray = npt.NDArray[np.uint8]


def warnings_of(scaled: Image.Image, width: int, height: int) -> list[QualityWarning]:
    """Warnings for a picture of `width` x `height` pixels.

    `scaled` is it at the model's input size (`prepare.scale`), gray or in colours.
    """
    gray = np.asarray(scaled.convert("L"))
    found = []
    if min(width, height) < MIN_SIDE:
        found.append(
            QualityWarning(
                code="too-small",
                message=f"The picture has only {width} x {height} pixels. Use one of at least 300 on each side.",
            )
        )
    elif sharpness(gray) < MIN_SHARPNESS:
        found.append(
            QualityWarning(
                code="blurred",
                message="The picture is blurred. Hold the camera still, tap on the piece to focus, and take it again.",
            )
        )
    if highlight(gray) < MIN_HIGHLIGHT:
        found.append(
            QualityWarning(
                code="too-dark",
                message="The picture is too dark. Take it again beside a window or with a lamp, without flash.",
            )
        )
    return found


def sharpness(gray: Gray) -> float:
    """The strongest edges against the picture's contrast: p99 of |Laplacian| / (p99.5 - p0.5 of gray), unitless.

    Contrast in the divisor keeps dim or pale pictures from looking blurred; uint8 [H, W].
    """
    if min(gray.shape) < 3:
        return 0.0
    laplacian = np.abs(cv2.Laplacian(gray, cv2.CV_16S)[1:-1, 1:-1])
    dark, light = _percentiles(gray, 0.5, 99.5)
    (edge,) = _percentiles(laplacian, 99)
    return edge / max(light - dark, 1)


def highlight(gray: Gray) -> int:
    """How bright the brightest hundredth of the picture is, in 0..255."""
    return _percentiles(gray, 99)[0]


def _percentiles(levels: npt.NDArray[np.integer[Any]], *percents: float) -> list[int]:
    """The smallest level that each of `percents` of the values do not exceed: by counting, ten times as fast as by
    sorting."""
    below = np.bincount(levels.ravel()).cumsum()
    return [int(np.searchsorted(below, levels.size * percent / 100)) for percent in percents]
