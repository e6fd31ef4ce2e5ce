"""Points of a picture and what each looks like (XFeat), and which of two pictures' points are one (LighterGlue)."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from services.embedder.manifest import MODELS, file_sha256
from shared.errors import Permanent

XFEAT = MODELS / "xfeat-1"
FILES = {
    "points.onnx": "8787f28382ab50a86c06ef63087313c07c5387830659e662453b8a3f291228cf",
    "pairs.onnx": "8ebdf4ba40c05bbed845cee6d052a4ce10d4a93e7ddebadbc5ca22e3446fdbde",
}
CELL = 8
"""Pixels a side for which there is one descriptor."""
_LEAST_LIKELY = 0.05
_SURE = 0.1
"""As LightGlue's authors have it."""
_ALIKE = 0.82
"""Least cosine of mutual nearest neighbours, as XFeat's authors have it."""

Floats = npt.NDArray[np.float32]
Pairs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Points:
    """`places` float32 [N, 2]: (x, y) in pixels; `described` float32 [N, 64] of unit length, the most reliable first.

    `dense` float32 [64, H/8, W/8]: a descriptor of unit length for every cell.
    """

    places: Floats
    described: Floats
    dense: Floats


class PointFinder:
    """XFeat and LighterGlue, loaded by the first picture. Safe to call from many threads."""

    def __init__(self) -> None:
        """Raises `Permanent` when a file is missing or another."""
        for name, expected in FILES.items():
            path = XFEAT / name
            if not path.is_file() or file_sha256(path) != expected:
                raise Permanent(f"{path} is missing or not the one that Loupe ships. Restore it.")
        self._sessions: dict[str, ort.InferenceSession] = {}
        self._loading = threading.Lock()

    def find(self, grey: Floats, most: int, mask: npt.NDArray[np.bool_] | None = None) -> Points:
        """At most `most` points of a grey picture [H, W], sides multiples of 32; with a mask [H, W] those within."""
        described, likely, reliable = self._session("points.onnx").run(None, {"grey": grey[None, None]})
        heat = likely[0, 0]
        dense = described[0]
        rows, columns = np.nonzero(_peaks(heat) & (heat > _LEAST_LIKELY))
        if mask is not None:
            within = mask[rows, columns]
            rows, columns = rows[within], columns[within]
        scores = heat[rows, columns] * _between(reliable[0], rows, columns)[:, 0]
        best = np.argsort(-scores, kind="stable")[:most]
        rows, columns = rows[best], columns[best]
        each = _between(dense, rows, columns)
        each /= np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-6)
        return Points(np.stack([columns, rows], 1).astype(np.float32), each, dense)

    def dense(self, grey: Floats) -> Floats:
        """The descriptors alone: [H, W] -> [64, H/8, W/8]."""
        described: Floats = self._session("points.onnx").run(["described"], {"grey": grey[None, None]})[0]
        return described[0]

    def pairs(self, one: Points, other: Points, side: int) -> Pairs:
        """Rows [K, 2] of `one` and `other` that are the same point, by LighterGlue; `side` is the pictures' longer
        side in pixels."""
        if min(len(one.places), len(other.places)) < 2:
            return np.zeros((0, 2), np.int64)
        given = {
            "places": (one.places / (side / 2) - 1)[None],
            "described": one.described[None],
            "other_places": (other.places / (side / 2) - 1)[None],
            "other_described": other.described[None],
        }
        sure = np.exp(self._session("pairs.onnx").run(None, given)[0][0])
        return _mutual(sure, _SURE)

    def _session(self, name: str) -> ort.InferenceSession:
        with self._loading:
            if name not in self._sessions:
                options = ort.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                options.log_severity_level = 3
                self._sessions[name] = ort.InferenceSession(
                    str(XFEAT / name), options, providers=["CPUExecutionProvider"]
                )
            return self._sessions[name]


def nearest(one: Points, other: Points) -> Pairs:
    """Rows [K, 2] that are each other's nearest neighbours: a tenth of the time of LighterGlue, and fewer of them."""
    if not len(one.places) or not len(other.places):
        return np.zeros((0, 2), np.int64)
    return _mutual(one.described @ other.described.T, _ALIKE)


def _mutual(alike: Floats, least: float) -> Pairs:
    """Rows and columns that are each other's best, and at least `least`."""
    columns, rows = alike.argmax(1), alike.argmax(0)
    numbers = np.arange(len(columns))
    kept = (rows[columns] == numbers) & (alike[numbers, columns] > least)
    return np.stack([numbers[kept], columns[kept]], 1)


def _peaks(heat: Floats) -> npt.NDArray[np.bool_]:
    """Where nothing within two pixels is higher."""
    import cv2

    return np.asarray(heat == cv2.dilate(heat, np.ones((5, 5), np.uint8)))


def _between(maps: Floats, rows: Pairs, columns: Pairs) -> Floats:
    """Maps [C, h, w] of cells, read between them at pixels: [N, C]."""
    _, height, width = maps.shape
    down = np.clip((rows + 0.5) / CELL - 0.5, 0, height - 1)
    across = np.clip((columns + 0.5) / CELL - 0.5, 0, width - 1)
    top, left = np.floor(down).astype(int), np.floor(across).astype(int)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    low, far = (down - top).astype(np.float32), (across - left).astype(np.float32)
    upper = maps[:, top, left] * (1 - far) + maps[:, top, right] * far
    lower = maps[:, bottom, left] * (1 - far) + maps[:, bottom, right] * far
    return np.ascontiguousarray((upper * (1 - low) + lower * low).T, dtype=np.float32)
