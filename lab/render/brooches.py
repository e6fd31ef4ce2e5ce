"""Brooches, lying face up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from lab.render import ornaments, outlines
from lab.render.design import (
    CUT_WEIGHTS,
    FACETED,
    METAL_WEIGHTS,
    Choices,
    Design,
    Random,
    between,
    draw_stone,
    other_stones,
    pick,
)
from lab.render.gems import brilliant
from lab.render.mesh import Array, Mesh, ball, circle, lathe, merge, superellipse, tube
from lab.render.parts import Part, Parts, bezel, clawed, copies, halo, level, mirrored, moved, rest, stones, turned


@dataclass(frozen=True, kw_only=True)
class Brooch(Design):
    """`kind`: flower, spray, bow, starburst, cameo, wreath, butterfly, feather, bar, swirl or dragonfly.

    It is `size` mm across; `petals` counts petals, rays or leaves.
    """

    type: ClassVar[str] = "brooch"
    kind: str = "flower"
    stone: str = "ruby"
    cut: str = "round"
    ratio: float = 1.0
    accent: str = "diamond"
    size: float = 34.0
    petals: int = 6

    @classmethod
    def draw(cls, random: Random) -> Self:
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            kind=pick(random, KINDS),
            accent=pick(random, {"diamond": 4, "sapphire": 1, "ruby": 1, "emerald": 1, "pearl": 1}),
            size=between(random, 26.0, 48.0),
            petals=int(random.integers(5, 10)),
            **draw_stone(random, CUT_WEIGHTS),
        )

    def variants(self) -> Choices:
        found: Choices = {"metal": tuple(METAL_WEIGHTS)}
        if self.kind in ("flower", "spray", "wreath"):
            found["petals"] = (5, 6, 7, 8, 9)
        if self.cut in FACETED and self.kind in ("flower", "starburst", "bow", "cameo"):
            found["stone"] = other_stones(self.stone)
        return found

    def parts(self, pose: str) -> Parts:  # noqa: ARG002  # it only lies
        return rest(getattr(self, f"_{self.kind}")())

    def _gem(self, size: float, round_only: bool = True) -> Parts:
        cut, long = self.cut, size * self.ratio
        if round_only and cut in FACETED:
            cut, long = "round", size
        return (bezel if cut == "cabochon" else clawed)(self.metal, cut, self.stone, size, long)

    def _small(self, size: float) -> Parts:
        return clawed(self.metal, "pearl" if self.accent == "pearl" else "round", self.accent, size)

    def _flower(self) -> Parts:
        outer = ornaments.petals(self.petals, self.size, 16, 0.5)
        inner = (
            ornaments.petals(self.petals, 0.62 * self.size, 26, 0.5)
            .turned("z", 180 / self.petals)
            .moved(z=0.07 * self.size)
        )
        found: Parts = [Part(merge([outer, inner]), self.metal), *moved(self._gem(0.22 * self.size), z=0.2 * self.size)]
        ring = level(circle(0.17 * self.size, 40), 0.17 * self.size)
        cut = "round" if self.accent != "pearl" else "pearl"
        small = brilliant(1.8) if cut == "round" else ball(0.9, 12)
        return [*found, stones(cut, self.accent, copies(small, ring, 2.0))]

    def _spray(self) -> Parts:
        """A bent stem with leaves and stones for berries."""
        t = np.linspace(0, 1, 60)
        stem = level(
            np.stack([0.5 * self.size * (t - 0.5) + 0.14 * self.size * np.sin(2.6 * t), self.size * (t - 0.5)], -1)
        )
        found: Parts = [Part(tube(stem, circle(0.02 * self.size + 0.2, 10), scale=1.25 - 0.7 * t), self.metal)]
        leaves, berries = [], []
        for i in range(self.petals + 2):
            at = int(8 + 48 * i / (self.petals + 1))
            way = 1 if i % 2 else -1
            long = self.size * (0.34 - 0.13 * i / self.petals)
            leaves.append(
                ornaments.leaf(long, 0.4 * long).turned("z", -25 - 42 * way).moved(stem[at, 0], stem[at, 1], 0.4)
            )
            side = stem[at, :2] + np.array([-0.1 * way, 0.05]) * self.size
            berries += moved(self._small(0.075 * self.size + 0.8), x=side[0], y=side[1], z=0.9)
        return [
            *found,
            Part(merge(leaves), self.metal),
            *berries,
            *moved(self._gem(0.13 * self.size), x=stem[-1, 0], y=stem[-1, 1], z=1.0),
        ]

    def _bow(self) -> Parts:
        t = np.linspace(0, 2 * np.pi, 120)
        flat = superellipse(0.13 * self.size, 0.9, 5, 16)
        loop = np.stack(
            [0.3 * self.size * (1 - np.cos(t)) * 0.82, 0.2 * self.size * np.sin(t), 0.06 * self.size * np.sin(t / 2)],
            -1,
        )
        right = tube(loop[3:-3], flat, scale=0.55 + 0.45 * np.sin(t / 2)[3:-3])
        s = np.linspace(0, 1, 40)
        tail = level(np.stack([0.26 * self.size * s + 0.04 * self.size * np.sin(5 * s), -0.42 * self.size * s], -1))
        ribbon = tube(tail, flat, scale=0.6 + 0.5 * s)
        one: Parts = [Part(merge([right.turned("z", 12), ribbon]), self.metal)]
        row = [
            brilliant(1.9).moved(
                0.3 * self.size * (1 - np.cos(a)) * 0.82,
                0.2 * self.size * np.sin(a),
                0.06 * self.size * np.sin(a / 2) + 0.5,
            )
            for a in np.linspace(0.6, 5.7, 20)
        ]
        accent = self.accent if self.accent != "pearl" else "diamond"
        one.append(turned([stones("round", accent, row)], "z", 12)[0])
        return one + mirrored(one) + moved(self._gem(0.2 * self.size), z=0.08 * self.size)

    def _starburst(self) -> Parts:
        rays, gems = [], []
        for i in range(2 * self.petals):
            long = self.size / 2 * (1.0 if i % 2 else 0.68)
            ray = tube(
                np.array([[0, 0.1 * self.size, 0], [0, long, 0]]),
                circle(0.03 * self.size, 8),
                scale=np.array([1.0, 0.25]),
            )
            rays.append(ray.turned("z", 180 * i / self.petals))
            if i % 2:
                gems += turned(
                    moved(self._small(0.07 * self.size + 0.6), y=0.72 * long, z=0.8), "z", 180 * i / self.petals
                )
        centre = self._gem(0.3 * self.size, round_only=True)
        around = halo(self.metal, "diamond", centre[0].mesh, 1.6)
        return [Part(merge(rays), self.metal), *gems, *moved(centre + around, z=1.2)]

    def _cameo(self) -> Parts:
        """A large oval stone in a scrolled frame."""
        wide, long = 0.5 * self.size, 0.66 * self.size
        cut = "oval" if self.cut in FACETED else "cabochon"
        kind = "onyx" if self.stone == "pearl" else self.stone
        centre = bezel(self.metal, cut, kind, wide, long)
        frame = superellipse(1.25 * wide, 1.2 * long, 2, 96)
        rim = tube(level(frame), circle(0.6, 10), closed=True)
        scroll = tube(ornaments.spiral(0.13 * self.size, 1.4, 0.2), circle(0.4, 7))
        outer = copies(scroll.turned("z", 180), level(superellipse(1.28 * wide, 1.24 * long, 2, 96)), 0.15 * self.size)
        beads = ornaments.milgrain(level(superellipse(1.12 * wide, 1.09 * long, 2, 128), 0.2), 0.9)
        return [*moved(centre, z=0.8), Part(merge([rim, *outer, beads]), self.metal)]

    def _wreath(self) -> Parts:
        radius, found = 0.4 * self.size, []
        leaves = []
        count = 2 * self.petals
        for i in range(count):
            for way in (-1, 1):
                one = ornaments.leaf(0.2 * self.size, 0.085 * self.size).turned("z", -90 + 38 * way).moved(y=radius)
                leaves.append(one.turned("z", 360 * i / count))
            found += turned(moved(self._small(1.4 + 0.03 * self.size), y=radius, z=1.0), "z", 360 * (i + 0.5) / count)
        ring = tube(level(circle(radius, 96)), circle(0.6, 10), closed=True)
        return [Part(merge([*leaves, ring]), self.metal), *found]

    def _wing(self, long: float, wide: float) -> Parts:
        """A wing's rim set with stones, from the origin along +x."""
        t = np.linspace(2 * np.pi, 0, 80, endpoint=False)
        rim = np.stack([long / 2 * (1 - np.cos(t)), wide / 2 * np.sin(t) * (0.35 + 0.65 * np.sin(t / 2) ** 2)], -1)
        veins = [tube(level(np.array([[0.0, 0.0], [0.8 * long, y * wide]])), circle(0.3, 6)) for y in (-0.2, 0.0, 0.2)]
        frame = Part(merge([tube(level(rim), circle(0.7, 10), closed=True), *veins]), self.metal)
        accent = self.accent if self.accent != "pearl" else "diamond"
        return [frame, stones("round", accent, copies(brilliant(1.5), level(outlines.inset(rim, 1.3), 0.3), 1.75))]

    def _butterfly(self) -> Parts:
        upper = turned(self._wing(0.55 * self.size, 0.42 * self.size), "z", 38)
        lower = turned(self._wing(0.4 * self.size, 0.32 * self.size), "z", -32)
        inside = moved(turned(self._gem(0.13 * self.size), "z", 0), x=0.26 * self.size, y=0.2 * self.size, z=0.8)
        half = upper + lower + inside
        return half + mirrored(half) + self._body(0.5)

    def _dragonfly(self) -> Parts:
        half = turned(self._wing(0.52 * self.size, 0.15 * self.size), "z", 14) + turned(
            self._wing(0.46 * self.size, 0.14 * self.size), "z", -12
        )
        tail = merge([ball(0.03 * self.size, 12).moved(y=-0.045 * self.size * i) for i in range(2, 12)])
        return (
            half
            + mirrored(half)
            + [Part(tail, self.metal)]
            + self._body(0.24)
            + moved(self._gem(0.14 * self.size), y=0.1 * self.size, z=1.5)
        )

    def _body(self, long: float) -> Parts:
        profile = np.array([[0.1, -0.5], [0.5, -0.3], [0.8, 0.0], [1.0, 0.25], [0.5, 0.45], [0.05, 0.5]])
        body = lathe(profile * (0.045 * self.size, long * self.size), 20).turned("x", -90)
        t = np.linspace(0, 1, 20)
        feelers = [
            tube(
                level(np.stack([w * 0.12 * self.size * t**2, (0.5 * long + 0.16 * t) * self.size], -1)), circle(0.3, 6)
            )
            for w in (-1, 1)
        ]
        return [Part(merge([body, *feelers]), self.metal)]

    def _feather(self) -> Parts:
        t = np.linspace(0, 1, 60)
        spine = level(np.stack([0.12 * self.size * np.sin(2.2 * t), self.size * (t - 0.5)], -1))
        barbs: list[Mesh] = [tube(spine, circle(0.018 * self.size + 0.1, 8), scale=1.3 - t)]
        for i in range(10, 58, 2):
            long = 0.26 * self.size * np.sin(np.pi * (i - 6) / 54) ** 0.7
            for way in (-1, 1):
                barbs.append(ornaments.leaf(long, 0.07 * self.size, 0.05).turned("z", -48 * way).moved(*spine[i]))
        row: Array = spine[14:52:3] + np.array([0, 0, 0.8])
        accent = self.accent if self.accent != "pearl" else "diamond"
        return [Part(merge(barbs), self.metal), stones("round", accent, [brilliant(1.7).moved(*p) for p in row])]

    def _bar(self) -> Parts:
        """An Edwardian bar: stones in a line between milgrain rails."""
        half = self.size / 2
        found: Parts = []
        size = 0.12 * self.size
        for i in range(-3, 4):
            one = self._gem(size * 1.25) if i == 0 else self._small(size * (1 - 0.1 * abs(i)))
            found += moved(one, x=1.12 * size * i * (1.05 if i else 1))
        rails = [
            tube(level(np.array([[-half, y], [half, y]])), circle(0.45, 8))
            for y in (-0.085 * self.size, 0.085 * self.size)
        ]
        ends = [ornaments.filigree(0.1 * self.size, 4, 0.25).moved(x=way * half) for way in (-1, 1)]
        return [*found, Part(merge([*rails, *ends]), self.metal)]

    def _swirl(self) -> Parts:
        t = np.linspace(0, 1, 160)
        radius = self.size * (0.08 + 0.4 * t)
        angle = 2 * np.pi * 1.7 * t
        path = level(np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1))
        body = tube(path, superellipse(0.07 * self.size, 1.4, 4, 16), scale=0.5 + 0.8 * t)
        row = stones(
            "round",
            self.accent if self.accent != "pearl" else "diamond",
            copies(brilliant(2.0), path[40:] + np.array([0, 0, 0.7]), 2.25, closed=False),
        )
        return [Part(body, self.metal), row, *moved(self._gem(0.2 * self.size), z=0.8)]


KINDS = {
    "flower": 2.0, "spray": 1.5, "bow": 1.2, "starburst": 1.3, "cameo": 1.2, "wreath": 1.0, "butterfly": 1.2,
    "dragonfly": 1.0, "feather": 1.0, "bar": 0.9, "swirl": 1.0,
}  # fmt: skip
