"""Upright RGB -> the array that the encoder takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Prepared = npt.NDArray[np.float32]


def scale(rgb: Image.Image, size: int) -> Image.Image:
    """The whole picture with its longer side `size` pixels, in its own proportions."""
    factor = size / max(rgb.size)
    sides = (max(1, round(rgb.width * factor)), max(1, round(rgb.height * factor)))
    return rgb.resize(sides, Image.Resampling.BICUBIC, reducing_gap=2.0)


def letterbox(scaled: Image.Image, size: int) -> Image.Image:
    """The scaled picture in the middle of a white square.

    Squashed, edge-repeated and white squares find the same piece equally often (`python -m lab evaluate --suite fit`);
    this one keeps the proportions and looks like shop pictures.
    """
    if scaled.size == (size, size):
        return scaled
    square = Image.new("RGB", (size, size), "white")
    square.paste(scaled, ((size - scaled.width) // 2, (size - scaled.height) // 2))
    return square


def normalise(square: Image.Image) -> Prepared:
    """RGB of S x S -> float32 [3, S, S], (x - 127) / 128 as EfficientNet-Lite was trained."""
    channels = np.asarray(square).transpose(2, 0, 1).astype(np.float32, order="C")
    channels -= 127.0
    channels *= 1.0 / 128.0
    return channels
