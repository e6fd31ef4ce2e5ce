"""Which pictures a set consists of: every frame follows from the set's seed and the frame's number alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from lab.render.design import Design, Random, stones_of
from lab.render.designs import draw, draw_family
from lab.render.mesh import Array
from lab.render.parts import Parts, extent, moved, turned
from lab.render.shots import Shot, draw_shot

BLOCK = 12
"""Frames planned together: four designs of three pictures, four near-twins of three, or twelve trays."""
BLOCK_KINDS = {"designs": 0.75, "family": 0.15, "trays": 0.10}
VALIDATION = 10
"""Every tenth block is for validation, so that no design and no family is on both sides."""
TRAY_SIZES = (2, 12)
SMALL = 74
"""JPEG quality that keeps the committed evaluation set within 12 MB."""


@dataclass(frozen=True)
class Frame:
    """One picture to be taken of `designs` (one, or a tray's 2 to 12), all choices made by `seed`.

    `family` names a family of near-twins, whose members differ in the field `differs`; `best_quality` caps the JPEG's.
    """

    name: str
    split: str
    designs: tuple[Design, ...]
    seed: tuple[int, ...]
    family: str = ""
    differs: str = ""
    best_quality: int = 95

    def staged(self) -> tuple[list[Parts], list[str], Shot]:
        """Every piece's parts in their places, their poses, and the shot."""
        random = np.random.default_rng([*self.seed, 1])
        poses = [str(random.choice(design.poses())) for design in self.designs]
        if len(self.designs) > 1:
            poses = ["lone" if design.type == "pendant" else design.poses()[-1] for design in self.designs]
        pieces = [design.parts(pose) for design, pose in zip(self.designs, poses, strict=True)]
        if len(pieces) > 1:
            shot = draw_shot(random, standing=False)
            return laid_out(pieces, random), poses, replace(shot, fill=max(shot.fill, 0.76))
        return pieces, poses, draw_shot(random, poses[0] in ("standing", "leaning"))

    @property
    def picture_seed(self) -> int:
        return int(np.random.default_rng([*self.seed, 2]).integers(1 << 24))


def frame(seed: int, number: int) -> Frame:
    """Picture `number` of the training set of `seed`; more pictures never change the earlier ones."""
    block, place = divmod(number, BLOCK)
    split = "val" if block % VALIDATION == VALIDATION - 1 else "train"
    name, own = f"{number:06d}", (seed, block, place)
    designs, differs = _block(seed, block)
    if not designs:
        return Frame(name, split, tray_designs(np.random.default_rng([*own, 3])), own)
    family = f"family-{seed}-{block}" if differs else ""
    return Frame(name, split, (designs[place * len(designs) // BLOCK],), own, family, differs)


@lru_cache(maxsize=8)
def _block(seed: int, block: int) -> tuple[tuple[Design, ...], str]:
    """The designs of a block, and the field that they differ in if they are near-twins; none for trays."""
    random = np.random.default_rng([seed, block])
    kind = str(random.choice(list(BLOCK_KINDS), p=list(BLOCK_KINDS.values())))
    if kind == "trays":
        return (), ""
    if kind == "family":
        twins = draw_family(random, 4)
        return twins.members, twins.differs
    return tuple(draw(random) for _ in range(4)), ""


def evaluation(
    seed: int, designs: int = 500, families: int = 40, members: int = 4, trays: int = 40, views: int = 2
) -> list[Frame]:
    """The evaluation set: `views` pictures each of `designs`, of which `families` are near-twins, then `trays`.

    Its seeds are apart from every training set's, whose tuples have three numbers.
    """
    pieces: list[tuple[Design, str, str]] = []
    for number in range(families):
        twins = draw_family(np.random.default_rng([seed, 0, 0, number]), members)
        pieces += [(member, f"family-eval-{number:02d}", twins.differs) for member in twins.members]
    types = _evenly(designs - len(pieces))
    pieces += [(draw(np.random.default_rng([seed, 0, 1, i]), kind), "", "") for i, kind in enumerate(types)]
    frames = [
        Frame(f"{number:04d}-{view}", "test", (design,), (seed, 1, number, view), family, differs, SMALL)
        for number, (design, family, differs) in enumerate(pieces)
        for view in range(views)
    ]
    made = [
        Frame(
            f"tray-{n:02d}",
            "test",
            tray_designs(np.random.default_rng([seed, 2, n, 0])),
            (seed, 2, n, 1),
            best_quality=SMALL,
        )
        for n in range(trays)
    ]
    return frames + made


def _evenly(count: int) -> list[str]:
    from lab.render.designs import TYPES

    names = list(TYPES)
    return [names[i % len(names)] for i in range(count)]


def tray_designs(random: Random) -> tuple[Design, ...]:
    """Two to twelve pieces; what is large (necklaces, bracelets, watches) at most once."""
    low, high = TRAY_SIZES
    count = int(random.integers(low, high + 1))
    small = ("ring", "earring", "pendant", "brooch")
    kinds = [str(random.choice(small)) for _ in range(count)]
    if count < 6 and random.random() < 0.5:
        kinds[0] = str(random.choice(["bracelet", "watch"]))
    return tuple(draw(random, kind) for kind in kinds)


def laid_out(pieces: list[Parts], random: Random) -> list[Parts]:
    """The pieces laid out in rows, each turned a little."""
    tilted = [turned(parts, "z", float(random.uniform(-25, 25))) for parts in pieces]
    order = random.permutation(len(tilted))
    columns = int(np.ceil(np.sqrt(len(tilted))))
    boxes: list[tuple[Array, Array]] = [extent(parts) for parts in tilted]
    placed: list[Parts] = list(tilted)
    y = 0.0
    for start in range(0, len(order), columns):
        row = order[start : start + columns]
        deep = max(float((boxes[i][1] - boxes[i][0])[1]) for i in row)
        widths = [float((boxes[i][1] - boxes[i][0])[0]) for i in row]
        x = -sum(widths) / 2 - 3 * len(row)
        for i, wide in zip(row, widths, strict=True):
            low, high = boxes[i]
            aside, ahead = random.uniform(-1.5, 1.5, 2)
            placed[i] = moved(tilted[i], x=x - low[0] + 3 + aside, y=y - (low[1] + high[1]) / 2 - deep / 2 + ahead)
            x += wide + 6
        y -= deep + 6
    return placed


def describe(design: Design, parts: Parts) -> dict[str, Any]:
    """What is true of one piece whatever picture shows it."""
    stones = stones_of(parts)
    return {
        "item_id": design.item_id,
        "type": design.type,
        "metal": design.metal if any(_is_metal(part.material) for part in parts) else "none",
        "stone": stones[0]["kind"] if stones else "none",
        "stones": stones,
    }


def _is_metal(material: str) -> bool:
    from lab.render.materials import METALS

    return material.partition("/")[0] in METALS
