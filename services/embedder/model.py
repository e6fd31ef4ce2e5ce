"""The port to the model that turns pictures into vectors."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Batch = npt.NDArray[np.float32]


class Encoder(Protocol):
    """One model, loaded. Called by the batcher: on a CPU from several threads at once."""

    version: str
    dimension: int
    input_size: int

    def forward(self, batch: Batch) -> Batch:
        """Embed prepared pictures: float32 [N, 3, S, S] as `prepare` makes them -> unit-length float32 [N, dimension].

        A picture's vector depends neither on its place in the batch nor on its batch mates (within 1e-3).
        """
        ...
