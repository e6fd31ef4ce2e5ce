"""Ornament as geometry: milgrain beads, engraved lines, filigree scrolls, petals and leaves."""

from __future__ import annotations

import numpy as np

from lab.render.mesh import Array, Mesh, ball, circle, lathe, loft, merge, tube
from lab.render.parts import Part, level, repeated, upright

ENGRAVINGS = ("none", "lines", "waves", "hatch", "chevrons")


def milgrain(path: Array, bead: float, closed: bool = True) -> Mesh:
    """A row of touching beads of diameter `bead` along `path` (n, 3)."""
    return repeated(ball(bead / 2, 8), path, bead * 0.98, closed)


def engraved_band(kind: str, radius: float, width: float, domed: float) -> Part:
    """Dark lines on the outside of a standing band: `radius` to its outside, `domed` how much lower its edges lie."""
    around = np.linspace(0, 2 * np.pi, 480, endpoint=False)

    def line(y: Array, angle: Array = around) -> Array:
        r = radius - domed * (2 * y / width) ** 2
        return np.stack([r * np.sin(angle), y, r * np.cos(angle)], -1)

    wire = circle(0.035 * width + 0.05, 6)
    if kind == "lines":
        lines = [tube(line(np.full(480, y * width)), wire, closed=True) for y in (-0.26, 0.0, 0.26)]
    elif kind == "waves":
        lines = [tube(line(0.24 * width * np.sin(14 * around + p)), wire, closed=True) for p in (0.0, np.pi)]
    elif kind == "chevrons":
        saw = np.abs((around * 18 / (2 * np.pi)) % 1 - 0.5) * 4 - 1
        lines = [tube(line(width * (0.2 * saw + y)), wire, closed=True) for y in (-0.15, 0.15)]
    else:
        steps = np.linspace(-0.5, 0.5, 12)
        lines = [tube(line(0.66 * width * steps, a + 0.09 * steps), wire) for a in np.arange(0, 2 * np.pi, np.pi / 30)]
    return Part(merge(lines), "blackened")


def engraved_plate(kind: str, size: float, z: float) -> Part:
    """Dark lines on a level plate about `size` mm across, at height `z`."""
    wire = circle(0.014 * size + 0.06, 6)
    t = np.linspace(-0.5, 0.5, 60)
    if kind == "lines":
        lines = [tube(level(circle(size * r, 64), z), wire, closed=True) for r in (0.24, 0.3, 0.36)]
    elif kind == "waves":
        angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        radius = [size * (r + 0.06 * np.cos(8 * angle)) for r in (0.16, 0.3)]
        lines = [
            tube(level(np.stack([r * np.cos(angle), r * np.sin(angle)], -1), z), wire, closed=True) for r in radius
        ]
    elif kind == "chevrons":
        rays = [np.array([[0.12 * size, 0.0], [0.36 * size, 0.0]])]
        lines = [tube(level(rays[0], z), wire).turned("z", a) for a in range(0, 360, 20)]
    else:
        xs = np.linspace(-0.3, 0.3, 9)
        lines = [
            tube(level(np.stack([size * x + 0 * t, t * size * 0.85 * np.sqrt(0.2 - x * x) * 2], -1), z), wire)
            for x in xs
        ]
    return Part(merge(lines), "blackened")


def spiral(size: float, turns: float = 1.6, tail: float = 0.5) -> Array:
    """A scroll (n, 3) in the plane z 0, from the origin along a stem into a coil `size` across."""
    t = np.linspace(0, 1, 60)
    radius = size / 2 * (1 - 0.82 * t)
    angle = -np.pi / 2 + 2 * np.pi * turns * t
    coil = np.stack([radius * np.cos(angle), radius * np.sin(angle) + size / 2], -1)
    stem = np.stack([np.linspace(-tail * size, coil[0, 0], 8)[:-1], np.linspace(0.0, coil[0, 1], 8)[:-1]], -1)
    return level(np.concatenate([stem, coil]))


def filigree(radius: float, count: int, wire: float) -> Mesh:
    """A round openwork plate at z 0: two rims and `count` pairs of scrolls between them."""
    scroll = tube(spiral(0.4 * radius), circle(wire, 7)).turned("z", 90).moved(x=0.86 * radius, y=0.05 * radius)
    back = Mesh(scroll.vertices * (1, -1, 1), scroll.faces[:, ::-1])
    meshes = [tube(level(circle(radius * r, 96)), circle(wire * 1.5, 8), closed=True) for r in (1.0, 0.42)]
    for i in range(count):
        meshes += [scroll.turned("z", 360 * i / count), back.turned("z", 360 * i / count)]
    return merge(meshes)


def petals(count: int, size: float, tilt: float = 14.0, pointed: float = 0.0) -> Mesh:
    """Domed petals around the centre, `size` across; `pointed` 0 round to 1 drawn to a tip."""
    petal = lathe(np.array([[1.0, -0.25], [0.97, 0.0], [0.75, 0.5], [0.4, 0.85], [0.01, 1.0]]), 24)
    petal = petal.scaled(0.42 * size * np.sin(np.pi / count) * 1.25, 0.25 * size, 0.08 * size)
    ahead = np.clip(petal.vertices[:, 1:2] / (0.25 * size), -0.4, 1)
    petal = Mesh(
        petal.vertices * np.concatenate([1 - pointed * 0.75 * np.clip(ahead, 0, 1), np.ones((len(ahead), 2))], 1),
        petal.faces,
    )
    around = np.arange(count) * 360 / count
    return merge([petal.turned("x", tilt).moved(y=0.28 * size).turned("z", a) for a in around])


def leaf(length: float, width: float, bend: float = 0.15) -> Mesh:
    """A pointed leaf from the origin along +y, arched, with a folded midrib."""
    t = np.linspace(0.02, 0.98, 14)
    half = width / 2 * np.sin(np.pi * t**0.8)
    rings = []
    for s, h in zip(t, half, strict=True):
        top = bend * length * np.sin(np.pi * s)
        section = np.array(
            [[h, 0.28 * h], [0.0, 0.05], [-h, 0.28 * h], [-h, 0.28 * h - 0.25], [0.0, -0.3], [h, 0.28 * h - 0.25]]
        )
        rings.append(np.column_stack([-section[:, 0], np.full(6, s * length), section[:, 1] + top]))
    return loft(np.stack(rings))


def standing_beads(radius: float, y: float, bead: float) -> Mesh:
    """A milgrain row around a standing band, at `y` across it."""
    path = upright(radius, 240) + np.array([0.0, y, 0.0])
    count = round(2 * np.pi * radius / bead)
    return merge([ball(bead / 2, 8).moved(*path[int(i * 240 / count)]) for i in range(count)])
