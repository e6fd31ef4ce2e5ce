"""Two ready photos -> everything that is measured of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.embedder.compare.align import (
    Alignment,
    Matches,
    Matrix,
    by_outlines,
    by_points,
    tilt,
    warped,
)
from services.embedder.compare.photo import Mask, Photo, grey_of
from services.embedder.compare.places import Places, held, outline_apart
from services.embedder.compare.points import Floats, PointFinder

_OVERLAP = 0.35
"""Least intersection over union of the outlines of an alignment that is believed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`alignment` and `places` None: nothing could be aligned. `overlap`: intersection over union of the outlines;
    `edges`: how far each place of an outline is from the other, in pixels of the square."""

    query: Photo
    reference: Photo
    matches: Matches
    alignment: Alignment | None
    places: Places | None
    overlap: float
    edges: Floats


def paired(query: Photo, reference: Photo, finder: PointFinder) -> Pair:
    """The query against the reference."""
    matches, matrix = by_points(query, reference, finder)
    candidates = [each for each in _candidates(query.mask, reference.mask, matrix) if each is not None]
    best: Pair | None = None
    for each in candidates:
        overlap, edges = outline_apart(np.asarray(warped(query.mask, each), np.float32), reference.mask)
        if overlap >= _OVERLAP and (best is None or overlap > best.overlap + 0.02):
            best = Pair(query, reference, matches, Alignment(each, matches, tilt(each)), None, overlap, edges)
    if best is None or best.alignment is None:
        return Pair(query, reference, matches, None, None, 0.0, np.zeros(0, np.float32))
    canvas = np.asarray(warped(query.canvas, best.alignment.matrix), np.uint8)
    mask = np.asarray(warped(query.mask, best.alignment.matrix), np.float32)
    places = held(
        (canvas, mask, finder.dense(grey_of(canvas))), (reference.canvas, reference.mask, reference.points.dense)
    )
    return Pair(query, reference, matches, best.alignment, places, best.overlap, best.edges)


def _candidates(query: Mask, reference: Mask, matrix: Matrix | None) -> list[Matrix | None]:
    """By points, then that made better by the outlines, then by the outlines alone."""
    if matrix is None:
        return [by_outlines(query, reference)]
    return [matrix, by_outlines(query, reference, matrix), by_outlines(query, reference)]
