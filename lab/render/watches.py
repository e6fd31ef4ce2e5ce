"""Wrist watches, lying dial up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from lab.render.design import METAL_WEIGHTS, Choices, Design, Random, between, pick
from lab.render.gems import brilliant
from lab.render.mesh import Array, Mesh, ball, circle, lathe, merge, prism, superellipse, tube
from lab.render.parts import Part, Parts, copies, level, rest, stones

DIALS = ("white", "blue", "black", "green", "cream")
LEATHERS = ("leather brown", "leather black", "leather tan", "leather navy", "leather red")
STRAPS = (*LEATHERS, "three-row links", "five-row links", "mesh")
CASES = ("round", "cushion", "tank", "octagon", "tonneau")
MARKERS = ("bars", "dots", "quarters", "roman", "stones")


@dataclass(frozen=True, kw_only=True)
class Watch(Design):
    """`size` is the case's width; `bezel` plain, fluted, stones or diver; `subdials` 0 to 3."""

    type: ClassVar[str] = "watch"
    metal: str = "silver"
    case: str = "round"
    dial: str = "white"
    markers: str = "bars"
    strap: str = "leather brown"
    bezel: str = "plain"
    size: float = 38.0
    subdials: int = 0
    stone: str = "diamond"

    @classmethod
    def draw(cls, random: Random) -> Self:
        return cls(
            metal=pick(random, METAL_WEIGHTS),
            case=pick(random, {"round": 4, "cushion": 1, "tank": 1.4, "octagon": 1, "tonneau": 1}),
            dial=pick(random, dict.fromkeys(DIALS, 1.0)),
            markers=pick(random, dict.fromkeys(MARKERS, 1.0)),
            strap=pick(random, dict.fromkeys(STRAPS, 1.0) | {"three-row links": 2.0, "leather black": 1.6}),
            bezel=pick(random, {"plain": 3, "fluted": 1, "stones": 1.2, "diver": 1}),
            size=between(random, 24.0, 42.0),
            subdials=int(random.choice([0, 0, 0, 1, 2, 3])),
            stone=pick(random, {"diamond": 4, "sapphire": 1, "ruby": 1, "emerald": 0.7}),
        )

    @property
    def style(self) -> str:
        return self.case

    def variants(self) -> Choices:
        found: Choices = {
            "metal": tuple(METAL_WEIGHTS),
            "dial": DIALS,
            "strap": STRAPS,
            "markers": MARKERS,
            "case": CASES,
        }
        if self.case in ("round", "octagon", "cushion"):
            found["subdials"] = (0, 1, 2, 3)
        return found

    def parts(self, pose: str) -> Parts:  # noqa: ARG002  # it only lies
        w = self.size
        shape = {
            "round": circle(w / 2, 96),
            "cushion": superellipse(w, w, 4, 96),
            "tank": superellipse(0.82 * w, 1.12 * w, 9, 96),
            "octagon": _octagon(w),
            "tonneau": superellipse(0.86 * w, 1.16 * w, 3, 96),
        }[self.case]
        width, length = np.ptp(shape, axis=0)
        crown = lathe(np.array([[1.6, 0.0], [2.0, 0.4], [2.0, 2.2], [1.6, 2.6]]), 16).turned("y", 90)
        found = [
            Part(prism(shape, 5.6, 1.2), self.metal),
            Part(prism(shape * 0.93, 1.6, 0.5).moved(z=5.2), self.metal),
            Part(prism(shape * 0.8, 0.3, 0.1).moved(z=6.6), f"enamel {self.dial}"),
            Part(crown.moved(width / 2, 0, 3.0), self.metal),
            *self._bezel(shape),
            *self._face(0.4 * min(width, length), 0.4 * np.array([width, length])),
        ]
        near, far, material = self._strap(0.54 * width)
        for turn in (0, 180):
            for mesh, framed in ((near, True), (far, False)):
                found.append(Part(mesh.moved(y=length / 2 + 0.3).turned("z", turn), material, framed))
        return rest(found)

    def _bezel(self, shape: Array) -> Parts:
        path = level(shape * 0.87, 6.6)
        if self.bezel == "stones":
            return [stones("round", self.stone, copies(brilliant(1.9), path + np.array([0, 0, 0.3]), 2.15))]
        if self.bezel == "fluted":
            return [Part(merge(copies(ball(0.75, 10), path, 1.3)), self.metal)]
        rim = tube(path, superellipse(1.0, 0.1 * self.size, 3, 16), closed=True)
        found = [Part(rim, "enamel black" if self.bezel == "diver" else self.metal)]
        if self.bezel == "diver":
            step = float(np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1).sum()) / 12
            found.append(Part(merge(copies(ball(0.6, 10), path + np.array([0, 0, 0.45]), step)), "enamel white"))
        return found

    def _face(self, radius: float, half: Array) -> Parts:
        """Marks, subdials and two hands at ten past ten."""
        dark = self.dial in ("blue", "black", "green")
        ink = self.metal if dark and self.metal != "blackened" else "enamel black" if not dark else "enamel white"
        z, found = 6.85, []
        angle = np.arange(12) * np.pi / 6
        ring = np.stack([np.sin(angle), np.cos(angle)], -1)
        at = ring * (radius if self.case in ("round", "octagon") else half) * 0.84
        marks: list[Mesh] = []
        for i, (x, y) in enumerate(at):
            if self.markers == "stones":
                continue
            if self.markers == "dots":
                marks.append(prism(circle(0.055 * radius, 16), 0.3, 0.1).moved(x, y, z))
            elif self.markers == "quarters" and i % 3:
                continue
            else:
                marks += [one.moved(0, 0, z) for one in self._mark(i, radius, float(x), float(y))]
        if marks:
            found.append(Part(merge(marks), ink))
        if self.markers == "stones":
            found.append(stones("round", self.stone, [brilliant(0.15 * radius).moved(x, y, z + 0.1) for x, y in at]))
        for i in range(self.subdials):
            place = np.radians({1: (-90,), 2: (180, 0), 3: (180, -90, 0)}[self.subdials][i])
            x, y = 0.44 * radius * np.cos(place), 0.44 * radius * np.sin(place)
            rim = tube(level(circle(0.22 * radius, 40), z), circle(0.03 * radius, 6), closed=True)
            hand = (
                prism(superellipse(0.04 * radius, 0.18 * radius, 4, 8), 0.2, 0.05)
                .moved(y=0.07 * radius, z=z)
                .turned("z", 70 * i + 20)
            )
            found.append(Part(merge([rim.moved(x, y), hand.moved(x, y)]), ink))
        hour = (
            prism(superellipse(0.085 * radius, 0.55 * radius, 3, 12), 0.3, 0.1)
            .moved(y=0.2 * radius, z=z + 0.3)
            .turned("z", 55)
        )
        minute = (
            prism(superellipse(0.06 * radius, 0.84 * radius, 3, 12), 0.3, 0.1)
            .moved(y=0.34 * radius, z=z + 0.5)
            .turned("z", -60)
        )
        hub = lathe(np.array([[0.07 * radius, z], [0.07 * radius, z + 0.9], [0.02 * radius, z + 1.0]]), 16)
        return [*found, Part(merge([hour, minute, hub]), ink)]

    def _mark(self, hour: int, radius: float, x: float, y: float) -> list[Mesh]:
        """A bar that points to the centre; for roman dials one, two or three thin ones."""
        count = (hour % 3 or 3) if self.markers == "roman" else 1
        wide = 0.035 * radius if self.markers == "roman" else (0.09 if hour % 3 == 0 else 0.06) * radius
        tall = 0.24 * radius if self.markers == "roman" or hour % 3 == 0 else 0.17 * radius
        bar = prism(superellipse(wide, tall, 6, 12), 0.3, 0.08)
        turn = -float(np.degrees(np.arctan2(x, y)))
        return [bar.moved(x=1.9 * wide * (i - (count - 1) / 2)).turned("z", turn).moved(x, y) for i in range(count)]

    def _strap(self, width: float) -> tuple[Mesh, Mesh, str]:
        """Its near and far end, from y 0 on, and what it is made of."""
        if self.strap in LEATHERS:
            y = np.linspace(-1, 56, 40)
            path = np.stack([0 * y, y, 3.0 - 0.03 * np.clip(y, 0, None)], -1)
            section = superellipse(width, 2.6, 5, 24)
            stitch = [
                ball(0.3, 6).moved(x, v, 4.35 - 0.03 * max(v, 0))
                for x in (-0.44 * width, 0.44 * width)
                for v in np.arange(1, 14, 1.6)
            ]
            return merge([tube(path[:10], section), *stitch]), tube(path[9:], section), self.strap
        if self.strap == "mesh":
            cells = [
                tube(level(superellipse(2.2, 1.5, 2, 14)), circle(0.32, 6), closed=True).moved(
                    x + 0.9 * (row % 2), 0.95 * row + 0.6, 2.4 - 0.02 * row
                )
                for row in range(52)
                for x in np.arange(-width / 2 + 1, width / 2 - 0.9, 1.8)
            ]
            cut = len(cells) // 52 * 14
            return merge(cells[:cut]), merge(cells[cut:]), self.metal
        columns = [(-0.36, 0.27), (0.0, 0.43), (0.36, 0.27)]
        if self.strap == "five-row links":
            columns = [(-0.4, 0.19), (-0.2, 0.19), (0.0, 0.19), (0.2, 0.19), (0.4, 0.19)]
        rows = [
            prism(superellipse(wide * width, 4.2, 5, 20), 2.4, 0.6).moved(
                x * width, 4.5 * i + 1.8 + 1.1 * (j % 2), 1.9 - 0.1 * i
            )
            for i in range(12)
            for j, (x, wide) in enumerate(columns)
        ]
        near = 3 * len(columns)
        return merge(rows[:near]), merge(rows[near:]), self.metal


def _octagon(width: float) -> Array:
    corners = (
        width
        / 2
        / np.cos(np.pi / 8)
        * np.stack([np.cos(np.arange(8) * np.pi / 4 + np.pi / 8), np.sin(np.arange(8) * np.pi / 4 + np.pi / 8)], -1)
    )
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    sides: Array = np.concatenate([(1 - t) * a + t * b for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)])
    return sides
