"""Measure the model offline on the real pictures: each suite returns the text that it prints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from lab.datasets import Row, embeddings, read_rows
from lab.fit import compare_fits
from lab.statistics import Bools, proportion
from services.embedder.decode import decode
from services.embedder.manifest import read_manifest
from services.embedder.prepare import scale
from services.embedder.quality import MIN_HIGHLIGHT, MIN_SHARPNESS, MIN_SIDE, highlight, sharpness
from shared.contracts.fields import Vector

Places = npt.NDArray[np.intp]


def nearest(vectors: Vector, queries: slice) -> Places:
    """For each query row the place of the row nearest to it that is not itself; int [Q]."""
    similarity = vectors[queries] @ vectors.T
    places = np.arange(len(vectors))[queries]
    similarity[np.arange(len(places)), places] = -np.inf
    return np.asarray(similarity.argmax(axis=1))


def ringfir(folder: Path) -> str:
    """R@1 by style class (46) for every RingFIR picture, searched without itself."""
    rows = read_rows()
    first = [row for row in rows if row.collection == "ringfir"]
    both = first + [row for row in rows if row.collection == "mundobijou"]
    vectors = embeddings(both, folder, read_manifest(folder))
    queries = slice(0, len(first))
    lines = []
    for name, size in (("ringfir", len(first)), ("ringfir + mundobijou", len(both))):
        hits = _same_style(both, nearest(vectors[:size], queries))
        lines.append(f"R@1 by class, gallery {name} ({size} pictures): {proportion(hits)}")
    return "\n".join(lines)


def _same_style(rows: Sequence[Row], found: Places) -> Bools:
    def style(row: Row) -> tuple[str, str]:
        return row.collection, row.style

    return np.array([style(rows[place]) == style(rows[query]) for query, place in enumerate(found.tolist())])


def quality(folder: Path) -> str:
    """How often each warning is given to every fifth train picture as it is, blurred by 2 pixels, darkened to 1/4."""
    size = read_manifest(folder).input_size
    found: dict[str, list[tuple[bool, bool, bool, bool, bool]]] = defaultdict(list)
    for row in read_rows()[::5]:
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
    return "\n".join(lines)


def _darkened(gray: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(gray.point([level // 4 for level in range(256)]))


SUITES: dict[str, Callable[[Path], str]] = {"ringfir": ringfir, "quality": quality, "fit": compare_fits}
