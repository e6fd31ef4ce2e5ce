"""Bracelets, lying on the table or standing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from lab.render import ornaments, outlines
from lab.render.design import (
    FACETED,
    FINE_STONES,
    FINISH_WEIGHTS,
    METAL_WEIGHTS,
    Choices,
    Design,
    Random,
    between,
    draw_stone,
    other_stones,
    pick,
)
from lab.render.mesh import Array, ball, circle, hammered, lathe, merge, prism, superellipse, tube
from lab.render.parts import Part, Parts, bezel, chain, clawed, copies, ellipse, level, moved, repeated, rest, stones

WRIST = (60.0, 52.0)
"""Width and length of a closed bracelet in mm: a woman's medium bangle is 60 mm wide."""
LOOP = ellipse(*WRIST, points=360)


@dataclass(frozen=True, kw_only=True)
class Bracelet(Design):
    """`kind`: bangle, twisted bangle, engraved bangle, set bangle, cuff, tennis, chain, charm, beads, pearl rows,
    plates or filigree cuff; `size` the stone's, bead's or link's width, `width` the bangle's.
    """

    type: ClassVar[str] = "bracelet"
    kind: str = "bangle"
    stone: str = "diamond"
    cut: str = "round"
    ratio: float = 1.0
    size: float = 4.5
    width: float = 8.0
    links: str = "curb"
    engraving: str = "none"

    @classmethod
    def draw(cls, random: Random) -> Self:
        kind = pick(random, KINDS)
        gem = draw_stone(random, {"round": 3, "oval": 1, "princess": 1.5, "emerald": 1.5})
        if kind == "tennis" and gem["cut"] not in FACETED:
            gem = {"stone": "diamond", "cut": "round", "ratio": 1.0}
        if kind == "beads":
            gem = {"stone": pick(random, {"turquoise": 1, "onyx": 1, "amethyst": 0.7}), "cut": "cabochon", "ratio": 1.0}
        if kind == "pearl rows":
            gem = {"stone": "pearl", "cut": "pearl", "ratio": 1.0}
        low, high = {"tennis": (3.0, 6.5), "beads": (5.0, 11.0), "chain": (5.0, 15.0), "pearl rows": (5.0, 9.0)}.get(
            kind, (4.5, 9.0)
        )
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            finish=pick(random, FINISH_WEIGHTS) if kind in ("bangle", "cuff") else "polished",
            kind=kind,
            size=between(random, low, high),
            width=between(random, 12.0, 34.0) if "cuff" in kind else between(random, 3.0, 14.0),
            links=pick(random, {"cable": 1, "curb": 2, "figaro": 1, "paperclip": 1, "rope": 1, "box": 0.6}),
            engraving=pick(random, {"lines": 1, "waves": 1, "hatch": 1, "chevrons": 1})
            if kind == "engraved bangle"
            else "none",
            **gem,
        )

    def variants(self) -> Choices:
        found: Choices = {"metal": tuple(METAL_WEIGHTS)} if self.kind not in ("beads", "pearl rows") else {}
        if self.kind in ("bangle", "cuff", "twisted bangle"):
            found["width"] = tuple(self.width * s for s in (0.6, 0.8, 1.0, 1.3))
        if self.kind == "engraved bangle":
            found["engraving"] = ornaments.ENGRAVINGS[1:]
        if self.kind == "tennis":
            found |= {"stone": other_stones(self.stone), "cut": ("round", "princess", "emerald", "oval")}
        if self.kind in ("chain", "charm"):
            found["links"] = ("cable", "curb", "figaro", "paperclip", "rope", "box")
        if self.kind in ("tennis", "beads", "pearl rows"):
            found["size"] = tuple(self.size * s for s in (0.7, 1.0, 1.35))
        return found

    def parts(self, pose: str) -> Parts:  # noqa: ARG002  # it only lies
        return rest(getattr(self, "_" + self.kind.replace(" ", "_"))())

    def _bangle(self) -> Parts:
        """Standing bands: the section's long side is up."""
        section = superellipse(self.width, 2.4, 3.0, 40)
        mesh = tube(LOOP, section, closed=True)
        return [Part(hammered(mesh, 3.0, 0.35) if self.finish == "hammered" else mesh, self.alloy)]

    def _twisted_bangle(self) -> Parts:
        side = 0.55 * self.width + 1.6
        turns = round(150 / side / 2.4)
        return [
            Part(tube(ellipse(*WRIST, points=720), superellipse(side, side, 6), closed=True, turns=turns), self.metal)
        ]

    def _engraved_bangle(self) -> Parts:
        band = ornaments.engraved_band(self.engraving, 31.0, self.width, 0.0)
        body = tube(level(circle(30.0, 240)), superellipse(self.width, 2.0, 7), closed=True)
        return [Part(body, self.metal), band._replace(mesh=band.mesh.turned("x", 90))]

    def _set_bangle(self) -> Parts:
        """A round bangle with set stones along its front."""
        body = Part(tube(LOOP, superellipse(2.6, 3.4, 2.6, 24), closed=True), self.metal)
        found: Parts = [body]
        count, step = 5, np.degrees(1.16 * self.size / 27)
        for i in range(count):
            angle = np.radians(-90 + step * (i - (count - 1) / 2))
            x, y = 0.5 * WRIST[0] * np.cos(angle), 0.5 * WRIST[1] * np.sin(angle)
            setting = bezel if self.cut == "cabochon" else clawed
            found += moved(
                setting(self.metal, self.cut, self.stone, self.size, self.size * self.ratio),
                x=x,
                y=y,
                z=1.4 + 0.45 * self.size,
            )
        return found

    def _arc(self) -> Array:
        angle = np.radians(np.linspace(-62, 242, 240))
        return np.stack([WRIST[0] / 2 * np.cos(angle), WRIST[1] / 2 * np.sin(angle), 0 * angle], -1)

    def _cuff(self) -> Parts:
        mesh = tube(self._arc(), superellipse(self.width, 1.8, 5, 96))
        return [Part(hammered(mesh, 3.4, 0.4) if self.finish == "hammered" else mesh, self.alloy)]

    def _filigree_cuff(self) -> Parts:
        """Openwork: two rims, and scrolls between them."""
        arc, half = self._arc(), 0.36 * self.width
        rims = [tube(arc + np.array([0, 0, z]), circle(0.9, 12)) for z in (-half, half)]
        scroll = tube(ornaments.spiral(1.25 * half, tail=0.3), circle(0.42, 8))
        upright = scroll.turned("x", 90)
        marks = copies(upright.moved(z=-0.6 * half), arc, 1.15 * half, closed=False)
        flipped = copies(upright.turned("y", 180).moved(z=0.6 * half), arc, 1.15 * half, closed=False)
        return [Part(merge([*rims, *marks, *flipped]), self.metal)]

    def _tennis(self) -> Parts:
        size = self.size
        long = size * self.ratio if self.cut in ("emerald", "oval") else size
        one = clawed(self.metal, self.cut, self.stone, size, long)
        gem, seat = (part.mesh.turned("z", 90) for part in one)
        base = prism(superellipse(long * 0.8, size * 0.7, 5, 16), 0.3 * size, 0.1).moved(z=-0.62 * size)
        step = 1.1 * long + 0.25
        return [
            stones(self.cut, self.stone, copies(gem, LOOP, step)),
            Part(merge([repeated(seat, LOOP, step), repeated(base, LOOP, step)]), self.metal),
        ]

    def _chain(self) -> Parts:
        return [chain(self.metal, np.concatenate([LOOP, LOOP[:1]]), self.size, self.links)]

    def _charm(self) -> Parts:
        """A chain with a heart, a star, a disc, a pearl and a stone hanging outside of it."""
        found = [chain(self.metal, np.concatenate([LOOP, LOOP[:1]]), 0.6 * self.size, self.links)]
        size = 1.1 * self.size + 2
        hung: list[Parts] = [
            [Part(outlines.plate(outlines.heart(size), 1.0), self.metal)],
            [stones("pearl", "pearl", [ball(0.4 * size, 24)])],
            [Part(prism(outlines.star(size), 1.2, 0.2), self.metal)],
            clawed(self.metal, "round", self.stone if self.stone in FINE_STONES else "sapphire", 0.7 * size),
            [Part(prism(circle(0.45 * size, 40), 1.0, 0.2), self.metal)],
        ]
        for i, charm in enumerate(hung):
            angle = np.radians(-150 + 30 * i)
            x, y = (WRIST[0] / 2 + 0.75 * size) * np.cos(angle), (WRIST[1] / 2 + 0.75 * size) * np.sin(angle)
            found += moved(charm, x=x, y=y)
        return found

    def _beads(self) -> Parts:
        around = np.linalg.norm(np.diff(LOOP, axis=0, append=LOOP[:1]), axis=1).sum()
        step = around / (7 * round(around / self.size / 7))
        girdle = lathe(np.array([[0.45, -0.2], [0.56, 0.0], [0.45, 0.2]]) * step, 24).turned("y", 90)
        beads = copies(ball(step / 2, 24), LOOP, step)
        return [stones("cabochon", self.stone, beads), Part(repeated(girdle, LOOP, step * 7), self.metal)]

    def _pearl_rows(self) -> Parts:
        rows = [copies(ball(self.size / 2, 24), _wider(i * 1.02 * self.size), 1.02 * self.size) for i in (-0.5, 0.5)]
        clasp = (
            prism(superellipse(2.4 * self.size, 1.0 * self.size, 5, 32), 2.0, 0.5)
            .turned("z", 90)
            .moved(y=WRIST[1] / 2, z=-1.0)
        )
        return [stones("pearl", self.stone, [p for row in rows for p in row]), Part(clasp, self.metal)]

    def _plates(self) -> Parts:
        """Oblong plates joined by small rings, every other set with a stone."""
        step = 2.2 * self.size
        plate = prism(superellipse(1.85 * self.size, 1.3 * self.size, 4, 40), 1.4, 0.4)
        joint = tube(level(circle(0.26 * self.size, 20)), circle(0.09 * self.size, 8), closed=True).moved(
            x=0.5 * step, z=0.6
        )
        found: Parts = [Part(merge([repeated(plate, LOOP, step), repeated(joint, LOOP, step)]), self.metal)]
        cut = "round" if self.cut in FACETED else self.cut
        one = bezel(self.metal, cut, self.stone, 0.7 * self.size)
        found.append(stones(cut, self.stone, copies(one[0].mesh.moved(z=1.4 + 0.2 * self.size), LOOP, step)[::2]))
        found.append(Part(merge(copies(one[1].mesh.moved(z=1.4 + 0.2 * self.size), LOOP, step)[::2]), self.metal))
        return found


def _wider(by: float) -> Array:
    return ellipse(WRIST[0] + 2 * by, WRIST[1] + 2 * by, points=360)


KINDS = {
    "bangle": 1.6, "twisted bangle": 1.1, "engraved bangle": 1.1, "set bangle": 1.2, "cuff": 1.3, "filigree cuff": 0.9,
    "tennis": 2.2, "chain": 2.2, "charm": 1.3, "beads": 1.4, "pearl rows": 0.9, "plates": 1.1,
}  # fmt: skip
