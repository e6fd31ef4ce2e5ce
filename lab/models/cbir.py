"""Content-based retrieval by hand-made features, as a model to measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lab.datasets import Record
from lab.models.linear import LinearRecogniser, fit_linear
from lab.models.port import Mask, Vectors
from lab.vectors import source_sha256
from services.embedder import prepare
from services.embedder.cbir import colour, shape, texture, vector


class Cbir:
    """Colour, texture and shape; recognition by a linear SVM; pieces by Otsu's threshold."""

    name = "cbir"
    distance: Literal["cosine", "euclidean"] = "cosine"
    workers: Literal["threads", "processes"] = "processes"
    size = vector.SIDE
    megabytes = 0.0

    def __init__(self) -> None:
        self.fingerprint = source_sha256(colour, shape, texture, vector, prepare)

    def embed(self, picture: Image.Image) -> Vectors:
        return vector.describe(prepare.letterbox(prepare.scale(picture, self.size), self.size))

    def recogniser(self, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str]) -> LinearRecogniser:
        svm = make_pipeline(StandardScaler(), LinearSVC(C=1e-5, random_state=0))
        return fit_linear(self, train, val, classes, svm)

    def masks(self, picture: Image.Image) -> list[Mask]:
        return shape.pieces(np.asarray(picture))
