"""Pairs of earrings: studs and drops lying face up, hoops standing."""

from __future__ import annotations

import numpy as np

from lab.render.mesh import Array, circle, lathe, tube
from lab.render.parts import Part, Parts, chain, clawed, flower, halo, moved, rest, stone, turned, upright


def pair(one: Parts, gap: float, lean: float = 0.0) -> Parts:
    """Two of `one`, `gap` mm apart, each turned outward by `lean` degrees."""
    return rest([part for way in (-1, 1) for part in moved(turned(one, "z", way * lean), x=way * gap / 2)])


def stud(metal: str, material: str, size: float) -> Parts:
    return pair(clawed(metal, "round", material, size), 1.9 * size)


def halo_stud(metal: str, material: str, width: float, length: float) -> Parts:
    return pair(clawed(metal, "oval", material, width, length) + halo("diamond", width, length), 2.4 * width)


def pearl_stud(metal: str, size: float) -> Parts:
    """A pearl on a cup wider than itself."""
    cup = lathe(np.array([[0.3, -0.55], [0.5, -0.5], [0.66, -0.3], [0.6, -0.26], [0.3, -0.3]]) * size, 40)
    return pair([stone("pearl", "pearl", size), Part(cup, metal)], 1.9 * size)


def flower_stud(metal: str, petals: int, size: float) -> Parts:
    """Petals around a small pearl."""
    pearl = stone("pearl", "pearl", 0.34 * size)
    return pair(flower(metal, petals, size) + moved([pearl], z=0.16 * size), 1.35 * size)


def hoop(metal: str, diameter: float, section: Array, turns: int = 0, hung: Parts | None = None) -> Parts:
    """Hoops of `section` (k, 2), x across and y outward, twisted by `turns`, with `hung` at the lowest point."""
    path = upright(diameter / 2, 240 if turns else 96)
    one = [Part(tube(path, section, closed=True, turns=turns), metal), *moved(hung or [], z=-diameter / 2)]
    left = moved(turned(one, "z", 52), x=-0.3 * diameter)
    return rest(left + moved(turned(one, "z", 38), x=0.36 * diameter, y=-0.1 * diameter))


def drop(metal: str, hung: Parts, length: float, links: bool = False) -> Parts:
    """`hung` (its upper edge at the origin) below a hook, on a wire or on a chain of `length`."""
    turn = np.linspace(0, np.pi, 20)
    bow = np.stack([-3.0 + 3.0 * np.cos(turn), length + 7 + 3.2 * np.sin(turn), 0 * turn], -1)
    hook = np.concatenate([[[0.0, length, 0.0]], bow, [[-6.2, length + 1.5, 0.0]]])
    line = np.linspace([0.0, 0.0, 0.0], [0.0, length, 0.0], 12)
    hanger = chain(metal, line, 2.6) if links else Part(tube(line, circle(0.45, 10)), metal)
    return pair(moved([Part(tube(hook, circle(0.45, 10)), metal), hanger, *hung], x=1.5), 15.0, 4.0)
