"""Wrist watches, lying dial up."""

from __future__ import annotations

import numpy as np

from lab.render.gems import brilliant
from lab.render.mesh import Array, Mesh, lathe, merge, prism, superellipse, tube
from lab.render.parts import Part, Parts, repeated, rest


def watch(metal: str, dial: str, strap: str, outline: Array, stones: str | None = None) -> Parts:
    """`outline` (k, 2) is the case from above, `strap` a leather or the metal; `stones` set the bezel."""
    width, length = np.ptp(outline, axis=0)
    crown = lathe(np.array([[1.7, 0.0], [2.0, 0.4], [2.0, 2.4], [1.7, 2.8]]), 16).turned("y", 90)
    ink = "enamel black" if dial == "enamel white" else metal
    parts = [
        Part(prism(outline, 7.0, 1.4), metal),
        Part(prism(outline * 0.83, 0.3, 0.1).moved(z=6.95), dial),
        Part(crown.moved(width / 2, 0, 3.6), metal),
        Part(_hands(0.415 * min(width, length)), ink),
    ]
    if stones:
        ring = np.column_stack([outline * 0.91, np.full(len(outline), 7.1)])
        parts.append(Part(repeated(brilliant(2.0), ring, 2.3), stones))
    near, far = _links(0.62 * width) if strap == metal else _leather(0.56 * width)
    for turn in (0, 180):
        for mesh, framed in ((near, True), (far, False)):
            parts.append(Part(mesh.moved(y=length / 2 + 0.5).turned("z", turn), strap, framed))
    return rest(parts)


def _hands(radius: float) -> Mesh:
    """Twelve marks and two hands at ten past ten."""
    mark = prism(superellipse(1.0, 0.2 * radius, 6, 12), 0.35, 0.1).moved(y=0.82 * radius, z=7.2)
    hour = prism(superellipse(1.3, 0.6 * radius, 4, 12), 0.3, 0.1).moved(y=0.22 * radius, z=7.6).turned("z", 55)
    minute = prism(superellipse(0.9, 0.85 * radius, 4, 12), 0.3, 0.1).moved(y=0.32 * radius, z=7.8).turned("z", -60)
    hub = lathe(np.array([[1.0, 7.3], [1.0, 8.2], [0.6, 8.4]]), 16)
    return merge([*(mark.turned("z", 30 * i) for i in range(12)), hour, minute, hub])


def _links(width: float) -> tuple[Mesh, Mesh]:
    """A metal bracelet's near and far end, from y 0 on: rows of three links."""
    columns = [(-0.36 * width, 0.27 * width), (0.0, 0.43 * width), (0.36 * width, 0.27 * width)]
    rows = [
        prism(superellipse(wide, 4.2, 5, 20), 2.6, 0.5).moved(x, 4.6 * i + 1.4, 2.4 - 0.1 * i)
        for i in range(12)
        for x, wide in columns
    ]
    return merge(rows[:9]), merge(rows[9:])


def _leather(width: float) -> tuple[Mesh, Mesh]:
    """A leather strap's near and far end, from y 0 on."""
    y = np.linspace(-1, 56, 40)
    path = np.stack([0 * y, y, 3.2 - 0.03 * np.clip(y, 0, None)], -1)
    section = superellipse(width, 2.6, 5, 24)
    return tube(path[:10], section), tube(path[9:], section)
