"""Upright RGB -> the array that the encoder takes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.contracts.analysis import Box

Prepared = npt.NDArray[np.float32]


def crop(rgb: Image.Image, box: Box) -> Image.Image:
    """What is in the box: at least a pixel each way."""
    left, upper = int(box.x0 * rgb.width), int(box.y0 * rgb.height)
    right, lower = math.ceil(box.x1 * rgb.width), math.ceil(box.y1 * rgb.height)
    return rgb.crop((min(left, rgb.width - 1), min(upper, rgb.height - 1), right, lower))


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


def levels(prepared: Prepared) -> npt.NDArray[np.uint8]:
    """What `normalise` was given, exactly: float32 [3, S, S] -> uint8 [S, S, 3]."""
    return np.rint(prepared * 128 + 127).astype(np.uint8).transpose(1, 2, 0).copy()
