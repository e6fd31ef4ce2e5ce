"""Pendants lying face up, alone or on a chain that leaves the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from lab.render import ornaments, outlines
from lab.render.design import (
    CUT_WEIGHTS,
    FACETED,
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
from lab.render.gems import brilliant
from lab.render.mesh import Array, circle, hammered, merge, prism, superellipse, tube
from lab.render.parts import (
    CHAINS,
    Part,
    Parts,
    bezel,
    chain,
    clawed,
    copies,
    ellipse,
    halo,
    level,
    moved,
    rest,
    stones,
    turned,
)


@dataclass(frozen=True, kw_only=True)
class Pendant(Design):
    """`kind`: solitaire, halo, bezel, line, cluster, heart, cross, star, moon, disc, bar, tag, open circle, filigree,
    tree, key, drop or locket; `size` the stone's width or the plate's; `links` the chain's kind.
    """

    type: ClassVar[str] = "pendant"
    kind: str = "solitaire"
    stone: str = "sapphire"
    cut: str = "oval"
    size: float = 8.0
    ratio: float = 1.3
    claws: int = 4
    accent: str = "diamond"
    inlay: str = "none"
    engraving: str = "none"
    links: str = "cable"

    @classmethod
    def draw(cls, random: Random) -> Self:
        kind = pick(random, KINDS)
        gem = draw_stone(random, CUT_WEIGHTS)
        if kind in ("line", "cluster") and gem["cut"] in FACETED:
            gem = gem | {"cut": "round", "ratio": 1.0}
        plate = kind in PLATES
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            finish=pick(random, FINISH_WEIGHTS) if kind in ("disc", "tag", "bar", "moon") else "polished",
            kind=kind,
            size=between(random, 14.0, 26.0) if plate else between(random, 6.0, 13.0),
            claws=int(random.choice([4, 6])),
            accent=pick(random, {"diamond": 4, "sapphire": 1, "ruby": 1, "emerald": 1}),
            inlay=pick(random, {"none": 1.2, "stone": 1, "pave": 1}) if plate else "none",
            engraving=pick(random, {"none": 1, "lines": 1, "waves": 1, "hatch": 1, "chevrons": 1})
            if kind in ("disc", "locket")
            else "none",
            links=pick(random, dict.fromkeys(CHAINS, 1.0)),
            **gem,
        )

    def poses(self) -> tuple[str, ...]:
        return ("lone", "on chain")

    def variants(self) -> Choices:
        found: Choices = {"metal": tuple(METAL_WEIGHTS)}
        if self.kind in ("disc", "locket"):
            found["engraving"] = ornaments.ENGRAVINGS
        if self.kind in PLATES:
            return found | {"inlay": ("none", "stone", "pave")} if self.kind in INLAID else found
        if self.cut in FACETED and self.kind in ("solitaire", "halo", "bezel"):
            found |= {"cut": FACETED, "stone": other_stones(self.stone)}
        return found

    def parts(self, pose: str) -> Parts:
        hung, top = self._hung()
        bail = tube(ellipse(2.4, 3.8, 32), superellipse(0.5, 1.0, 3, 12), closed=True).turned("y", 90)
        ring = tube(level(circle(0.9, 24)), circle(0.25, 8), closed=True)
        parts = [*hung, Part(merge([bail.moved(y=top + 2.6, z=0.3), ring.moved(y=top + 0.6)]), self.metal)]
        if pose == "on chain":
            along = np.linspace(0, 1, 60)
            for way in (-1.0, 1.0):
                near = np.stack(
                    [way * (5 * along + 6 * along**2), top + 3.4 + 6 * along + 4 * along**2, 0.3 + 0 * along], -1
                )
                far = np.stack([way * (11 + 51 * along), top + 13.4 + 42 * along, 0.3 + 0 * along], -1)
                parts += [
                    chain(self.metal, near, 2.2, self.links),
                    chain(self.metal, far, 2.2, self.links, framed=False),
                ]
        return rest(parts)

    def _hung(self) -> tuple[Parts, float]:
        """The pendant and where its upper edge lies."""
        size, long = self.size, self.size * self.ratio
        if self.kind in PLATES:
            return self._plate()
        if self.kind == "line":
            return self._line()
        set_in = bezel if self.kind == "bezel" or self.cut == "cabochon" else clawed
        one = bezel(self.metal, self.cut, self.stone, size, long)
        if set_in is clawed:
            one = clawed(self.metal, self.cut, self.stone, size, long, self.claws)
        if self.kind == "halo":
            return one + halo(self.metal, self.accent, one[0].mesh, 1.5), long / 2 + 2.0
        if self.kind == "cluster":
            petal = moved(turned(clawed(self.metal, "round", self.accent, 0.45 * size), "x", -10), y=0.8 * size, z=-0.3)
            return one + [part for i in range(9) for part in turned(petal, "z", 40 * i)], 1.05 * size
        if self.kind == "drop":
            upper = moved(clawed(self.metal, "round", self.accent, 0.42 * size), y=long / 2 + 0.5 * size)
            wire = tube(np.array([[0, long / 2, -0.3], [0, long / 2 + 0.5 * size, -0.3]]), circle(0.4, 8))
            return [*one, *upper, Part(wire, self.metal)], long / 2 + 0.75 * size
        return one, long / 2 + 0.5

    def _line(self) -> tuple[Parts, float]:
        hung: Parts = []
        y = 0.0
        cut = self.cut if self.cut in ("pearl", "cabochon") else "round"
        for i in range(3):
            width = 0.8 * self.size * (1 - 0.2 * i)
            hung += moved(bezel(self.metal, cut, self.stone, width), y=y, z=0.34 * width)
            y += 0.9 * width + 1.2
        return hung, y - 1.0

    def _plate(self) -> tuple[Parts, float]:
        size = self.size
        if self.kind == "filigree":
            plate = [Part(ornaments.filigree(size / 2, 8, 0.35), self.metal)]
            heart = "round" if self.cut in FACETED else self.cut
            setting = bezel if heart == "cabochon" else clawed
            return plate + moved(setting(self.metal, heart, self.stone, 0.34 * size), z=0.6), size / 2 + 0.3
        if self.kind == "tree":
            return [Part(outlines.tree(size), self.metal)], size / 2 + 0.5
        if self.kind == "key":
            return [
                Part(outlines.key(size), self.metal),
                *moved(clawed(self.metal, "round", self.accent, 0.2 * size), y=0.42 * size, z=0.4),
            ], 0.72 * size
        if self.kind == "open circle":
            return self._open_circle()
        if self.kind == "locket":
            body = prism(superellipse(0.78 * size, size, 2, 64), 3.0, 1.4)
            parts: Parts = [
                Part(body, self.alloy),
                Part(
                    tube(level(superellipse(0.8 * size, 1.02 * size, 2, 96), 1.4), circle(0.35, 8), closed=True),
                    self.metal,
                ),
            ]
            if self.engraving != "none":
                parts.append(ornaments.engraved_plate(self.engraving, 0.66 * size, 3.0))
            return parts, size / 2
        shape = outlines.SHAPES[self.kind](size)
        thick = 1.3
        body = prism(shape, thick, 0.35) if self.engraving != "none" else outlines.plate(shape, thick)
        if self.finish == "hammered" and self.engraving == "none":
            body = hammered(body, 1.6, 0.16)
        parts = [Part(body, self.alloy)]
        if self.engraving != "none":
            parts.append(ornaments.engraved_plate(self.engraving, size, thick))
        if self.kind in INLAID:
            parts += self._inlay(shape, thick)
        return parts, float(shape[:, 1].max()) if self.kind != "heart" else 0.28 * size

    def _open_circle(self) -> tuple[Parts, float]:
        path = level(circle(self.size / 2, 96))
        if self.inlay != "pave":
            return [Part(tube(path, superellipse(1.8, 1.4, 3, 20), closed=True), self.metal)], self.size / 2 + 0.7
        row = copies(brilliant(1.6), level(circle(self.size / 2, 96), 0.5), 1.75)
        body = Part(tube(path, superellipse(1.2, 2.2, 4, 20), closed=True), self.metal)
        return [body, stones("round", self.accent, row)], self.size / 2 + 0.9

    def _inlay(self, shape: Array, thick: float) -> Parts:
        if self.inlay == "stone":
            size = 0.2 * self.size
            lift = thick + 0.12 * size + float(outlines.puffed(shape, 0.09 * self.size))
            set_stone = bezel(self.metal, "round", self.accent, size)
            return moved(set_stone, y=outlines.middle(self.kind, self.size), z=lift)
        if self.inlay != "pave":
            return []
        inner = outlines.inset(shape, 1.1)
        row = copies(brilliant(1.3), level(inner, thick + 0.1 + float(outlines.puffed(shape, 1.1))), 1.5)
        return [stones("round", self.accent, row)]


INLAID = ("heart", "cross", "star", "moon", "disc", "bar", "tag", "open circle")
PLATES = (*INLAID, "filigree", "tree", "key", "locket")
KINDS = {
    "solitaire": 2.0, "halo": 1.6, "bezel": 1.2, "line": 1.0, "cluster": 1.0, "drop": 1.2, "heart": 1.2, "cross": 1.2,
    "star": 0.9, "moon": 0.8, "disc": 1.2, "bar": 0.9, "tag": 0.7, "open circle": 0.9, "filigree": 1.1, "tree": 0.8,
    "key": 0.7, "locket": 0.9,
}  # fmt: skip
