"""The mask of each piece in a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from lab.datasets.record import Record

Mask = npt.NDArray[np.bool_]


def piece_masks(record: Record) -> list[Mask]:
    """One bool [H, W] a piece, in the order of `boxes`; an empty list where there is no mask.

    Levels up to the number of boxes are piece numbers, 0 is the ground (as our renders have it). A mask with any higher
    level has no numbers: all from half of its highest level on is one piece.
    """
    if record.mask is None:
        return []
    with Image.open(record.mask) as picture:
        levels = np.asarray(picture if picture.mode in ("P", "L", "1") else picture.convert("L")).astype(np.int64)
    if levels.max(initial=0) <= len(record.boxes):
        return [levels == number for number in range(1, len(record.boxes) + 1)]
    return [levels > levels.max() / 2]
