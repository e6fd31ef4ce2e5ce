"""Decoding in child processes: a picture that takes too much, or breaks its decoder, ends one of them and no worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from services.embedder import metrics
from services.embedder.batcher import Lane
from services.embedder.decode import Picture, decode
from shared.contracts.analysis import Box
from shared.sandbox.pool import Limits, Sandbox

Decode = Callable[[bytes, int, Box | None, Lane], Picture]
"""As `decode.decode`, for a lane."""


def decode_here(data: bytes, at_least: int, box: Box | None, lane: Lane) -> Picture:  # noqa: ARG001 - of a Decode
    """In this process, for who is alone in it or knows its pictures."""
    return decode(data, at_least, box)


class Decoders:
    """A `Decode` whose children take one picture each, in its own limits. One of them is for queries alone, so that
    none waits for what is ingested."""

    def __init__(self, limits: Limits, for_ingest: int) -> None:
        self._sandbox = Sandbox(
            "services.embedder.decoding_child:work",
            limits,
            for_ingest + 1,
            kept_free=1,
            observe=lambda how: metrics.DECODERS_ENDED.labels(how).inc(),
        )

    def __call__(self, data: bytes, at_least: int, box: Box | None, lane: Lane) -> Picture:
        """Raises as `decode.decode`, and `TooHeavyPicture` for what passes a limit."""
        corners = box and [box.x0, box.y0, box.x1, box.y1]
        asked: Mapping[str, Any] = {"at_least": at_least, "box": corners}
        told, pixels = self._sandbox(data, asked, first=lane == "query")
        rgb = Image.frombytes("RGB", tuple(told["size"]), pixels)
        return Picture(rgb, told["width"], told["height"])

    def close(self) -> None:
        """Finish what is being decoded, then stop."""
        self._sandbox.close()
