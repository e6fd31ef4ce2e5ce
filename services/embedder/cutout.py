"""The main piece of a picture, cut out: its pixels with their share of the piece as alpha, for whoever shows it on
another ground.

The finder's mask is of 256 pixels. It looks a second time at the piece alone, and its edge is laid along that of the
picture by a guided filter (He, Sun and Tang 2013, "Guided Image Filtering", IEEE TPAMI 35(6), equations 5, 6 and 8).
"""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from services.embedder.crop import with_context
from services.embedder.decoding import Decode
from services.embedder.find import Floats, main_first
from services.embedder.finder import FINDER, Finder
from services.embedder.prepare import crop, scale
from shared.errors import NotFound

SIDE = 640
"""Longest side of a cut-out in pixels."""
_CONTEXT = 0.08
_AGAIN = 0.3
"""Of what is looked at a second time: a piece that covers less of it is another one, or a part."""
_RADIUS = 1 / 80
"""Of the longer side: how far from the mask's edge the picture's is looked for."""
_FLATNESS = 1e-4
"""The guided filter's epsilon, of grey levels in 0..1: what varies less is no edge."""
_LOW, _HIGH = 0.15, 0.85
"""Shares that become none and all: what the filter leaves of the ground about a piece, and takes from within it."""
_SURELY = 0.9
_RIM = 2
_GROUND_RADIUS = 1 / 24
_MISSING = (
    "No piece was found in this picture that could be cut out. Take another of the item's pictures: one piece, on a "
    "plain ground."
)


class CutOuts:
    """Cuts pieces out of pictures, by the finder of a model folder, which is loaded when first needed."""

    def __init__(self, folder: Path, decode: Decode) -> None:
        self._folder = folder
        self._decode = decode
        self._finder: Finder | None = None
        self._one_at_a_time = threading.Lock()  # a query that is searched for waits for none of these

    def __call__(self, data: bytes) -> bytes:
        """The picture's main piece as a PNG with alpha, no side over `SIDE` pixels, and no ground beside it.

        Raises `NotFound` where no piece was found, or the model finds none; else as `decode` does.
        """
        with self._one_at_a_time:
            if not (self._folder / FINDER).is_file():
                raise NotFound("The model that this Loupe runs finds no pieces, so none can be cut out.")
            self._finder = self._finder or Finder(self._folder)
            rgb = self._decode(data, SIDE, None, "query").rgb
            return png(cut_out(self._finder, rgb))


def cut_out(finder: Finder, rgb: Image.Image) -> Image.Image:
    """RGBA of the main piece alone. Raises `NotFound` where there is none."""
    first = main_first(finder.find(rgb))[0]
    if first.mask is None:
        raise NotFound(_MISSING)
    window = with_context(first.box, *rgb.size, _CONTEXT)
    near = crop(rgb, window)
    again = main_first(finder.find(near))[0]
    if again.mask is not None and again.box.area >= _AGAIN:
        mask = again.mask
    else:
        mask = np.asarray(crop(Image.fromarray(first.mask), window), np.float32)
    near = scale(near, min(SIDE, max(near.size)))
    pixels = np.asarray(near, np.float32) / np.float32(255)
    coarse = np.asarray(Image.fromarray(mask).resize(near.size, Image.Resampling.BICUBIC), np.float32)
    share = refined(coarse, pixels.mean(axis=2, dtype=np.float32))
    drawn = np.dstack([without_ground(pixels, share), share])
    return _trimmed(Image.fromarray(np.rint(drawn * 255).astype(np.uint8), "RGBA"))


def refined(mask: Floats, grey: Floats) -> Floats:
    """The mask with its edge where the picture has one; both float32 [h, w] in 0..1."""
    radius = max(2, round(max(grey.shape) * _RADIUS))
    mean_grey, mean_mask = box_mean(grey, radius), box_mean(mask, radius)
    covariance = box_mean(grey * mask, radius) - mean_grey * mean_mask
    variance = box_mean(grey * grey, radius) - mean_grey**2
    slope = covariance / (variance + _FLATNESS)
    offset = mean_mask - slope * mean_grey
    filtered = box_mean(slope, radius) * grey + box_mean(offset, radius)
    share = np.clip((filtered - _LOW) / (_HIGH - _LOW), 0, 1)
    within = box_mean(mask, radius) > _SURELY  # a stone's facets are edges too, and none of them is the piece's
    whole: Floats = np.where(within, 1.0, share).astype(np.float32)
    return whole


def without_ground(pixels: Floats, share: Floats) -> Floats:
    """What pixels at the edge would be without the ground that shines through: (I - (1 - a) B) / a, in 0..1.

    `pixels` [h, w, 3], `share` [h, w]. B is the mean of the ground nearby.
    """
    radius = max(3, round(max(share.shape) * _GROUND_RADIUS))
    weight = np.maximum(1 - share, 1e-3) ** 2
    ground = np.dstack([box_mean(pixels[..., one] * weight, radius) for one in range(3)])
    ground /= box_mean(weight, radius)[..., None]
    part = np.maximum(share, 0.25)[..., None]
    own: Floats = np.clip((pixels - (1 - part) * ground) / part, 0, 1).astype(np.float32)
    return own


def box_mean(values: Floats, radius: int) -> Floats:
    """The mean over a square of 2 radius + 1 pixels about each, of what of it is within; float32 [h, w]."""
    height, width = values.shape
    sums = np.zeros((height + 1, width + 1))
    sums[1:, 1:] = values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    top, bottom = _ends(height, radius)
    left, right = _ends(width, radius)
    total = (
        sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)] + sums[np.ix_(top, left)]
    )
    mean: Floats = (total / np.outer(bottom - top, right - left)).astype(np.float32)
    return mean


def png(rgba: Image.Image) -> bytes:
    written = io.BytesIO()
    rgba.save(written, "PNG")
    return written.getvalue()


def _ends(length: int, radius: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    at = np.arange(length)
    return np.maximum(at - radius, 0), np.minimum(at + radius + 1, length)


def _trimmed(rgba: Image.Image) -> Image.Image:
    """Without the empty margin, but for a rim; raises `NotFound` where all is empty."""
    box = rgba.getchannel("A").point(lambda share: 255 if share > 24 else 0).getbbox()
    if box is None:
        raise NotFound(_MISSING)
    left, upper, right, lower = box
    return rgba.crop(
        (max(0, left - _RIM), max(0, upper - _RIM), min(rgba.width, right + _RIM), min(rgba.height, lower + _RIM))
    )
