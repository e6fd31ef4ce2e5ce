"""Pendants on a chain, lying face up, and whole necklaces laid in a loop."""

from __future__ import annotations

import numpy as np

from lab.render.mesh import Array, ball, circle, merge, prism, tube
from lab.render.parts import (
    Part,
    Parts,
    bezel,
    chain,
    clawed,
    ellipse,
    halo,
    link,
    moved,
    repeated,
    rest,
    spaced,
    stone,
)


def pendant(metal: str, hung: Parts, top: float) -> Parts:
    """`hung` (its centre at the origin, its upper edge at y = `top`) on a chain that leaves the picture."""
    bail = tube(ellipse(2.6, 3.6, 24), circle(0.5, 10), closed=True).turned("y", 90)
    parts = [*hung, Part(bail.moved(y=top + 1.2), metal)]
    along = np.linspace(0, 1, 40)
    for way in (-1.0, 1.0):
        near = np.stack([way * (5 * along + 6 * along**2), top + 1.8 + 6 * along + 4 * along**2, 0 * along], -1)
        far = np.stack([way * (11 + 51 * along), top + 11.8 + 42 * along, 0 * along], -1)
        parts += [chain(metal, near, 2.4), chain(metal, far, 2.4, framed=False)]
    return rest(parts)


def pear_pendant(metal: str, material: str, width: float, length: float) -> Parts:
    return pendant(metal, clawed(metal, "pear", material, width, length), 0.5 * length + 0.4)


def halo_pendant(metal: str, material: str, width: float, length: float) -> Parts:
    hung = clawed(metal, "oval", material, width, length) + halo("diamond", width, length)
    return pendant(metal, hung, 0.5 * length + 2.0)


def bezel_pendant(metal: str, material: str, size: float) -> Parts:
    return pendant(metal, [stone("cabochon", material, size), *bezel(metal, size, size)], 0.5 * size + 0.9)


def line_pendant(metal: str, material: str, count: int, size: float) -> Parts:
    """A hanging line of brilliants, the largest (`size`) lowest."""
    hung: Parts = []
    y = 0.0
    for i in range(count):
        width = size * (1 - 0.16 * i)
        hung += moved([stone("round", material, width), *bezel(metal, width, width)], y=y, z=0.34 * width)
        y += width + 1.3
    return pendant(metal, hung, y - 1.0)


def plate_pendant(metal: str, outline: Array, thickness: float, inlay: str | None = None) -> Parts:
    """A plate of `outline` (k, 2); `inlay` is a brilliant at its middle."""
    hung = [Part(prism(outline, thickness, 0.4), metal)]
    if inlay:
        hung += moved([stone("round", inlay, 3.4), *bezel(metal, 3.4, 3.4)], z=thickness + 0.3)
    return pendant(metal, hung, float(outline[:, 1].max()))


def heart(size: float) -> Array:
    """An outline (k, 2) `size` across: x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t.

    The "heart curve" of https://mathworld.wolfram.com/HeartCurve.html.
    """
    t = -np.linspace(0, 2 * np.pi, 72, endpoint=False)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, y], -1) * (size / 32)


def cross(width: float, height: float, bar: float) -> Array:
    """A Latin cross's outline (12, 2), its bars `bar` wide, their crossing at the origin."""
    b, w, top, low = bar / 2, width / 2, 0.38 * height, -0.62 * height
    right = [(b, low), (b, -b), (w, -b), (w, b), (b, b), (b, top)]
    return np.array(right + [(-x, y) for x, y in reversed(right)])


def collar(width: float, depth: float) -> Array:
    """A necklace's path (n, 3), open at the back, its front towards the camera."""
    angle = np.radians(np.linspace(140, 400, 240))
    return np.stack([width / 2 * np.cos(angle), depth / 2 * np.sin(angle), 0 * angle], -1)


def strands(size: float, width: float, depth: float) -> Parts:
    """Two rows of pearls, one inside the other."""
    pearl = ball(size / 2, 24)
    outer, inner = collar(width, depth), collar(width - 2.6 * size, depth - 2.6 * size)
    rows = [repeated(pearl, path, size * 1.02, closed=False) for path in (outer, inner)]
    return rest([Part(merge(rows), "pearl")])


def link_necklace(metal: str, size: float, wire: float, width: float, depth: float) -> Parts:
    """Large oval links."""
    oval = link(size, 0.7 * size, wire)
    links = repeated(oval, collar(width, depth), 0.74 * size, closed=False, rolls=(28.0, -28.0))
    return rest([Part(links, metal)])


def riviere(metal: str, material: str, width: float, depth: float) -> Parts:
    """Set brilliants, largest at the front."""
    stones, settings = [], []
    for x, y, _ in spaced(collar(width, depth), 7.2, closed=False)[0]:
        size = 3.6 + 3.8 * (0.5 - y / depth)
        stones.append(stone("round", material, size).mesh.moved(x, y))
        settings += [part.mesh.moved(x, y) for part in bezel(metal, size, size)]
    return rest([Part(merge(stones), material), Part(merge(settings), metal)])
