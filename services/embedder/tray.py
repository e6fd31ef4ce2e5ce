"""The pieces on a tray: many and small, so they are looked for in parts of the photo as well as in all of it.

The finder sees a picture in 256 pixels, at which thirty pieces are specks. A part with half of the sides shows each
twice as long, and parts overlap by half, so that every piece is whole in one at least. What several looks agree on
wins; what a part's edge cuts is left to the next part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from services.embedder.crop import CONTEXT, with_context
from services.embedder.find import Find, Found
from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_TRAY_PIECES

TRAY_PIXELS = 1_600
"""The shorter side of a tray's photo is not reduced below this."""
_PARTS = 3
"""Parts along each side, each half as long as it."""
_EDGE = 0.015
"""Of a part: what comes so near to its edge is cut off by it."""
_AGREE = 0.55
"""Intersection over union from which on two looks saw the same piece."""
_SAME = 0.3
_RIM = 3
"""Pixels about a box that its piece's edge may still be in."""
_INSIDE = 0.65
"""Of the smaller box's area: so much in common with a stronger one is a part of it, or it and more."""


def on_tray(find: Find, rgb: Image.Image) -> list[Found]:
    """The pieces, in rows from the top left; none twice. `find` is called for the picture and nine parts of it."""
    looks = [found for part in _parts() for found in _within(find, rgb, part)]
    boxes = [look.box for look in looks]
    weights = [sum(other.confidence for other in looks if look.box.overlap(other.box) >= _AGREE) for look in looks]
    kept: list[Found] = []
    for place in sorted(range(len(looks)), key=lambda place: (-weights[place], place)):
        if not any(_covers(one.box, boxes[place]) for one in kept):
            kept.append(looks[place])
    strongest = kept[:MAX_TRAY_PIECES]
    return in_rows(strongest)


def in_rows(found: Sequence[Found]) -> list[Found]:
    """As one reads them: a row is of pieces whose middles lie within half a piece of its first one's."""
    left = sorted(found, key=lambda one: one.box.y0 + one.box.y1)
    rows: list[Found] = []
    while left:
        height = left[0].box.y1 - left[0].box.y0
        until = (left[0].box.y0 + left[0].box.y1 + height) / 2
        row = [one for one in left if (one.box.y0 + one.box.y1) / 2 <= until]
        rows += sorted(row, key=lambda one: one.box.x0)
        left = left[len(row) :]
    return rows


def windows_on_tray(found: Sequence[Found], rgb: Image.Image) -> list[Image.Image]:
    """What the encoder sees of each piece, as of any other, but its neighbours painted over with the ground."""
    pixels = np.asarray(rgb)
    corners = [_pixels(one.box, rgb) for one in found]
    outside = np.ones(pixels.shape[:2], bool)
    for left, upper, right, lower in corners:
        outside[max(0, upper - _RIM) : lower + _RIM, max(0, left - _RIM) : right + _RIM] = False
    windows = []
    for one, own in zip(found, corners, strict=True):
        left, upper, right, lower = _pixels(with_context(one.box, rgb.width, rgb.height, CONTEXT), rgb)
        window = pixels[upper:lower, left:right].copy()
        free = outside[upper:lower, left:right]
        others = ~free
        others[max(0, own[1] - upper) : own[3] - upper, max(0, own[0] - left) : own[2] - left] = False
        if free.any() and others.any():
            window[others] = np.median(window[free], axis=0)
        windows.append(Image.fromarray(window))
    return windows


def _parts() -> Iterator[Box]:
    yield Box()
    for down in range(_PARTS):
        for across in range(_PARTS):
            x0, y0 = across * 0.5 / (_PARTS - 1), down * 0.5 / (_PARTS - 1)
            yield Box(x0=x0, y0=y0, x1=x0 + 0.5, y1=y0 + 0.5)


def _within(find: Find, rgb: Image.Image, part: Box) -> Iterator[Found]:
    """What is whole in the part, in fractions of the picture."""
    whole = part == Box()
    shown = rgb if whole else rgb.crop(_pixels(part, rgb))
    wide, high = part.x1 - part.x0, part.y1 - part.y0
    for one in find(shown):
        cut = (
            (one.box.x0 < _EDGE and part.x0 > 0)
            or (one.box.y0 < _EDGE and part.y0 > 0)
            or (one.box.x1 > 1 - _EDGE and part.x1 < 1)
            or (one.box.y1 > 1 - _EDGE and part.y1 < 1)
        )
        if not cut:
            box = Box(
                x0=part.x0 + one.box.x0 * wide,
                y0=part.y0 + one.box.y0 * high,
                x1=min(1.0, part.x0 + one.box.x1 * wide),
                y1=min(1.0, part.y0 + one.box.y1 * high),
            )
            yield Found(box, one.confidence)


def _covers(one: Box, other: Box) -> bool:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    both = max(width, 0.0) * max(height, 0.0)
    return one.overlap(other) >= _SAME or both >= _INSIDE * min(one.area, other.area)


def _pixels(box: Box, rgb: Image.Image) -> tuple[int, int, int, int]:
    """Corners, at least one pixel each way."""
    left, upper = int(box.x0 * rgb.width), int(box.y0 * rgb.height)
    right, lower = round(box.x1 * rgb.width), round(box.y1 * rgb.height)
    return left, upper, max(right, left + 1), max(lower, upper + 1)
