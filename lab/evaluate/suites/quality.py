"""How often the embedder's picture warnings are given: what their thresholds were chosen by."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from lab.datasets import read_jewelry
from lab.evaluate.report import Section
from lab.evaluate.suites.run import Run
from lab.statistics import proportion
from services.embedder.decode import decode
from services.embedder.prepare import scale
from services.embedder.quality import MIN_HIGHLIGHT, MIN_SHARPNESS, MIN_SIDE, highlight, sharpness


def quality(run: Run) -> list[Section]:
    """How often each warning is given to every fifth train picture as it is, blurred by 2 pixels, darkened to 1/4."""
    size = run.models[0].size
    found: dict[str, list[tuple[bool, bool, bool, bool, bool]]] = defaultdict(list)
    for row in read_jewelry()[::5]:
        if row.split != "train" or row.type in ("not-jewelry", "loose-stone"):
            continue
        picture = decode(row.path.read_bytes(), size)
        gray = scale(picture.rgb, size).convert("L")
        soft = gray.filter(ImageFilter.GaussianBlur(2))
        found[row.collection].append(
            (
                min(picture.width, picture.height) < MIN_SIDE,
                sharpness(np.asarray(gray)) < MIN_SHARPNESS,
                sharpness(np.asarray(soft)) < MIN_SHARPNESS,
                highlight(np.asarray(gray)) < MIN_HIGHLIGHT,
                highlight(_darkened(gray)) < MIN_HIGHLIGHT,
            )
        )
    lines = [
        "| source | too small | blurred | blurred, when it is | too dark | too dark, when it is |",
        "|---" * 6 + "|",
    ]
    for name, flags in found.items():
        lines.append(f"| {name} | {' | '.join(proportion(column) for column in np.array(flags).T)} |")
    return [Section("Warnings", "\n".join(lines))]


def _darkened(gray: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(gray.point([level // 4 for level in range(256)]))
