"""Where on the piece two photos are alike, and where they differ: boxes of both pictures."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from services.embedder.compare.align import Matrix, moved
from services.embedder.compare.pair import Pair
from services.embedder.compare.photo import SIDE
from services.embedder.compare.places import CELLS, STEP, Places, colour_map, region_map
from services.embedder.compare.points import Floats
from shared.contracts.comparing import Region

What = Literal["structure", "colour", "outline"]

_DIFFERS: dict[What, float] = {"structure": 0.3, "colour": 14.0, "outline": 0.5}
"""From which a place is told to differ: of 1 - alike, of CIELAB, of the share about it that one photo alone has."""
_ALIKE = 0.85
_MOST_ALIKE, _MOST_DIFFERING = 3, 6
_LEAST_PLACES = 9


def regions(pair: Pair) -> list[Region]:
    """What differs first, the strongest first; then the largest parts that are alike."""
    if pair.places is None or pair.alignment is None or not pair.places.piece.any():
        return []
    places = pair.places
    apart = _apart(places)
    found: list[Region] = []
    for what, values in apart.items():
        found += _boxes(values > 1, np.asarray(values / 2, np.float32), "differs", what, pair)
    found = sorted(found, key=lambda one: -one.strength * one.area**0.5)[:_MOST_DIFFERING]
    alike = np.where(places.piece, (places.lines + places.dense) / 2, 0).astype(np.float32)
    same = (alike > _ALIKE) & np.logical_and.reduce([values <= 1 for values in apart.values()])
    parts = _boxes(same, alike, "alike", "structure", pair)
    return found + sorted(parts, key=lambda one: -one.area)[:_MOST_ALIKE]


def _apart(places: Places) -> dict[What, Floats]:
    """[C, C] each, over 1 where it is told to differ."""
    one, other = (
        cv2.resize(mask, (CELLS, CELLS), interpolation=cv2.INTER_AREA) > 0.5
        for mask in (places.one_mask, places.other_mask)
    )
    alone = np.asarray(one ^ other).astype(np.float32)
    lines = region_map(np.asarray(1 - (places.lines + places.dense) / 2, np.float32), places.piece)
    return {
        "structure": lines / np.float32(_DIFFERS["structure"]),
        "colour": colour_map(places) / np.float32(_DIFFERS["colour"]),
        "outline": region_map(alone, places.piece) / np.float32(_DIFFERS["outline"]),
    }


def _boxes(
    where: npt.NDArray[np.bool_], strength: Floats, kind: Literal["alike", "differs"], what: What, pair: Pair
) -> list[Region]:
    if pair.alignment is None or pair.places is None:
        return []
    back = np.asarray(np.linalg.inv(pair.alignment.matrix), np.float64)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=8)
    whole = float(pair.places.piece.sum())
    found = []
    for number in range(1, count):
        left, top, wide, high, size = (int(value) for value in stats[number])
        if size < _LEAST_PLACES:
            continue
        corners = (left * STEP, top * STEP, (left + wide) * STEP, (top + high) * STEP)
        found.append(
            Region(
                kind=kind,
                what=what,
                query=pair.query.frame.box(*_taken(corners, back)),
                reference=pair.reference.frame.box(*corners),
                strength=float(np.clip(strength[labels == number].mean(), 0, 1)),
                area=min(1.0, size / whole),
            )
        )
    return found


def _taken(corners: tuple[int, int, int, int], matrix: Matrix) -> tuple[float, float, float, float]:
    """The box about a box that was moved."""
    x0, y0, x1, y1 = corners
    ends = moved(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32), matrix)
    low, high = np.clip(ends.min(0), -SIDE, 2 * SIDE), np.clip(ends.max(0), -SIDE, 2 * SIDE)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
