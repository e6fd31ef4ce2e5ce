"""The port to the model that turns pictures into vectors."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Batch = npt.NDArray[np.float32]


class OutOfMemory(Exception):
    """The runtime had no memory for a forward of so many pictures; of fewer it may have."""


class Encoder(Protocol):
    """One model, loaded. Called by the batcher: on a CPU from several threads at once."""

    version: str
    dimension: int
    """Of the vectors. More numbers may follow one, which heads see besides."""
    input_size: int

    def forward(self, batch: Batch) -> Batch:
        """Embed prepared pictures: float32 [N, 3, S, S] as `prepare` makes them -> float32 [N, dimension or more].

        The first `dimension` numbers of a row have unit length.

        A picture's vector depends neither on its place in the batch nor on its batch mates (within 1e-3).
        Raises `OutOfMemory` when there is none for so many.
        """
        ...
