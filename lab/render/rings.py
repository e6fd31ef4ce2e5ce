"""Rings of 17 mm inner diameter (EU size 53, ISO 8653), standing on the table, head up."""

from __future__ import annotations

import numpy as np

from lab.render.gems import brilliant
from lab.render.mesh import ball, circle, merge, prism, superellipse, tube
from lab.render.parts import Part, Parts, bezel, clawed, flower, halo, moved, rest, stone, turned, upright

RADIUS = 8.5


def headed(metal: str, head: Parts, lift: float, width: float = 2.2, thickness: float = 1.6) -> Parts:
    """A domed band carrying `head`, its girdle `lift` above the band's top."""
    path = upright(RADIUS + thickness / 2)
    shank = Part(tube(path, superellipse(width, thickness), closed=True), metal)
    return rest([shank, *moved(head, z=RADIUS + thickness + lift)])


def solitaire(metal: str, material: str, size: float) -> Parts:
    return headed(metal, clawed(metal, "round", material, size, count=6), 0.44 * size)


def halo_ring(metal: str, cut: str, material: str, width: float, length: float) -> Parts:
    head = clawed(metal, cut, material, width, length) + halo("diamond", width, length)
    return headed(metal, head, 0.46 * width)


def three_stone(metal: str, centre: str, side: str, width: float, length: float) -> Parts:
    """An oval between two rounds."""
    head = clawed(metal, "oval", centre, width, length)
    flank = clawed(metal, "round", side, 0.72 * width)
    for way in (-1, 1):
        head += moved(turned(flank, "y", 16 * way), x=0.98 * width * way, z=-0.25 * width)
    return headed(metal, head, 0.46 * width)


def bezel_ring(metal: str, material: str, width: float, length: float, shank: float) -> Parts:
    head = [stone("cabochon", material, width, length), *bezel(metal, width, length)]
    return headed(metal, head, 0.28 * width, shank, 1.7)


def pearl_ring(metal: str, size: float, side: str) -> Parts:
    """One pearl with a small brilliant either side."""
    head = [stone("pearl", "pearl", size)]
    for way in (-1, 1):
        flank = turned(clawed(metal, "round", side, 2.8), "y", 22 * way)
        head += moved(flank, x=(0.5 * size + 1.6) * way, z=-0.25 * size)
    return headed(metal, head, 0.44 * size)


def flower_ring(metal: str, centre: str, petals: int, size: float) -> Parts:
    return headed(metal, flower(metal, petals, size) + moved([stone("round", centre, 0.32 * size)], z=1.7), 1.0)


def cluster_ring(metal: str, material: str, size: float) -> Parts:
    """Seven brilliants close together: one, and six about it."""
    one = clawed(metal, "round", material, size)
    petal = moved(turned(one, "x", -10), y=1.06 * size, z=-0.2)
    head = one + [part for i in range(6) for part in turned(petal, "z", 60 * i)]
    return headed(metal, head, 0.5 * size)


def eternity(metal: str, material: str, size: float, count: int) -> Parts:
    """Brilliants all round, `count` of them, between two rails."""
    radius = RADIUS + 1.5
    rail = tube(upright(radius - 0.5), superellipse(0.5, 1.3, 4, 12), closed=True)
    seat = tube(upright(RADIUS + 0.3), superellipse(size, 0.6, 4, 12), closed=True)
    stones = [brilliant(size).moved(z=radius).turned("y", i * 360 / count) for i in range(count)]
    rails = [rail.moved(y=way * 0.55 * size) for way in (-1, 1)]
    return rest([Part(merge(stones), material), Part(merge([*rails, seat]), metal)])


def signet(metal: str, face: str, width: float, length: float) -> Parts:
    """A band swelling into a flat cushion, inlaid with `face`."""
    path = upright(RADIUS + 0.95)
    swell = 1 + 0.9 * np.clip(path[:, 2] / path[:, 2].max(), 0, 1) ** 2
    shank = tube(path, superellipse(4.0, 1.9, 2.6), closed=True, scale=swell)
    outline = superellipse(width, length, 4, 48)
    plate, inlay = prism(outline, 2.4, 0.5), prism(outline * 0.8, 0.7, 0.25)
    return rest(
        [Part(shank, metal), Part(plate.moved(z=RADIUS + 1.4), metal), Part(inlay.moved(z=RADIUS + 3.55), face)]
    )


def rope(metal: str, thickness: float) -> Parts:
    """Three strands twisted about each other."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    trefoil = circle(1.0, 48) * (thickness / 2 * (0.8 + 0.2 * np.abs(np.cos(1.5 * angle))))[:, None]
    return rest([Part(tube(upright(RADIUS + thickness / 2, 360), trefoil, closed=True, turns=7), metal)])


def open_ring(metal: str, size: float) -> Parts:
    """An open band with a ball at each end."""
    angle = np.linspace(np.radians(22), np.radians(338), 96)
    path = (RADIUS + 1.0) * np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1)
    balls = [ball(size / 2).moved(*end) for end in (path[0], path[-1])]
    return rest([Part(tube(path, circle(1.0)), metal), Part(merge(balls), metal)])
