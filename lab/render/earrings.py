"""Pairs of earrings, the right one the mirror of the left: studs and drops lying face up, hoops standing or lying."""

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
from lab.render.mesh import Array, Mesh, ball, circle, hammered, merge, superellipse, tube
from lab.render.parts import (
    Part,
    Parts,
    bezel,
    chain,
    clawed,
    halo,
    level,
    mirrored,
    moved,
    rest,
    stones,
    turned,
    upright,
)


@dataclass(frozen=True, kw_only=True)
class Earring(Design):
    """`kind`: stud, halo stud, bezel stud, flower stud, ball stud, knot stud, hoop, huggie, drop, halo drop, long drop,
    chandelier, chain drop or disc drop.

    `size` is the stone's width, a hoop's diameter or a plain stud's width; `section` a hoop's: round, wide, twisted,
    knife, hammered, pave or beaded, `width` wide; `length` how far a drop hangs.
    """

    type: ClassVar[str] = "earring"
    kind: str = "stud"
    stone: str = "diamond"
    cut: str = "round"
    size: float = 6.0
    ratio: float = 1.0
    claws: int = 4
    accent: str = "diamond"
    section: str = "round"
    width: float = 2.0
    length: float = 14.0
    hanging: str = "none"

    @classmethod
    def draw(cls, random: Random) -> Self:
        kind = pick(random, KINDS)
        gem = draw_stone(random, CUT_WEIGHTS)
        section = pick(random, SECTIONS)
        low, high = {"hoop": (16.0, 46.0), "huggie": (10.0, 14.0)}.get(
            kind, (4.5, 9.5) if gem["cut"] != "pearl" else (6.0, 12.0)
        )
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            finish=pick(random, FINISH_WEIGHTS) if kind in ("ball stud", "disc drop") else "polished",
            kind=kind,
            size=between(random, low, high),
            claws=int(random.choice([3, 4, 6])),
            accent=pick(random, {"diamond": 4, "sapphire": 1, "ruby": 1, "emerald": 1}),
            section=section,
            width=between(random, 3.2, 8.5) if section in ("wide", "pave") else between(random, 1.4, 4.5),
            length=between(random, 8.0, 30.0),
            hanging=pick(random, {"none": 3, "pearl": 1, "stone": 1})
            if kind == "hoop" and section != "wide"
            else "none",
            **gem,
        )

    def poses(self) -> tuple[str, ...]:
        return ("standing", "lying") if self.kind in ("hoop", "huggie") and self.hanging == "none" else ("lying",)

    def variants(self) -> Choices:
        found: Choices = {"metal": tuple(METAL_WEIGHTS)}
        if self.kind in ("hoop", "huggie"):
            return found | {"section": tuple(SECTIONS), "width": tuple(self.width * s for s in (0.6, 1.0, 1.5))}
        if "drop" in self.kind:
            found["length"] = tuple(self.length * s for s in (0.6, 1.0, 1.5, 2.0))
        if self.cut in FACETED and self.kind not in ("ball stud", "knot stud", "flower stud", "disc drop"):
            found |= {"cut": FACETED, "stone": other_stones(self.stone)}
            if self.kind == "stud" and self.cut in ("round", "oval"):
                found["claws"] = (3, 4, 6)
        return found

    def parts(self, pose: str) -> Parts:
        if self.kind in ("hoop", "huggie"):
            return self._hoops(pose)
        one = self._stud() if "stud" in self.kind else self._drop()
        low = min(p.mesh.vertices[:, 0].min() for p in one)
        high = max(p.mesh.vertices[:, 0].max() for p in one)
        gap = max(0.5 * (high - low) + 2.0, 0.72 * (high - low))
        left = moved(turned(moved(one, x=-(low + high) / 2), "z", -5), x=-gap)
        return rest(left + mirrored(left))

    def _gem(self, size: float) -> Parts:
        if self.kind == "bezel stud" or self.cut == "cabochon":
            return bezel(self.metal, self.cut, self.stone, size, size * self.ratio)
        return clawed(self.metal, self.cut, self.stone, size, size * self.ratio, self.claws)

    def _stud(self) -> Parts:
        size = self.size
        if self.kind == "ball stud":
            round_one = ball(0.55 * size, 48)
            return [Part(hammered(round_one, 1.5, 0.2) if self.finish == "hammered" else round_one, self.alloy)]
        if self.kind == "knot stud":
            t = np.linspace(0, 2 * np.pi, 240, endpoint=False)
            reach = 2 + np.cos(3 * t)
            knot = np.stack([reach * np.cos(2 * t), reach * np.sin(2 * t), 0.9 * np.sin(3 * t)], -1) * 0.17 * size
            return [Part(tube(knot, circle(0.12 * size + 0.1, 12), closed=True), self.metal)]
        if self.kind == "flower stud":
            centre = "round" if self.cut in FACETED else self.cut
            heart = (
                clawed(self.metal, centre, self.stone, 0.4 * size)
                if centre != "cabochon"
                else bezel(self.metal, centre, self.stone, 0.4 * size)
            )
            return [Part(ornaments.petals(5 + self.claws % 3, 1.7 * size), self.metal), *moved(heart, z=0.17 * size)]
        one = self._gem(size)
        return one + halo(self.metal, self.accent, one[0].mesh, 1.3) if self.kind == "halo stud" else one

    def _drop(self) -> Parts:
        """From the hook at the top, y 0, down."""
        size, long = self.size, self.size * self.ratio
        wire = circle(0.42, 10)
        t = np.linspace(0, np.pi, 24)
        bow = level(np.stack([-2.6 + 2.6 * np.cos(t), 3.0 * np.sin(t)], -1))
        hook = Part(tube(np.concatenate([[[0.0, -3.0, 0.0]], bow, [[-5.4, -6.0, 0.0]]]), wire), self.metal)
        if self.kind == "disc drop":
            disc = outlines.plate(circle(0.9 * size, 64), 0.8)
            disc = hammered(disc, 2.4, 0.2) if self.finish == "hammered" else disc
            body: Parts = [Part(disc.moved(y=-self.length - 0.9 * size), self.alloy)]
        elif self.kind == "chandelier":
            body = self._chandelier()
        else:
            hung = self._gem(size)
            if self.kind == "halo drop":
                hung += halo(self.metal, self.accent, hung[0].mesh, 1.2)
            body = moved(hung, y=-self.length - 0.5 * long - 0.4)
        line = np.linspace([0.0, -3.0, 0.0], [0.0, -self.length, 0.0], 20)
        if self.kind == "chain drop":
            hanger: Parts = [chain(self.metal, line, 2.2)]
        elif self.kind == "long drop":
            beads = [ball(0.8, 12).moved(*line[i]) for i in (0, 10, 19)]
            hanger = [Part(merge([tube(line, circle(0.4, 8)), *beads]), self.metal)]
        elif self.kind == "chandelier":
            hanger = []
        else:
            top = clawed(self.metal, "round", self.accent, 0.42 * size + 0.8)
            hanger = [*moved(top, y=-4.4), Part(tube(line[3:], circle(0.45, 8)), self.metal)]
        return [hook, *hanger, *body]

    def _chandelier(self) -> Parts:
        """A fan of filigree with hanging stones."""
        fan = ornaments.filigree(1.05 * self.size, 6, 0.32).moved(y=-3.6 - 1.05 * self.size)
        found: Parts = [Part(fan, self.metal)]
        centre = moved(clawed(self.metal, "round", self.accent, 0.7 * self.size), y=-3.6 - 1.05 * self.size, z=0.3)
        found += centre
        for i in range(-2, 3):
            angle = np.radians(-90 + 27 * i)
            x, y = 1.05 * self.size * np.cos(angle), -3.6 - 1.05 * self.size + 1.05 * self.size * np.sin(angle)
            drop = 2.0 + (2 - abs(i)) * 0.16 * self.length
            found.append(Part(tube(np.array([[x, y, 0], [x, y - drop, 0]]), circle(0.3, 8)), self.metal))
            cut = self.cut if self.cut in ("pearl", "pear", "round") else "pear"
            stone = "diamond" if self.stone in ("onyx", "turquoise") else self.stone
            small = clawed(self.metal, cut, stone, 0.42 * self.size, 0.6 * self.size)
            found += moved(small, x=x, y=y - drop - 0.3 * self.size)
        return found

    def _hoops(self, pose: str) -> Parts:
        diameter, width = self.size, min(self.width, 0.42 * self.size)
        one: Parts = self._hoop(diameter, width)
        if self.hanging != "none":
            cut, stone = ("pearl", "pearl") if self.hanging == "pearl" else ("round", "diamond")
            hung = (
                clawed(self.metal, cut, stone, 5.5)
                if cut == "pearl"
                else turned(clawed(self.metal, cut, stone, 4.5), "x", 75)
            )
            one += moved(hung, z=-diameter / 2 - 3.2)
        if pose == "lying":
            flat = rest(turned(one, "x", -90))
            left = moved(flat, x=-0.62 * diameter)
            return rest(left + moved(turned(mirrored(flat), "z", 20), x=0.62 * diameter, y=-0.06 * diameter))
        left = moved(turned(one, "z", 55), x=-0.32 * diameter - 0.4 * width)
        return rest(left + moved(mirrored(turned(one, "z", -40)), x=0.34 * diameter + 0.4 * width, y=-0.1 * diameter))

    def _hoop(self, diameter: float, width: float) -> Parts:
        """A hoop with a hinge and the ends of its post at the top."""
        radius = diameter / 2
        hinge = ball(0.3 * width + 0.5, 16).moved(z=radius)
        post = tube(np.array([[-0.24, 0, 0.99], [-0.1, 0, 1.08], [0.2, 0, 1.06]]) * radius, circle(0.42, 8))
        return [*self._ring(radius, width), Part(merge([hinge, post]), self.metal)]

    def _ring(self, radius: float, width: float) -> Parts:
        diameter = 2 * radius
        fine = max(0.7, 0.42 * width)
        if self.section == "wide":
            return [Part(tube(upright(radius, 120), superellipse(width, 1.1, 5), closed=True), self.metal)]
        if self.section == "knife":
            return [
                Part(
                    tube(
                        upright(radius, 120), np.array([(0.5, 0), (0, 0.42), (-0.5, 0), (0, -0.3)]) * width, closed=True
                    ),
                    self.metal,
                )
            ]
        if self.section == "twisted":
            side = superellipse(0.8 * width, 0.8 * width, 5)
            return [Part(tube(upright(radius, 480), side, closed=True, turns=round(diameter / width)), self.metal)]
        if self.section == "beaded":
            return [Part(_standing_row(ball(0.42 * width, 16), radius, 0.86 * width), self.metal)]
        if self.section == "hammered":
            body = tube(upright(radius, 360), superellipse(width, 0.6 * width, 2.4, 32), closed=True)
            return [Part(hammered(body, 1.4, 0.16), f"{self.metal}/hammered")]
        if self.section == "pave":
            size = min(0.5 * width, 2.2)
            body = tube(upright(radius, 120), superellipse(1.5 * size, 1.4, 5), closed=True)
            count = int(2 * np.pi * (radius + 0.7) / (1.08 * size))
            row = [brilliant(size).moved(z=radius + 0.72).turned("y", 360 * i / count) for i in range(count)]
            return [Part(body, self.metal), stones("round", self.accent, row)]
        return [Part(tube(upright(radius, 120), circle(fine, 24), closed=True), self.metal)]


def _standing_row(one: Mesh, radius: float, step: float) -> Mesh:
    path: Array = upright(radius, round(2 * np.pi * radius / step))
    return merge([one.moved(*point) for point in path])


KINDS = {
    "stud": 2.0, "halo stud": 1.5, "bezel stud": 1.0, "flower stud": 1.2, "ball stud": 0.6, "knot stud": 0.8,
    "hoop": 4.0, "huggie": 1.2, "drop": 1.5, "halo drop": 1.2, "long drop": 1.2, "chandelier": 1.2, "chain drop": 1.0,
    "disc drop": 0.9,
}  # fmt: skip
SECTIONS = {"round": 2, "wide": 1.2, "twisted": 1.2, "knife": 0.8, "hammered": 1, "pave": 1, "beaded": 1}
