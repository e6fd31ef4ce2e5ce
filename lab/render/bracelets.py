"""Bracelets, lying on the table."""

from __future__ import annotations

import numpy as np

from lab.render.mesh import Array, ball, lathe, prism, superellipse, tube
from lab.render.parts import Part, Parts, ellipse, link, moved, repeated, rest, stone

WRIST = (60.0, 52.0)
"""Width and length of a closed bracelet in mm: a woman's medium bangle is 60 mm wide."""
LOOP = ellipse(*WRIST, points=360)


def bangle(metal: str, section: Array, turns: int) -> Parts:
    """A closed bangle of `section` (k, 2), twisted by `turns`."""
    return rest([Part(tube(LOOP, section, closed=True, turns=turns), metal)])


def cuff(metal: str, height: float) -> Parts:
    """An open cuff, its gap towards the camera."""
    angle = np.radians(np.linspace(-62, 242, 120))
    path = np.stack([WRIST[0] / 2 * np.cos(angle), WRIST[1] / 2 * np.sin(angle), 0 * angle], -1)
    return rest([Part(tube(path, superellipse(height, 2.0, 4)), metal)])


def tennis(metal: str, material: str, size: float, cut: str = "round") -> Parts:
    """Stones in one line, each in a square seat, face up."""
    length = 1.35 * size if cut == "emerald" else size
    gem = stone(cut, material, size, length).mesh.turned("z", 90)
    seat = prism(superellipse(length * 1.02, size * 1.16, 5, 24), 0.6 * size, 0.2).moved(z=-0.68 * size)
    step = 1.1 * length
    return rest([Part(repeated(gem, LOOP, step), material), Part(repeated(seat, LOOP, step), metal)])


def beads(material: str, size: float, spacer: str) -> Parts:
    """Round beads, every seventh girdled by metal."""
    around = np.linalg.norm(np.diff(LOOP, axis=0, append=LOOP[:1]), axis=1).sum()
    step = around / (7 * round(around / size / 7))
    girdle = lathe(np.array([[0.45, -0.2], [0.56, 0.0], [0.45, 0.2]]) * step, 24).turned("y", 90)
    whole = repeated(ball(step / 2, 24), LOOP, step)
    return rest([Part(whole, material), Part(repeated(girdle, LOOP, step * 7), spacer)])


def link_bracelet(metal: str, size: float, wire: float, charm: str) -> Parts:
    """Curb links in a loop with three hanging beads at the front."""
    parts = [Part(repeated(link(size, 0.72 * size, wire), LOOP, 0.66 * size, rolls=(30.0,)), metal)]
    for x in (-9.0, 0.0, 9.0):
        parts += moved([stone("pearl", charm, 7.0)], x=x, y=-WRIST[1] / 2 - 5)
    return rest(parts)
