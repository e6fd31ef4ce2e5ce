"""What the evaluation asks of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

from lab.datasets import Record

Vectors = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float64]


@runtime_checkable
class Model(Protocol):
    """Turns pictures into vectors. `fingerprint` changes whenever the vector of a picture may: the cache goes by it."""

    name: str
    fingerprint: str
    distance: Literal["cosine", "euclidean"]
    workers: Literal["threads", "processes"]
    """How pictures are embedded side by side. For `processes` the model must pickle."""
    size: int
    """Pixels: sides longer than this are of no use to it."""

    megabytes: float
    """Of its weights as they are stored, 10^6 bytes."""

    def embed(self, picture: Image.Image) -> Vectors:
        """One upright RGB picture -> float32 [D]. May be called from several workers at once."""
        ...


@runtime_checkable
class Headed(Model, Protocol):
    """A model that gives more than vectors: `embed` returns float32 [dimension or more], the vector first.

    Its heads see the whole row.
    """

    dimension: int


class Recogniser(Protocol):
    """Tells the class of a picture, with a calibrated probability."""

    classes: Sequence[str]

    def probabilities(self, records: Sequence[Record]) -> Probabilities:
        """float64 [N, K], rows summing to 1, columns in the order of `classes`."""
        ...


@runtime_checkable
class Trainable(Protocol):
    """A model that can be fitted to classes."""

    name: str

    def recogniser(self, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str]) -> Recogniser:
        """Fitted to `train`, calibrated on `val`. The class of a record is `lab.models.classes.kind`."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """A model that comes with its own classes."""

    def own_recogniser(self) -> Recogniser: ...


@runtime_checkable
class Segmenter(Protocol):
    """A model that finds the pieces in a picture."""

    def masks(self, picture: Image.Image) -> list[Mask]:
        """One mask a piece, bool [H, W] of the picture's own size, surest first; an empty list where there is none."""
        ...
