"""Faces in a picture: CenterFace finds them, and they are made so coarse that nobody is known by them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image, ImageDraw, ImageFilter

from services.embedder.manifest import MODELS, file_sha256
from shared.errors import Permanent

FACES = MODELS / "centerface-1" / "faces.onnx"
FACES_SHA256 = "8d9dbdb3389d1141a36e9b3590f084af16c4c91ea738033895ac88cbb220d243"
_SIDES = (640, 256)
"""Longer sides in pixels at which is looked: far faces, and those that fill the picture."""
_STEP = 32
_CELL = 4
_SURE = 0.6
"""Of 1. Below it stones and settings pass for faces; frontal faces of 30 pixels and more have 0.8 and over."""
_SAME = 0.3
"""Intersection over union from which on two boxes are of one face."""
_LARGER = 1.15
_BLOCKS = 6
"""So many squares a side are left of a face."""
_Boxes = npt.NDArray[np.float32]


class Face(NamedTuple):
    """In pixels of the picture: left, top, right, bottom. `confidence` in 0..1."""

    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float


class Faces:
    """CenterFace (Xu et al. 2019), loaded by the first picture. Safe to call from many threads."""

    def __init__(self) -> None:
        """Raises `Permanent` when its file is missing or another."""
        if not FACES.is_file() or file_sha256(FACES) != FACES_SHA256:
            raise Permanent(f"{FACES} is missing or not the model that Loupe ships. Restore it.")
        self._session: ort.InferenceSession | None = None
        self._loading = threading.Lock()

    def find(self, rgb: Image.Image) -> list[Face]:
        """Surest first."""
        found = np.concatenate([self._at(rgb, side) for side in _SIDES])
        return [Face(*map(float, found[at])) for at in _one_each(found)]

    def _at(self, rgb: Image.Image, side: int) -> _Boxes:
        """[N, 5]: boxes in pixels of the picture, and confidences. It is looked at in a frame of an eighth of its side,
        since a face that the edge cuts is found less surely."""
        shrink = min(side * 0.8 / max(rgb.size), 1.0)
        small = rgb.resize((max(round(rgb.width * shrink), 1), max(round(rgb.height * shrink), 1)), reducing_gap=2.0)
        width, height = (-(-round(edge * 1.25) // _STEP) * _STEP for edge in small.size)
        left, top = (width - small.width) // 2, (height - small.height) // 2
        frame = np.full((height, width, 3), 127, np.float32)
        frame[top : top + small.height, left : left + small.width] = np.asarray(small)
        heat, scale, offset = self._run(frame.transpose(2, 0, 1)[None])
        rows, columns = np.nonzero(heat[0, 0] > _SURE)
        high, wide = (np.exp(scale[0, axis, rows, columns]) * _CELL for axis in (0, 1))
        middle_y, middle_x = (
            (at + offset[0, axis, rows, columns] + 0.5) * _CELL - edge
            for at, axis, edge in ((rows, 0, top), (columns, 1, left))
        )
        ends = (middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)
        boxes = np.stack([np.asarray(end) / shrink for end in ends], axis=1)
        return np.concatenate([boxes, heat[0, 0, rows, columns][:, None]], axis=1).astype(np.float32)

    def _run(self, picture: npt.NDArray[np.float32]) -> tuple[_Boxes, _Boxes, _Boxes]:
        """float32 [1, 3, H, W] in 0..255, both multiples of 32 -> heat, log sizes and offsets of cells of 4 pixels."""
        with self._loading:
            if self._session is None:
                options = ort.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                options.enable_cpu_mem_arena = False  # it is seldom used, and would keep what it once needed
                options.log_severity_level = 3
                self._session = ort.InferenceSession(str(FACES), options, providers=["CPUExecutionProvider"])
        heat, scale, offset = self._session.run(["heat", "scale", "offset"], {"picture": picture})
        return heat, scale, offset


def without_faces(rgb: Image.Image, faces: Sequence[Face]) -> Image.Image:
    """The picture with each face made of a few blurred squares, within an ellipse a little larger than its box."""
    picture = rgb.copy()
    for face in faces:
        middle_x, middle_y = (face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2
        half_x, half_y = _LARGER * (face.x1 - face.x0) / 2, _LARGER * (face.y1 - face.y0) / 2
        box = (
            max(int(middle_x - half_x), 0),
            max(int(middle_y - half_y), 0),
            min(int(middle_x + half_x) + 1, rgb.width),
            min(int(middle_y + half_y) + 1, rgb.height),
        )
        if box[0] >= box[2] or box[1] >= box[3]:
            continue
        spot = rgb.crop(box)
        coarse = spot.resize((_BLOCKS, _BLOCKS), Image.Resampling.BOX).resize(spot.size, Image.Resampling.NEAREST)
        blurred = coarse.filter(ImageFilter.GaussianBlur(max(spot.size) / _BLOCKS / 2))
        mask = Image.new("L", spot.size)
        left, top = middle_x - half_x - box[0], middle_y - half_y - box[1]
        ImageDraw.Draw(mask).ellipse([left, top, left + 2 * half_x, top + 2 * half_y], fill=255)
        picture.paste(blurred, (box[0], box[1]), mask)
    return picture


def _one_each(found: _Boxes) -> list[int]:
    """The rows of [N, 5] that overlap no surer one, surest first."""
    left = list(np.argsort(-found[:, 4]))
    kept: list[int] = []
    while left:
        best = int(left.pop(0))
        kept.append(best)
        left = [other for other in left if _overlap(found[best], found[other]) < _SAME]
    return kept


def _overlap(one: _Boxes, other: _Boxes) -> float:
    """Intersection over the smaller of both: a part of a face, found in another size, is that face."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(float(width), 0.0) * max(float(height), 0.0)
    areas = ((each[2] - each[0]) * (each[3] - each[1]) for each in (one, other))
    return both / max(float(min(areas)), 1e-6)
