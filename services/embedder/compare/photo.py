"""One photo made ready to be compared: its piece in a square of a fixed size, the mask of it, its points, its worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from services.embedder.compare.points import Floats, PointFinder, Points
from services.embedder.crop import LEAST_COVERED
from services.embedder.find import Found
from services.embedder.heads import Logits
from services.embedder.look import Look
from services.embedder.quality import highlight, sharpness
from shared.contracts.analysis import AttributeName, Box
from shared.contracts.comparing import QualityCode
from shared.contracts.fields import Vector

SIDE = 384
"""Pixels a side of the square in which a piece is compared."""
_AROUND = 1.2
"""The square's side is so many times the longer side of the piece."""
MOST_POINTS = 512
_REACH = 13
"""Pixels about the mask in which points still count as the piece's."""
_BLOWN = 210
"""Level from which on a colour is near its end: what is lit so is seen by its highlights alone."""
BLURRED, GLARE, SMALL, DARK = 0.085, 0.75, 90, 80
"""Limits of the quality codes, unitless, a share, pixels and a level. Of the lab's fit families, 99 in 100 rendered
photos have a sharpness of 0.093 or more, and a glare of 0.74 or less; those blurred by 1.3% of their side 0.014 to
0.083, those with a flash straight on a glare of 0.65 to 1.0."""
_EDGE = 0.004
_THE_PIECE = 0.3
"""Intersection over union from which on what is found in the square is the piece that it was cut about."""

Canvas = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a square lies in a picture: its corner and side in pixels of the original, `width` x `height`."""

    left: float
    top: float
    side: float
    width: int
    height: int

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """A box in pixels of the square, as the part of the picture that it is: at least a thousandth each way."""
        across, down = self.side / SIDE / self.width, self.side / SIDE / self.height
        ends = (x0 * across, y0 * down, x1 * across, y1 * down)
        at = (self.left / self.width, self.top / self.height) * 2
        near = [min(max(end + start, 0.0), 1.0) for end, start in zip(ends, at, strict=True)]
        left, top = min(near[0], 0.999), min(near[1], 0.999)
        return Box(x0=left, y0=top, x1=max(near[2], left + 0.001), y1=max(near[3], top + 0.001))


@dataclass(frozen=True, slots=True)
class Photo:
    """`canvas` uint8 [S, S, 3]: the piece with a little of what is about it; `mask` float32 [S, S], 0..1: the piece.

    `vector`, `shares` as in `Look`. `pixels`: of the piece's longer side in the original.
    """

    sha256: str
    frame: Frame
    box: Box
    confidence: float
    canvas: Canvas
    mask: Mask
    points: Points
    vector: Vector
    shares: Mapping[AttributeName, Logits]
    sharpness: float
    glare: float
    pixels: int
    codes: tuple[QualityCode, ...]


def prepared(sha256: str, look: Look, finder: PointFinder) -> Photo:
    """The photo, ready."""
    frame = frame_of(look)
    canvas = _cut(look.picture.rgb, frame)
    mask = _mask(look, canvas, frame)
    grey = grey_of(canvas)
    points = finder.find(grey, MOST_POINTS, _wider(mask))
    sharp, glare = sharpness(grey.astype(np.uint8)), blown(canvas, mask)
    box = look.found.box
    pixels = round(max((box.x1 - box.x0) * frame.width, (box.y1 - box.y0) * frame.height))
    return Photo(
        sha256,
        frame,
        look.found.box,
        look.found.confidence,
        canvas,
        mask,
        points,
        look.vector,
        look.shares,
        sharp,
        glare,
        pixels,
        _codes(look, sharp, glare, pixels, highlight(grey.astype(np.uint8))),
    )


def grey_of(canvas: Canvas) -> Floats:
    """uint8 [H, W, 3] -> float32 [H, W] in 0..255, as ITU-R BT.601 weighs colours."""
    return np.asarray(canvas.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))


def frame_of(look: Look) -> Frame:
    """The square about the piece; about all of the picture where what was found is so small that it may be a part."""
    box, width, height = look.found.box, look.picture.width, look.picture.height
    if box.area < LEAST_COVERED and look.found.mask is not None:
        box = Box()
    side = _AROUND * max((box.x1 - box.x0) * width, (box.y1 - box.y0) * height)
    middle_x, middle_y = (box.x0 + box.x1) / 2 * width, (box.y0 + box.y1) / 2 * height
    return Frame(middle_x - side / 2, middle_y - side / 2, side, width, height)


def _cut(rgb: Image.Image, frame: Frame) -> Canvas:
    """The square; what of it is outside of the picture continues the picture's edge."""
    shrunk = rgb.width / frame.width
    left, top, side = frame.left * shrunk, frame.top * shrunk, frame.side * shrunk
    within = (max(left, 0.0), max(top, 0.0), min(left + side, rgb.width), min(top + side, rgb.height))
    factor = SIDE / side
    start = (round((within[0] - left) * factor), round((within[1] - top) * factor))
    size = (
        max(1, min(SIDE - start[0], round((within[2] - within[0]) * factor))),
        max(1, min(SIDE - start[1], round((within[3] - within[1]) * factor))),
    )
    part = np.asarray(rgb.resize(size, Image.Resampling.BICUBIC, box=within, reducing_gap=2.0))
    rest = ((start[1], SIDE - start[1] - size[1]), (start[0], SIDE - start[0] - size[0]), (0, 0))
    return np.pad(part, rest, mode="edge")


