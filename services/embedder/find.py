"""The port to what finds the pieces in a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_PIECES

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """A piece: where it is, and how sure that is, in 0..1.

    `mask` float32 [h, w]: the share, 0..1, to which a pixel is of the piece; over the whole picture, scaled to h x w.
    None where there is only a box.
    """

    box: Box
    confidence: float
    mask: Floats | None = field(default=None, compare=False, repr=False)


Find = Callable[[Image.Image], Sequence[Found]]
"""The pieces of an upright RGB picture, in any order, none where it sees none. Called from several threads at once."""


def whole_picture(_: Image.Image) -> Sequence[Found]:
    """Finds one piece: the picture."""
    return [Found(Box(), 1.0)]


def main_first(found: Sequence[Found]) -> list[Found]:
    """As many as an analysis takes, by confidence times area; where none was found, the picture with confidence 0."""
    ranked = sorted(found, key=lambda one: one.confidence * one.box.area, reverse=True)
    return ranked[:MAX_PIECES] or [Found(Box(), 0.0)]
