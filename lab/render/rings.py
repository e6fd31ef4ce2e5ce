"""Rings of 17 mm inner diameter (EU size 53, ISO 8653), head up when they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from lab.render import bands, ornaments
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
from lab.render.mesh import circle, merge, prism, superellipse, tube
from lab.render.parts import Part, Parts, bezel, clawed, halo, moved, rest, stone, stones, turned, upright

PLAIN_HEADS = ("none", "signet", "flower")


@dataclass(frozen=True, kw_only=True)
class Ring(Design):
    """`size` is the centre stone's width, `ratio` its length to width; `band` is a key of `bands.BANDS`.

    `head`: none, solitaire, halo, double halo, bezel, three-stone, five-stone, cluster, flower, signet, two-stone,
    split-shoulder (small stones beside the centre) or eternity (stones all round, the band its rails).
    """

    type: ClassVar[str] = "ring"
    head: str = "solitaire"
    band: str = "domed"
    width: float = 2.2
    thickness: float = 1.7
    stone: str = "diamond"
    cut: str = "round"
    size: float = 6.0
    ratio: float = 1.0
    claws: int = 4
    accent: str = "diamond"
    engraving: str = "none"
    outline: str = "oval"

    @classmethod
    def draw(cls, random: Random) -> Self:
        head = pick(random, HEADS)
        wide = head in ("none", "signet")
        gem = draw_stone(random, CUT_WEIGHTS)
        small = head in ("three-stone", "cluster", "five-stone", "two-stone", "double halo")
        if head in ("cluster", "eternity", "five-stone", "flower"):
            gem = gem | {
                "cut": "pearl" if gem["stone"] == "pearl" else "cabochon" if gem["cut"] == "cabochon" else "round",
                "ratio": 1.0,
            }
        if head == "eternity":
            gem = gem | {"stone": pick(random, {"diamond": 3, "ruby": 1, "sapphire": 1, "emerald": 1}), "cut": "round"}
        band = pick(random, bands.BANDS if not wide else bands.WIDE) if head not in ("eternity", "signet") else "flat"
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            finish=pick(random, FINISH_WEIGHTS) if wide and band in ("domed", "flat") else "polished",
            head=head,
            band=band,
            width=between(random, 3.5, 9.0) if wide else between(random, 1.6, 3.8),
            thickness=between(random, 1.5, 2.2),
            size=between(random, 1.8, 3.6) if head == "eternity" else between(random, 4.0, 6.0 if small else 8.5),
            claws=int(random.choice([4, 6])),
            accent=pick(random, {"diamond": 4, "sapphire": 1, "ruby": 1, "emerald": 1}),
            engraving=pick(random, {"none": 2, "lines": 1, "waves": 1, "hatch": 1, "chevrons": 1})
            if wide and band in ("domed", "flat")
            else "none",
            outline=pick(random, {"oval": 1, "cushion": 1, "square": 1, "round": 1}),
            **gem,
        )

    @property
    def style(self) -> str:
        return self.head if self.head != "none" else f"{self.band} band"

    def poses(self) -> tuple[str, ...]:
        return ("standing", "lying") if self.head in ("none", "eternity") else ("standing", "leaning")

    def variants(self) -> Choices:
        found: Choices = {"metal": tuple(METAL_WEIGHTS)}
        if self.head == "none" or self.head == "signet":
            if self.band in ("domed", "flat"):
                found |= {
                    "engraving": ornaments.ENGRAVINGS,
                    "width": tuple(self.width * s for s in (0.6, 0.8, 1.0, 1.25)),
                }
            return found
        if self.head not in ("flower", "eternity") and self.band in bands.BANDS:
            found["band"] = tuple(bands.BANDS)
        if self.cut in FACETED:
            found["stone"] = other_stones(self.stone)
            if self.head in ("solitaire", "halo", "bezel"):
                found["cut"] = FACETED
            if self.head in ("solitaire", "halo") and self.cut in ("round", "oval"):
                found["claws"] = (3, 4, 6, 8)
        return found

    def parts(self, pose: str) -> Parts:
        whole = self._built()
        if pose == "lying":
            whole = turned(whole, "x", -90)
        elif pose == "leaning":
            whole = turned(whole, "x", 38)
        return rest(whole)

    def _built(self) -> Parts:
        if self.head == "eternity":
            return self._eternity()
        shank = bands.band(self)
        top = bands.RADIUS + self.thickness
        if self.head == "none":
            return shank
        if self.head == "signet":
            return self._signet()
        return shank + moved(self._head(), z=top + self._lift())

    def _lift(self) -> float:
        if self.head == "flower":
            return 0.9
        if self.cut == "cabochon":
            return 0.26 * self.size
        return {"bezel": 0.36, "pearl": 0.42}.get(self.head if self.cut != "pearl" else "pearl", 0.46) * self.size

    def _head(self) -> Parts:
        size, long = self.size, self.size * self.ratio
        setting = bezel if self.head == "bezel" or self.cut == "cabochon" else clawed
        if setting is clawed:
            one = clawed(self.metal, self.cut, self.stone, size, long, self.claws)
        else:
            one = bezel(self.metal, self.cut, self.stone, size, long)
        if self.head == "halo":
            return one + halo(self.metal, self.accent, one[0].mesh, 1.3)
        if self.head == "double halo":
            inner = halo(self.metal, self.accent, one[0].mesh, 1.15)
            return one + inner + moved(halo(self.metal, self.accent, one[0].mesh, 1.15, 1.75), z=-0.25)
        if self.head in ("three-stone", "five-stone"):
            return one + self._row()
        if self.head == "two-stone":
            other = clawed(self.metal, "round", self.accent, size)
            return moved(one, x=-0.53 * size, y=0.3 * size) + moved(other, x=0.53 * size, y=-0.3 * size)
        if self.head == "cluster":
            petal = moved(
                turned(clawed(self.metal, "round", self.accent, 0.62 * size), "x", -12), y=0.86 * size, z=-0.3
            )
            return one + [part for i in range(8) for part in turned(petal, "z", 45 * i)]
        if self.head == "flower":
            centre = moved([stone(self.cut, self.stone, 0.6 * size)], z=0.2 * size)
            return [Part(ornaments.petals(6, 2.6 * size), self.metal), *centre]
        if self.head == "split-shoulder":
            side = clawed(self.metal, "round", self.accent, 0.36 * size + 0.6)
            return one + [p for way in (-1, 1) for p in self._beside(side, way, 0.5 * size + 0.25 * size + 0.7)]
        return one

    def _beside(self, one: Parts, way: int, aside: float) -> Parts:
        """`one` set `aside` mm to the left (-1) or right, tilted to follow the band."""
        angle = float(np.degrees(aside / (bands.RADIUS + self.thickness)))
        return moved(turned(one, "y", 0.8 * angle * way), x=aside * way, z=-0.5 * aside**2 / (bands.RADIUS + 4))

    def _row(self) -> Parts:
        """The smaller stones either side of the centre."""
        steps = 1 if self.head == "three-stone" else 2
        found: Parts = []
        aside = 0.5 * self.size
        for i in range(1, steps + 1):
            size = self.size * (0.8 - 0.14 * i) if steps == 1 else self.size * (0.92 - 0.18 * i)
            side = clawed(self.metal, "round", self.accent, size)
            for way in (-1, 1):
                found += self._beside(side, way, aside + 0.55 * size)
            aside += 1.08 * size
        return found

    def _eternity(self) -> Parts:
        size = self.size
        radius = bands.RADIUS + 0.55 * size
        count = round(2 * np.pi * radius / (1.04 * size))
        rail = tube(upright(radius - 0.12 * size), superellipse(0.5, 0.55 * size, 4, 12), closed=True)
        seat = tube(upright(bands.RADIUS + 0.12 * size), superellipse(size, 0.3 * size, 4, 12), closed=True)
        set_stones = [brilliant(size).moved(z=radius).turned("y", i * 360 / count) for i in range(count)]
        rails = [rail.moved(y=way * (0.5 * size + 0.2)) for way in (-1, 1)]
        return [stones("round", self.stone, set_stones), Part(merge([*rails, seat]), self.metal)]

    def _signet(self) -> Parts:
        path = upright(bands.RADIUS + 0.95)
        swell = 1 + 0.9 * np.clip(path[:, 2] / path[:, 2].max(), 0, 1) ** 2
        shank = tube(path, superellipse(0.55 * self.width + 1.4, 1.9, 2.6), closed=True, scale=swell)
        face = 0.9 * self.width + 5.5
        shape = {
            "oval": superellipse(face * 0.86, face * 1.1, 2, 64),
            "round": circle(face / 2, 64),
            "cushion": superellipse(face, face, 4, 64),
            "square": superellipse(face * 0.95, face * 0.95, 9, 64),
        }[self.outline]
        plate = Part(prism(shape, 2.4, 0.5).moved(z=bands.RADIUS + 1.3), self.alloy)
        top = bands.RADIUS + 3.7
        if self.engraving != "none":
            return [Part(shank, self.alloy), plate, ornaments.engraved_plate(self.engraving, 0.9 * face, top)]
        inlay = prism(shape * 0.78, 0.7, 0.25).moved(z=top - 0.35)
        rough = self.stone if self.stone in ("onyx", "turquoise") else "onyx"
        return [Part(shank, self.alloy), plate, Part(inlay, rough, cut="cabochon", number=1)]


HEADS = {
    "none": 3.0,
    "solitaire": 2.5,
    "halo": 2.0,
    "double halo": 0.7,
    "bezel": 1.5,
    "three-stone": 1.5,
    "five-stone": 1.0,
    "cluster": 1.2,
    "flower": 1.0,
    "signet": 1.3,
    "two-stone": 0.8,
    "split-shoulder": 1.2,
    "eternity": 1.2,
}
