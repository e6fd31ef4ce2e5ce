"""A picture, and what is in boxes of it, as 64 bits each: few change when the picture is saved again, or made smaller.

The signs of the 64 lowest frequencies of the brightness but its mean, by the discrete cosine transform (DCT-II) of
32 x 32 pixels, after the "pHash" of Zauner, Implementation and benchmarking of perceptual image hash functions, 2010.
By signs, not by the median: so the hash of the mirror image follows from that of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from services.embedder.decoding import Decode, decode_here
from shared.contracts.analysis import Box
from shared.contracts.lookalikes import HASH_FREQUENCIES, Fingerprints

_SIDE = 32
_SEEN_AT = 256
"""Pixels that a picture is decoded to at least: a box of an eighth of a side still has 32."""


def fingerprints(data: bytes, boxes: Sequence[Box], decode: Decode = decode_here) -> Fingerprints:
    """Of a picture and of what is in each box. Raises as `decode` does."""
    rgb = decode(data, _SEEN_AT, None, "ingest").rgb
    return Fingerprints(whole=_hash(rgb), boxes=[_hash(_cropped(rgb, box)) for box in boxes])


def _cropped(rgb: Image.Image, box: Box) -> Image.Image:
    width, height = rgb.size
    left, top = int(box.x0 * width), int(box.y0 * height)
    return rgb.crop((left, top, max(left + 1, round(box.x1 * width)), max(top + 1, round(box.y1 * height))))


def _hash(rgb: Image.Image) -> str:
    """16 hexadecimal digits."""
    small = rgb.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    waves = _WAVES @ np.asarray(small, np.float64) @ _WAVES.T
    bits = "".join("1" if waves[down, across] > 0 else "0" for down, across in HASH_FREQUENCIES)
    return f"{int(bits, 2):016x}"


def _cosines() -> npt.NDArray[np.float64]:
    """[11, 32]: the lowest waves of a DCT-II."""
    return np.cos(np.pi * np.arange(11)[:, None] * (2 * np.arange(_SIDE)[None, :] + 1) / (2 * _SIDE))


_WAVES = _cosines()
