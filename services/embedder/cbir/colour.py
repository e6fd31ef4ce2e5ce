"""Colour: how much of the picture has which colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.color import rgb2hsv, rgb2lab

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8]

LAB_BINS = (8, 8, 8)
LAB_RANGES = ((0.0, 100.0), (-64.0, 64.0), (-64.0, 64.0))
HSV_BINS = (18, 4, 4)
HSV_RANGES = ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))


def lab_histogram(rgb: Levels) -> Floats:
    """Share of pixels in 8 x 8 x 8 cells of CIELAB (D65), float32 [512] that sums to 1; uint8 [H, W, 3]."""
    return _histogram(rgb2lab(rgb), LAB_BINS, LAB_RANGES)


def hsv_histogram(rgb: Levels) -> Floats:
    """Share of pixels in 18 hues x 4 saturations x 4 values, float32 [288] that sums to 1; uint8 [H, W, 3]."""
    return _histogram(rgb2hsv(rgb), HSV_BINS, HSV_RANGES)


def _histogram(
    colours: npt.NDArray[np.floating], bins: tuple[int, int, int], ranges: tuple[tuple[float, float], ...]
) -> Floats:
    flat = colours.reshape(-1, 3)
    places = np.zeros(len(flat), dtype=np.intp)
    for channel, (count, (low, high)) in enumerate(zip(bins, ranges, strict=True)):
        cell = ((flat[:, channel] - low) / (high - low) * count).astype(np.intp)
        places = places * count + cell.clip(0, count - 1)
    counts = np.bincount(places, minlength=int(np.prod(bins)))
    return (counts / len(flat)).astype(np.float32)
