"""Families: a design and two counterfeits of it, drawn so that each difference can be seen in the registered view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from lab.authenticity.counterfeits import Twin, Variant, draw_twin
from lab.authenticity.views import front_pose, reference_shot
from lab.render.design import Design, Random
from lab.render.designs import draw
from lab.render.parts import Parts
from lab.render.scene import Surfaces, surfaces
from lab.render.shots import Shot

Split = Literal["fit", "test"]
SEEDS: dict[Split, int] = {"fit": 121, "test": 122}
"""Of the designs that coefficients are fitted on, and of those that they are measured on."""
TYPES = {"ring": 3.0, "earring": 2.0, "pendant": 2.0, "bracelet": 1.5, "necklace": 1.0, "brooch": 1.0, "watch": 1.0}
TURN = 14.0
"""Degrees that a surface must be turned by, to count as changed."""
NEAR = 2
"""Pixels of `LOOK` that a thing may lie aside: about 1% of the frame."""
LEAST = 0.005
"""Of the piece's pixels: a counterfeit that changes fewer in the registered view is drawn again."""
LOOK = 224
"""Pixels a side of the looks by which changes are measured."""
BASE, PAIRS = 0, ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class Family:
    """`variants`: the base and its counterfeits, whose `kinds` and `details` say what was changed, first of the base:
    empty. `changed`: the share of the piece, 0..1, that differs between each of `PAIRS` (the function `changed`)."""

    name: str
    split: Split
    number: int
    pose: str
    variants: tuple[Variant, ...]
    kinds: tuple[str, ...]
    details: tuple[str, ...]
    changed: tuple[float, ...]

    @property
    def base(self) -> Design:
        return self.variants[BASE].design

    def kind(self, one: int, other: int) -> str:
        """In what variants differ; two counterfeits of one base differ in two things."""
        return "two at once" if min(one, other) else self.kinds[max(one, other)]

    def share(self, one: int, other: int) -> float:
        return 0.0 if one == other else self.changed[PAIRS.index((min(one, other), max(one, other)))]

    def random(self, *of: int) -> Random:
        return np.random.default_rng([SEEDS[self.split], 2, self.number, *of])

    def reference_shot(self, variant: int) -> Shot:
        return reference_shot(self.random(0, variant), self.pose)


@lru_cache(maxsize=4)
def family(split: Split, number: int) -> Family:
    """Family `number` of a split; more families never change the earlier ones."""
    random = np.random.default_rng([SEEDS[split], 1, number])
    names, weights = list(TYPES), np.array(list(TYPES.values()))
    while True:
        base = draw(random, names[int(random.choice(len(names), p=weights / weights.sum()))])
        pose = front_pose(base)
        parts = base.parts(pose)
        shot = reference_shot(np.random.default_rng([SEEDS[split], 2, number, 0, 0]), pose)
        look = surfaces(parts, shot, LOOK)
        twins: list[tuple[Twin, Surfaces, float]] = []
        for _ in range(16):
            twin = draw_twin(base, random, frozenset(made.kind for made, _, _ in twins))
            if twin is None:
                break
            theirs = surfaces(twin.variant.parts(pose), shot, LOOK, framed_by=parts)
            share = changed(look, theirs)
            if share >= LEAST:
                twins.append((twin, theirs, share))
            if len(twins) == 2:
                both = changed(twins[0][1], twins[1][1])
                return Family(
                    f"{split}-{number:04d}",
                    split,
                    number,
                    pose,
                    (Variant(base), twins[0][0].variant, twins[1][0].variant),
                    ("", twins[0][0].kind, twins[1][0].kind),
                    ("", twins[0][0].detail, twins[1][0].detail),
                    (twins[0][2], twins[1][2], both),
                )


def changed(one: Surfaces, other: Surfaces) -> float:
    """The share of a piece's pixels that are not on the other: none within `NEAR` pixels there shows the same material,
    turned by less than `TURN`. Of both ways round the larger."""
    theirs = _numbers(other, one)
    ways = (one.material, one.normal, theirs, other.normal), (theirs, other.normal, one.material, one.normal)
    return max(_not_found(*way) for way in ways)


def _not_found(
    material: npt.NDArray[np.int64],
    normal: npt.NDArray[np.float32],
    there: npt.NDArray[np.int64],
    turned: npt.NDArray[np.float32],
) -> float:
    found = np.zeros(material.shape, bool)
    for dy in range(-NEAR, NEAR + 1):
        for dx in range(-NEAR, NEAR + 1):
            cosine = (normal * np.roll(turned, (dy, dx), (0, 1))).sum(-1)
            found |= (np.roll(there, (dy, dx), (0, 1)) == material) & (cosine > np.cos(np.radians(TURN)))
    return float((~found)[material > 0].mean())


def _numbers(surface: Surfaces, like: Surfaces) -> npt.NDArray[np.int64]:
    """The materials of `surface` by the numbers of `like`; of a material that it lacks, numbers beyond."""
    known = {name: i for i, name in enumerate(like.names)}
    table = [known.get(name, 1000 + i) for i, name in enumerate(surface.names)]
    return np.array(table)[surface.material]


def parts_of(made: Family, variant: int) -> Parts:
    return made.variants[variant].parts(made.pose)
