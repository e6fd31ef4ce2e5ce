"""Marks of rings on hands, and how far from them the page puts a ring."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from lab.datasets import Record, read_jewelry
from lab.try_on.browser import Look

FINGERS = {"thumb": (2, 3), "index": (5, 6), "middle": (9, 10), "ring": (13, 14), "little": (17, 18)}
"""Knuckle and joint of the bone that rings lie on, as MediaPipe numbers them."""
_BY_HAND = Path(__file__).parent / "hands.json"
"""Made by us, by eye, before the page was asked: of photographs of the test split, in the order of their hashes, each
with the finger and the middle of where its ring crosses it, in pixels. The set's own boxes are of stones and ornaments
as much as of rings, of half a ring where the other half is in the shade, and of a painted nail once."""
_ON_FINGERS = 0.3
"""Of the way from wrist to middle knuckle: a box that lies nearer to the arm is of a watch, a band or a sleeve, which
the set marks too."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """In pixels; `wide` and `high` are 0 where only the middle is known, `finger` is empty where it is not."""

    middle: Point
    wide: float = 0.0
    high: float = 0.0
    finger: str = ""


@dataclass(frozen=True)
class Marked:
    """A mark on a hand. `error` is from the mark's middle to where the page puts the ring, and `across` how wide the
    mark is across the finger, both in palm widths; `along` is where the mark lies from knuckle (0) to joint (1).
    `error` is None where no hand was found, and then the rest is not known."""

    name: str
    person: str
    view: str
    finger: str = ""
    error: float | None = None
    palm_shown: bool = False
    on_wrist: bool = False
    along: float = math.nan
    across: float = math.nan
    ms: float = math.nan


def by_set(split: str, look: Look) -> Iterator[Marked]:
    """Every photograph of the split with the first box that the set has for it."""
    for row in read_jewelry():
        if row.collection == "hands" and row.split == split:
            with Image.open(row.path) as picture:
                told, (width, height) = look(picture, "hand"), picture.size
            x0, y0, x1, y1 = row.boxes[0]
            middle = ((x0 + x1) / 2 * width, (y0 + y1) / 2 * height)
            yield _marked(row, told, Mark(middle, (x1 - x0) * width, (y1 - y0) * height))


def by_hand(count: int, look: Look) -> Iterator[Marked]:
    """The first so many of the photographs that were marked by hand."""
    rows = {row.sha256: row for row in read_jewelry() if row.collection == "hands"}
    for mark in json.loads(_BY_HAND.read_text())[:count]:
        row = rows[mark["sha256"]]
        with Image.open(row.path) as picture:
            told = look(picture, "hand")
        yield _marked(row, told, Mark((mark["x"], mark["y"]), finger=mark["finger"]))


def _marked(row: Record, told: dict[str, Any], mark: Mark) -> Marked:
    """The mark on that of the hands which it lies nearest to."""
    each = [_on(hand, row, mark, told["ms"]) for hand in told["found"]]
    missed = Marked(row.path.name, row.dup_group, row.view, mark.finger)
    return min(each, key=lambda one: one.error or 0.0, default=missed)


def _on(hand: dict[str, Any], row: Record, mark: Mark, ms: float) -> Marked:
    points = [(point["x"], point["y"]) for point in hand["points"]]
    bones = {finger: (points[knuckle], points[joint]) for finger, (knuckle, joint) in FINGERS.items()}
    finger = mark.finger or min(bones, key=lambda name: _away(mark.middle, *bones[name]))
    place = hand["rings"][finger]
    across = abs(mark.wide * math.cos(place["angle"])) + abs(mark.high * math.sin(place["angle"]))
    return Marked(
        row.path.name,
        row.dup_group,
        row.view,
        finger,
        error=math.dist(mark.middle, (place["x"], place["y"])) / hand["palm"],
        palm_shown=hand["back"],
        on_wrist=_along(mark.middle, points[0], points[9]) < _ON_FINGERS,
        along=_along(mark.middle, *bones[finger]),
        across=across / hand["palm"],
        ms=ms,
    )


def _along(point: Point, start: Point, end: Point) -> float:
    """How far along the line from start (0) to end (1)."""
    x, y = end[0] - start[0], end[1] - start[1]
    return ((point[0] - start[0]) * x + (point[1] - start[1]) * y) / ((x * x + y * y) or 1.0)


def _away(point: Point, knuckle: Point, joint: Point) -> float:
    """From the bone between knuckle and joint, in pixels."""
    share = min(1.0, max(0.0, _along(point, knuckle, joint)))
    nearest = tuple(start + share * (end - start) for start, end in zip(knuckle, joint, strict=True))
    return math.dist(point, nearest)
