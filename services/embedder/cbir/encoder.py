"""The hand-made features as a model that the embedder can run."""

from __future__ import annotations

import numpy as np
from PIL import Image

from services.embedder.cbir.vector import DIMENSION, SIDE, describe
from services.embedder.model import Batch
from services.embedder.prepare import levels


class CbirEncoder:
    """Any change of the vectors is a new `version`: analyses are stored by it."""

    version = "cbir-1"
    dimension = DIMENSION
    input_size = SIDE

    def forward(self, batch: Batch) -> Batch:
        return np.stack([describe(Image.fromarray(levels(prepared))) for prepared in batch])
