"""Whole necklaces laid in a loop, open at the back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from lab.render import gems, ornaments
from lab.render.design import (
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
from lab.render.mesh import Array, ball, circle, lathe, merge, prism, superellipse, tube
from lab.render.parts import (
    CHAINS,
    Part,
    Parts,
    bezel,
    chain,
    clawed,
    copies,
    halo,
    moved,
    rest,
    spaced,
    stones,
    turned,
)


@dataclass(frozen=True, kw_only=True)
class Necklace(Design):
    """`kind`: chain, pearls, graduated pearls, beads, riviere, station, plates, torque, bib, y-drop, pendant halo
    or charm.

    `size` is a link's, a bead's or a stone's width; `rows` strands; `width` and `depth` span the loop.
    """

    type: ClassVar[str] = "necklace"
    kind: str = "chain"
    links: str = "cable"
    stone: str = "pearl"
    cut: str = "pearl"
    ratio: float = 1.0
    size: float = 8.0
    rows: int = 1
    accent: str = "diamond"
    width: float = 86.0
    depth: float = 104.0

    @classmethod
    def draw(cls, random: Random) -> Self:
        kind = pick(random, KINDS)
        gem = draw_stone(random, {"round": 3, "oval": 2, "pear": 2, "emerald": 1, "princess": 1, "marquise": 1})
        if kind in ("pearls", "graduated pearls"):
            gem = {"stone": "pearl", "cut": "pearl", "ratio": 1.0}
        if kind == "beads":
            gem = {
                "stone": pick(random, {"turquoise": 1, "onyx": 1, "amethyst": 1, "topaz": 0.7}),
                "cut": "cabochon",
                "ratio": 1.0,
            }
        low, high = SIZES[kind]
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            kind=kind,
            links=pick(random, dict.fromkeys(CHAINS, 1.0)),
            size=between(random, low, high),
            rows=int(random.choice([1, 1, 2, 3])) if kind in ("pearls", "chain", "beads") else 1,
            accent=pick(random, {"diamond": 3, "pearl": 1, "sapphire": 1, "ruby": 1}),
            width=between(random, 72.0, 98.0),
            depth=between(random, 84.0, 122.0),
            **gem,
        )

    def variants(self) -> Choices:
        found: Choices = (
            {"metal": tuple(METAL_WEIGHTS)} if self.kind not in ("pearls", "graduated pearls", "beads") else {}
        )
        if self.kind in ("chain", "station", "y-drop", "charm"):
            found["links"] = CHAINS
        if self.kind in ("pearls", "graduated pearls", "beads", "chain"):
            found["size"] = tuple(self.size * s for s in (0.6, 0.8, 1.0, 1.25))
        if self.cut in FACETED and self.kind in ("riviere", "station", "bib", "y-drop"):
            found["stone"] = other_stones(self.stone)
        return found

    def parts(self, pose: str) -> Parts:  # noqa: ARG002  # it only lies
        return rest(getattr(self, "_" + self.kind.replace(" ", "_").replace("-", "_"))())

    def _collar(self, inside: float = 0.0) -> Array:
        angle = np.radians(np.linspace(128, 412, 300))
        width, depth = self.width - 2 * inside, self.depth - 2 * inside
        return np.stack([width / 2 * np.cos(angle), depth / 2 * np.sin(angle), 0 * angle], -1)

    def _chain(self) -> Parts:
        step = 1.35 * self.size
        return [chain(self.metal, self._collar(i * step), self.size, self.links) for i in range(self.rows)]

    def _pearls(self) -> Parts:
        rows = [
            copies(ball(self.size / 2, 24), self._collar(i * 1.3 * self.size), 1.03 * self.size, closed=False)
            for i in range(self.rows)
        ]
        clasp = [ball(0.4 * self.size, 16).moved(*self._collar()[i]) for i in (0, -1)]
        return [stones("pearl", self.stone, [p for row in rows for p in row]), Part(merge(clasp), self.metal)]

    def _graduated_pearls(self) -> Parts:
        path = self._collar()
        beads, at = [], 0.0
        line = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        while at < line[-1]:
            share = abs(2 * at / line[-1] - 1)
            size = self.size * (1 - 0.55 * share)
            x, y = np.interp(at, line, path[:, 0]), np.interp(at, line, path[:, 1])
            beads.append(ball(size / 2, 24).moved(float(x), float(y)))
            at += size * 0.99
        return [stones("pearl", self.stone, beads)]

    def _beads(self) -> Parts:
        rows = [
            copies(ball(self.size / 2, 24), self._collar(i * 1.3 * self.size), 1.25 * self.size, closed=False)
            for i in range(self.rows)
        ]
        spacer = lathe(np.array([[0.12, -0.12], [0.3, 0.0], [0.12, 0.12]]) * self.size, 16).turned("y", 90)
        between_beads = [
            m
            for i in range(self.rows)
            for m in copies(spacer, self._collar(i * 1.3 * self.size), 0.625 * self.size, closed=False)[1::2]
        ]
        return [
            stones("cabochon", self.stone, [p for row in rows for p in row]),
            Part(merge(between_beads), self.metal),
        ]

    def _riviere(self) -> Parts:
        set_stones, settings = [], []
        cut = self.cut if self.cut in ("round", "oval", "emerald", "princess") else "round"
        cut = "cabochon" if self.stone in ("onyx", "turquoise") else "pearl" if self.stone == "pearl" else cut
        points, aheads = spaced(self._collar(), 1.12 * self.size, closed=False)
        for (x, y, _), ahead in zip(points, aheads, strict=True):
            size = self.size * (0.72 + 0.28 * (0.5 - y / self.depth))
            setting = bezel if cut == "cabochon" else clawed
            one = setting(self.metal, cut, self.stone, size, size * (1.2 if cut in ("oval", "emerald") else 1.0))
            one = moved(turned(one, "z", float(np.degrees(np.arctan2(ahead[1], ahead[0])))), x=x, y=y)
            set_stones.append(one[0].mesh)
            settings.append(one[1].mesh)
        return [stones(cut, self.stone, set_stones), Part(merge(settings), self.metal)]

    def _station(self) -> Parts:
        """Set stones on a fine chain, every few centimetres."""
        path = self._collar()
        found: Parts = [chain(self.metal, path, 2.4, self.links)]
        gem = "round" if self.cut in FACETED else self.cut
        for i in range(20, 300, 29):
            found += moved(bezel(self.metal, gem, self.stone, self.size), x=path[i, 0], y=path[i, 1], z=0.6)
        return found

    def _plates(self) -> Parts:
        """Overlapping plates side by side."""
        plate = prism(superellipse(0.95 * self.size, 1.9 * self.size, 3, 32), 1.1, 0.35)
        return [
            Part(merge(copies(plate, self._collar(), 0.9 * self.size, closed=False, rolls=(6.0, -6.0))), self.metal)
        ]

    def _torque(self) -> Parts:
        """A stiff ring, open at the back, that thickens towards the front."""
        path = self._collar()
        scale = 0.55 + 0.45 * np.sin(np.linspace(0, np.pi, len(path)))
        body = Part(tube(path, superellipse(0.6 * self.size, 0.5 * self.size, 2.4, 32), scale=scale), self.metal)
        ends = [ball(0.34 * self.size, 20).moved(*path[i]) for i in (0, -1)]
        return [body, Part(merge(ends), self.metal)]

    def _bib(self) -> Parts:
        """A chain with a fringe of set stones, longest at the front."""
        path = self._collar()
        found: Parts = [chain(self.metal, path, 3.0, self.links)]
        cut = "pear" if self.cut in FACETED else self.cut
        for i in range(66, 236, 14):
            x, y, _ = path[i]
            share = 1 - abs(i - 150) / 90
            size = 0.45 * self.size + 0.35 * self.size * share
            out = np.array([2 * x / self.width**2, 2 * y / self.depth**2])
            out = out / np.linalg.norm(out)
            setting = bezel if cut == "cabochon" else clawed
            one = setting(self.metal, cut, self.stone, size, size * (1.5 if cut == "pear" else 1.0))
            turn = float(np.degrees(np.arctan2(-out[0], out[1]))) + 180
            away = 2.2 + 0.8 * size + 4 * share
            found += moved(turned(one, "z", turn), x=x + out[0] * away, y=y + out[1] * away)
            wire = np.array([[x, y, 0], [x + out[0] * away * 0.6, y + out[1] * away * 0.6, 0]])
            found.append(Part(tube(wire, circle(0.35, 8)), self.metal))
        return found

    def _y_drop(self) -> Parts:
        path = self._collar()
        low = -self.depth / 2
        tail = np.linspace([0, low - 1, 0], [0, low - 26, 0], 20)
        found: Parts = [chain(self.metal, path, 2.6, self.links), chain(self.metal, tail, 2.6, self.links)]
        cut = self.cut if self.cut not in ("princess",) else "round"
        setting = bezel if cut == "cabochon" else clawed
        one = setting(self.metal, cut, self.stone, self.size, self.size * self.ratio)
        upper = bezel(self.metal, "round", "diamond", 0.5 * self.size)
        return found + moved(one, y=low - 27 - 0.5 * self.size * self.ratio, z=0.5) + moved(upper, y=low, z=0.5)

    def _pendant_halo(self) -> Parts:
        path = self._collar()
        found: Parts = [chain(self.metal, path, 2.6, self.links)]
        setting = bezel if self.cut == "cabochon" else clawed
        one = setting(self.metal, self.cut, self.stone, 1.3 * self.size, 1.3 * self.size * self.ratio)
        one += halo(self.metal, "diamond", one[0].mesh, 1.6)
        return found + moved(one, y=-self.depth / 2 - 0.65 * self.size * self.ratio - 3, z=0.6)

    def _charm(self) -> Parts:
        """Flowers and beads hanging from a chain."""
        path = self._collar()
        found: Parts = [chain(self.metal, path, 3.2, self.links)]
        for i in range(66, 246, 28):
            x, y, _ = path[i]
            out = np.array([x / self.width, y / self.depth])
            out = 4.2 * out / np.linalg.norm(out)
            if (i // 28) % 2:
                found += moved([Part(ornaments.petals(5, 1.2 * self.size), self.metal)], x=x + out[0], y=y + out[1])
            else:
                found += [
                    stones("pearl", "pearl", [gems.CUTS["pearl"](0.8 * self.size, 0).moved(x + out[0], y + out[1])])
                ]
        return found


KINDS = {
    "chain": 3.0, "pearls": 2.0, "graduated pearls": 1.2, "beads": 1.5, "riviere": 1.6, "station": 1.2, "plates": 1.0,
    "torque": 0.8, "bib": 1.4, "y-drop": 1.1, "pendant halo": 1.2, "charm": 1.0,
}  # fmt: skip
SIZES = {
    "chain": (3.5, 14.0), "pearls": (5.0, 11.0), "graduated pearls": (8.0, 13.0), "beads": (5.0, 11.0),
    "riviere": (4.0, 8.0), "station": (4.0, 7.0), "plates": (5.0, 11.0), "torque": (6.0, 13.0), "bib": (7.0, 13.0),
    "y-drop": (6.0, 11.0),
    "pendant halo": (7.0, 12.0), "charm": (7.0, 10.0),
}  # fmt: skip
