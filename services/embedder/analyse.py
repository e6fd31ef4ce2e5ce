"""One picture, start to end: decode, prepare, forward, pack."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from typing import Protocol

from services.embedder.batcher import Array, Lane
from services.embedder.decode import decode
from services.embedder.heads import TypeHead
from services.embedder.prepare import letterbox, normalise, scale
from services.embedder.quality import warnings_of
from shared.contracts.analysis import Analysis, Piece
from shared.contracts.fields import pack_vector


class Forward(Protocol):
    def submit(self, array: Array, lane: Lane) -> Future[Array]: ...


class Analyser:
    """Analyses pictures by one model. Safe to call from many threads: they meet in the batcher."""

    def __init__(self, batcher: Forward, type_head: TypeHead, model_version: str, input_size: int) -> None:
        self.model_version = model_version
        self._batcher = batcher
        self._type_head = type_head
        self._input_size = input_size

    def __call__(self, data: bytes, lane: Lane) -> Analysis:
        """The analysis of a picture's bytes: one piece, the whole picture.

        Raises `Permanent` when the bytes are no picture, are damaged or too large, and `Retryable` while stopping.
        """
        picture = decode(data, self._input_size)
        scaled = scale(picture.rgb, self._input_size)
        prepared = normalise(letterbox(scaled, self._input_size))
        vector = self._batcher.submit(prepared, lane).result()
        return Analysis(
            sha256=hashlib.sha256(data).hexdigest(),
            model_version=self.model_version,
            width=picture.width,
            height=picture.height,
            pieces=[Piece(type=self._type_head.predict(vector), vector=pack_vector(vector))],
            warnings=warnings_of(scaled, picture.width, picture.height),
        )
