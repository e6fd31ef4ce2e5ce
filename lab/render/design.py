"""What every design has: fields that name all its choices, drawn or written by hand, and the parts built of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from lab.render import gems, materials
from lab.render.parts import Part, Parts

Random = np.random.Generator
Choices = dict[str, Sequence[Any]]

CENTRE_CUTS = ("round", "oval", "princess", "emerald", "pear", "marquise", "cabochon")
FACETED = tuple(cut for cut in CENTRE_CUTS if cut != "cabochon")


@dataclass(frozen=True, kw_only=True)
class Design:
    """One piece of jewelry as its fields say it; lengths in mm. Equal fields build equal parts."""

    type: ClassVar[str]
    metal: str = "yellow gold"
    finish: str = "polished"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """A design by chance."""
        raise NotImplementedError

    def parts(self, pose: str) -> Parts:
        """The piece resting on the table in one of `poses`, its front towards -y."""
        raise NotImplementedError

    def poses(self) -> tuple[str, ...]:
        """The ways it can lie or stand."""
        return ("lying",)

    def variants(self) -> Choices:
        """Fields that a near-twin may differ in, each with values that can be told apart on this design."""
        return {}

    @property
    def alloy(self) -> str:
        """The metal with its finish, a name for `materials.bsdf`."""
        return f"{self.metal}/{self.finish}" if self.finish != "polished" else self.metal

    @property
    def style(self) -> str:
        """What kind of its type it is, in a word."""
        return str(getattr(self, "kind", ""))

    @property
    def item_id(self) -> str:
        """A name made of the fields: equal designs share it."""
        return f"{self.type}-{hashlib.sha256(to_json(self).encode()).hexdigest()[:10]}"


def to_json(design: Design) -> str:
    """The fields as JSON with sorted keys."""
    return json.dumps({"type": design.type, **asdict(design)}, sort_keys=True)


def stones_of(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Kind, cut, colour and count of the stones in `parts`, the most conspicuous first (by volume of their box)."""
    found: dict[tuple[str, str], list[float]] = {}
    for part in parts:
        if part.number:
            count, size = found.setdefault((part.material, part.cut), [0.0, 0.0])
            box = float(np.prod(np.ptp(part.mesh.vertices, axis=0))) / part.number**2
            found[part.material, part.cut] = [count + part.number, max(size, box)]
    order = sorted(found, key=lambda key: -found[key][1])
    return [{"kind": k, "cut": c, "colour": materials.colour(k), "count": int(found[k, c][0])} for k, c in order]


def pick(random: Random, weights: Mapping[str, float]) -> str:
    """One key, as likely as its weight."""
    names = list(weights)
    share = np.array(list(weights.values()), float)
    return names[int(random.choice(len(names), p=share / share.sum()))]


def between(random: Random, low: float, high: float, digits: int = 1) -> float:
    return round(float(random.uniform(low, high)), digits)


METAL_WEIGHTS = {"yellow gold": 3, "white gold": 2, "rose gold": 2, "silver": 2, "platinum": 1, "blackened": 0.4}
FINISH_WEIGHTS = {"polished": 5, "brushed": 1, "hammered": 0.6}
FINE_STONES = {"diamond": 4, "ruby": 2, "sapphire": 2, "emerald": 2, "amethyst": 1.5, "topaz": 1.5}
OPAQUE = {"pearl": 2, "onyx": 1, "turquoise": 1}


def draw_stone(random: Random, cuts: Mapping[str, float]) -> dict[str, Any]:
    """Fields `stone`, `cut` and `ratio` that go together: opaque stones come as cabochons, pearls as pearls."""
    stone = pick(random, FINE_STONES | OPAQUE)
    cut = "pearl" if stone == "pearl" else "cabochon" if stone in OPAQUE else pick(random, cuts)
    if stone == "diamond" and cut == "cabochon":
        cut = "round"
    low, high = (1.0, 1.5) if cut == "cabochon" else gems.PROPORTIONS[cut].ratio if cut != "pearl" else (1.0, 1.0)
    return {"stone": stone, "cut": cut, "ratio": between(random, low, high, 2)}


def other_stones(stone: str) -> tuple[str, ...]:
    """Stones that fit the same setting."""
    return tuple(FINE_STONES) if stone in FINE_STONES else ("onyx", "turquoise") if stone != "pearl" else ("pearl",)


CUT_WEIGHTS = {"round": 3, "oval": 2, "princess": 1.5, "emerald": 1.5, "pear": 1.2, "marquise": 1, "cabochon": 0.8}