def _mask(look: Look, canvas: Canvas, frame: Frame) -> Mask:
    """What the finder sees in the square, where that is the piece; else what it saw in the whole picture."""
    here = Box(x0=0.5 - 0.5 / _AROUND, y0=0.5 - 0.5 / _AROUND, x1=0.5 + 0.5 / _AROUND, y1=0.5 + 0.5 / _AROUND)
    seen = [one for one in look.find(Image.fromarray(canvas)) if one.mask is not None]
    best = max(seen, key=lambda one: one.box.overlap(here), default=None)
    if best is not None and best.mask is not None and best.box.overlap(here) > _THE_PIECE:
        return np.asarray(Image.fromarray(best.mask).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return _from_picture(look.found, frame)


def _from_picture(found: Found, frame: Frame) -> Mask:
    """The finder's mask of the whole picture, cut as the square is; all of the box where there is none."""
    if found.mask is None:
        whole = np.zeros((SIDE, SIDE), np.float32)
        box, scale = found.box, SIDE / frame.side
        left, right = ((x * frame.width - frame.left) * scale for x in (box.x0, box.x1))
        top, bottom = ((y * frame.height - frame.top) * scale for y in (box.y0, box.y1))
        whole[max(0, round(top)) : round(bottom), max(0, round(left)) : round(right)] = 1.0
        return whole
    import cv2

    across, down = found.mask.shape[1] / frame.width, found.mask.shape[0] / frame.height
    step = frame.side / SIDE
    turn = np.array([[step * across, 0, frame.left * across], [0, step * down, frame.top * down]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(found.mask, turn, (SIDE, SIDE), flags=flags), np.float32)


def _wider(mask: Mask) -> npt.NDArray[np.bool_]:
    import cv2

    return np.asarray(cv2.dilate((mask > 0.5).astype(np.uint8), np.ones((_REACH, _REACH), np.uint8)) > 0)


def blown(canvas: Canvas, mask: Mask) -> float:
    """The share of the piece of which a colour is near its end: gold keeps its blue in any light."""
    piece = mask > 0.5
    return float((canvas[piece].max(1) >= _BLOWN).mean()) if piece.any() else 0.0


def _codes(look: Look, sharp: float, glare: float, pixels: int, brightest: int) -> tuple[QualityCode, ...]:
    box = look.found.box
    told: dict[QualityCode, bool] = {
        "blurred": sharp < BLURRED,
        "glare": glare > GLARE,
        "too-small": pixels < SMALL,
        "too-dark": brightest < DARK,
        "no-piece": look.found.confidence == 0,
        "cut-off": min(box.x0, box.y0) < _EDGE or max(box.x1, box.y1) > 1 - _EDGE,
    }
    return tuple(code for code, so in told.items() if so)
