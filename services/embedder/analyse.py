"""One picture, start to end: decode, find, prepare, forward, pack."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

import numpy as np
from PIL import Image

from services.embedder.batcher import Array, Lane
from services.embedder.crop import windows
from services.embedder.decode import Picture
from services.embedder.decoding import Decode, decode_here
from services.embedder.find import Find, Found, main_first, whole_picture
from services.embedder.heads import Heads
from services.embedder.look import Look
from services.embedder.metrics import observe_analysis, stage
from services.embedder.prepare import crop, letterbox, normalise, scale
from services.embedder.quality import warnings_of
from services.embedder.tray import TRAY_PIXELS, on_tray, windows_on_tray
from services.embedder.turns import Turns
from shared.contracts.analysis import Analysis, Box, Piece, TrayAnalysis
from shared.contracts.fields import MIN_BOX_SIDE, pack_features, pack_vector
from shared.contracts.models import Model
from shared.errors import InvalidInput

_AT_ONCE = 8


class Forward(Protocol):
    def submit(self, array: Array, lane: Lane) -> Future[Array]: ...

    def close(self) -> None: ...


class Analyse(Protocol):
    """One model, from bytes to what it knows of the picture."""

    @property
    def model_version(self) -> str: ...

    @property
    def about(self) -> Model:
        """What other services are told of it."""
        ...

    def __call__(self, data: bytes, lane: Lane, box: Box | None = None) -> Analysis: ...

    def tray(self, data: bytes) -> TrayAnalysis: ...

    def look(self, data: bytes, box: Box | None = None) -> Look: ...

    def close(self) -> None: ...


class Analyser:
    """Analyses pictures by one model. Safe to call from many threads: they meet in the batcher.

    What no head knows of a piece is absent. Models of one process share their `turns`.
    """

    def __init__(
        self,
        batcher: Forward,
        heads: Heads,
        about: Model,
        input_size: int,
        find: Find = whole_picture,
        decode: Decode = decode_here,
        turns: Turns | None = None,
    ) -> None:
        self.about = about
        self.model_version = about.version
        self._batcher = batcher
        self._heads = heads
        self._input_size = input_size
        self._find = find
        self._decode = decode
        self._turns = turns or Turns(_AT_ONCE)

    def __call__(self, data: bytes, lane: Lane, box: Box | None = None) -> Analysis:
        """The analysis of a picture's bytes: of the pieces found in it, or of what is in the `box` as the only piece.

        Raises `InvalidInput` for a box of too few pixels, `Permanent` when the bytes are no picture, are damaged or too
        large, and `Retryable` while stopping.
        """
        with self._turns.of(lane):
            with stage("decode"):
                picture = self._decode(data, self._input_size, box, lane)
            if box:
                _check(box, picture)
                found, seen = [Found(box, 1.0)], [box]
            else:
                with stage("find"):
                    found = main_first(self._find(picture.rgb))
                seen = windows(found, picture.width, picture.height)
                picture = self._near_enough(picture, data, seen, lane)
            with stage("prepare"):
                crops = [scale(crop(picture.rgb, window), self._input_size) for window in seen]
                arrays = [normalise(letterbox(one, self._input_size)) for one in crops]
        with stage("forward"):
            rows = self._rows(arrays, lane)
        whole = box or Box()
        with stage("describe"):
            analysis = Analysis(
                sha256=hashlib.sha256(data).hexdigest(),
                model_version=self.model_version,
                width=picture.width,
                height=picture.height,
                pieces=[self._piece(piece, row, lane) for piece, row in zip(found, rows, strict=True)],
                warnings=warnings_of(
                    crops[0] if seen[0] == whole else self._gray(picture.rgb), *_pixels(whole, picture)
                ),
            )
        observe_analysis(analysis, lane)
        return analysis

    def tray(self, data: bytes) -> TrayAnalysis:
        """The photo of a tray, whose pieces are small and many: somebody waits for it. Raises as `__call__`."""
        with self._turns.of("query"):
            picture = self._decode(data, TRAY_PIXELS, None, "query")
            found = on_tray(self._find, picture.rgb)
            seen = windows_on_tray(found, picture.rgb)
            arrays = [normalise(letterbox(scale(one, self._input_size), self._input_size)) for one in seen]
        rows = self._rows(arrays, "query")
        return TrayAnalysis(
            model_version=self.model_version,
            width=picture.width,
            height=picture.height,
            pieces=[self._piece(piece, row, "query") for piece, row in zip(found, rows, strict=True)],
            warnings=warnings_of(self._gray(picture.rgb), picture.width, picture.height),
        )

    def look(self, data: bytes, box: Box | None = None) -> Look:
        """The main piece of a photo, or what is in the `box`, for a closer look: somebody waits for it. Raises as
        `__call__`."""
        with self._turns.of("query"):
            picture = self._decode(data, self._input_size, box, "query")
            if box:
                _check(box, picture)
            found = Found(box, 1.0) if box else main_first(self._find(picture.rgb))[0]
            seen = [box] if box else windows([found], picture.width, picture.height)
            picture = self._near_enough(picture, data, seen, "query")
            array = normalise(letterbox(scale(crop(picture.rgb, seen[0]), self._input_size), self._input_size))
        row = self._rows([array], "query")[0]
        shares = {name: head.probabilities(row[None])[0] for name, head in self._heads.heads.items()}
        return Look(picture, found, row[: self.about.dimension], shares, self._find)

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        self._batcher.close()

    def _gray(self, rgb: Image.Image) -> Image.Image:
        """As the model would see the whole picture, without colours, at half the cost."""
        return scale(rgb.convert("L"), self._input_size)

    def _rows(self, arrays: Sequence[Array], lane: Lane) -> list[Array]:
        futures = [self._batcher.submit(array, lane) for array in arrays]
        return [future.result() for future in futures]

    def _near_enough(self, picture: Picture, data: bytes, seen: Sequence[Box], lane: Lane) -> Picture:
        """The picture, decoded again with more of its pixels where a window would be too coarse for the model."""
        smallest = min(seen, key=lambda one: max(_pixels(one, picture)))
        shrunk = picture.rgb.width / picture.width
        if shrunk < 1 and max(_pixels(smallest, picture)) * shrunk < self._input_size:
            return self._decode(data, self._input_size, smallest, lane)
        return picture

    def _piece(self, found: Found, row: Array, lane: Lane) -> Piece:
        vector, features = np.split(row, [self.about.dimension])
        kept = len(features) and lane == "ingest"  # what is learned later is learned from the shop's pictures
        return Piece(
            box=found.box,
            confidence=found.confidence,
            vector=pack_vector(vector),
            features=pack_features(features) if kept else None,
            **self._heads.predict(row),
        )


def _pixels(box: Box, picture: Picture) -> tuple[int, int]:
    """Width and height of a box in the original."""
    return round((box.x1 - box.x0) * picture.width), round((box.y1 - box.y0) * picture.height)


def _check(box: Box, picture: Picture) -> None:
    width, height = _pixels(box, picture)
    if min(width, height) < MIN_BOX_SIDE:
        told = (
            f"The box has only {width} x {height} of the picture's {picture.width} x {picture.height} pixels. "
            f"Make it at least {MIN_BOX_SIDE} wide and high, or send a photo taken from nearer."
        )
        raise InvalidInput(told, errors=[{"path": "query.box", "message": told}])
