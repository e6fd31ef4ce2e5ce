"""The finder's confidence, fitted on scenes of the validation split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.linear_model import LogisticRegression

from lab.datasets import Box
from lab.evaluate.segmentation import box_iou, box_of
from lab.statistics import calibration_error
from lab.train.finder_scenes import scene
from lab.train.finder_stock import Levels, Stock
from services.embedder.finder import FINDER_MANIFEST, Finder
from services.embedder.grouping import Group

SCENES = 1500
STEPS = np.arange(0.2, 0.96, 0.025)


def calibrate(folder: Path, stock: Stock, scenes: int = SCENES) -> str:
    """Set weights, bias and threshold in finder.json: logistic regression of "its box overlaps a true one by half".

    Platt 1999. The threshold is the one of the highest F1 over all pieces. Fitted on the scenes of even number; what is
    returned in words is measured on those of odd number.
    """
    finder = Finder(folder)
    random = np.random.default_rng(23)
    side = finder.manifest.input_size
    evidence, right, fold, count = [], [], [], np.zeros(2, int)
    for number in range(scenes):
        shown = scene(random, stock, side)
        groups, _ = finder.groups(Image.fromarray(shown.rgb))
        evidence += [group.evidence for group in groups]
        right += hits(groups, shown.labels)
        fold += [number % 2] * len(groups)
        count[number % 2] += len(np.unique(shown.labels[shown.labels > 0]))
    said, true, odd = np.array(evidence, np.float64).reshape(-1, 4), np.array(right, bool), np.array(fold) == 1
    if true[~odd].all() or not true[~odd].any():
        raise SystemExit("The finder is right about all of the validation scenes or about none: train it longer.")
    fitted = LogisticRegression(C=1.0).fit(said[~odd], true[~odd])
    confidence = fitted.predict_proba(said)[:, 1]
    scores = [_f1(confidence[~odd] >= step, true[~odd], int(count[0])) for step in STEPS]
    threshold = float(STEPS[int(np.argmax(scores))])
    updated = finder.manifest.model_copy(
        update={
            "weights": tuple(round(float(weight), 5) for weight in fitted.coef_[0]),
            "bias": round(float(fitted.intercept_[0]), 5),
            "min_confidence": round(threshold, 3),
        }
    )
    (folder / FINDER_MANIFEST).write_text(updated.model_dump_json(indent=2) + "\n")
    score = _f1(confidence[odd] >= threshold, true[odd], int(count[1]))
    error = calibration_error(confidence[odd], true[odd])
    return f"F1 {score:.3f} over {count[1]} pieces, ECE {error:.3f}, threshold {threshold:.3f}"


def hits(groups: Sequence[Group], labels: Levels) -> list[bool]:
    """Which groups' boxes overlap a true piece's by half, each truth taken once, highest centre first."""
    free = [box_of(labels == number) for number in np.unique(labels[labels > 0])]
    out = []
    for group in groups:
        mask = group.mask > 0.5
        box: Box | None = box_of(mask) if mask.any() else None
        best = max(free, key=lambda truth: box_iou(box, truth), default=None) if box else None
        hit = best is not None and box is not None and box_iou(box, best) >= 0.5
        if hit and best is not None:
            free.remove(best)
        out.append(hit)
    return out


def _f1(told: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_], count: int) -> float:
    return float(2 * (told & right).sum() / max(1, told.sum() + count))
