"""Finding the pieces in a picture, measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from skimage.morphology import dilation, disk, erosion

from lab.datasets import Box

Mask = npt.NDArray[np.bool_]


def mask_iou(one: Mask, two: Mask) -> float:
    """Intersection over union, 0..1; 1 where both are empty."""
    union = int((one | two).sum())
    return float((one & two).sum() / union) if union else 1.0


def boundary_f(found: Mask, true: Mask, pixels: int = 2) -> float:
    """F1 of the boundaries, matched within `pixels`, 0..1 (Martin et al. 2004); 1 where both are empty."""
    edges = [mask & ~erosion(mask, disk(1)) for mask in (found, true)]
    if not edges[0].any() and not edges[1].any():
        return 1.0
    if not edges[0].any() or not edges[1].any():
        return 0.0
    near = [dilation(edge, disk(pixels)) for edge in edges]
    precision = (edges[0] & near[1]).sum() / edges[0].sum()
    recall = (edges[1] & near[0]).sum() / edges[1].sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def box_of(mask: Mask) -> Box:
    """The smallest box around a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return Box(columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)


def box_iou(one: Box, two: Box) -> float:
    """Intersection over union, 0..1."""
    width = min(one.x1, two.x1) - max(one.x0, two.x0)
    height = min(one.y1, two.y1) - max(one.y0, two.y0)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((one.x1 - one.x0) * (one.y1 - one.y0) + (two.x1 - two.x0) * (two.y1 - two.y0) - both)


def average_precision_50(found: Sequence[Sequence[Box]], true: Sequence[Sequence[Box]]) -> float:
    """AP of boxes at IoU 0.5 over all pictures, 0..1; each picture's boxes come surest first.

    As PASCAL VOC 2010 onward: greedy matching, area under the precision envelope. Boxes have no score of their own:
    all first boxes rank before all second ones.
    """
    hits = []
    for rank in range(max(map(len, found), default=0)):
        for boxes, truths in zip(found, true, strict=True):
            if rank < len(boxes):
                hits.append(_matches(boxes[: rank + 1], truths))
    count = sum(map(len, true))
    if not count or not hits:
        return 0.0
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * np.array(hits)).sum() / count)


def _matches(boxes: Sequence[Box], truths: Sequence[Box]) -> bool:
    """Whether the last of `boxes` finds a truth that no earlier one has taken."""
    free = list(truths)
    hit = False
    for box in boxes:
        best = max(free, key=lambda truth: box_iou(box, truth), default=None)
        hit = best is not None and box_iou(box, best) >= 0.5
        if hit and best is not None:
            free.remove(best)
    return hit
