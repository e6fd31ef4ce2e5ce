"""What pieces are put together from: set stones, mounts, links. Lengths in mm, a setting's girdle at z 0, face up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from lab.render import gems
from lab.render.mesh import Array, Mesh, ball, circle, lathe, merge, superellipse, tube


class Part(NamedTuple):
    """A mesh of one material (a key of `materials.MATERIALS`); the camera frames only what is `framed`."""

    mesh: Mesh
    material: str
    framed: bool = True


Parts = list[Part]

UP = np.array([0.0, 0.0, 1.0])


def moved(parts: Iterable[Part], x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Parts:
    return [part._replace(mesh=part.mesh.moved(x, y, z)) for part in parts]


def turned(parts: Iterable[Part], axis: str, degrees: float) -> Parts:
    return [part._replace(mesh=part.mesh.turned(axis, degrees)) for part in parts]


def rest(parts: Parts) -> Parts:
    """The same parts with their lowest point on the table, z 0."""
    lowest = min(part.mesh.vertices[:, 2].min() for part in parts)
    return moved(parts, z=-lowest)


def ellipse(width: float, length: float, points: int = 64) -> Array:
    """A closed level path (points, 3), counter-clockwise from above."""
    return np.column_stack([circle(1.0, points) * (width / 2, length / 2), np.zeros(points)])


def upright(radius: float, points: int = 96) -> Array:
    """A closed standing circle (points, 3) in the xz plane, from its top towards +x."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return radius * np.stack([np.sin(angle), np.zeros(points), np.cos(angle)], -1)


def spaced(path: Array, step: float, closed: bool = True) -> tuple[Array, Array]:
    """Points (n, 3) about `step` apart along `path` and their unit tangents (n, 3)."""
    line = np.concatenate([path, path[:1]]) if closed else path
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    count = max(2, round(length[-1] / step))
    at = np.linspace(0, length[-1], count, endpoint=False) if closed else np.linspace(0, length[-1], count)

    def along(where: Array) -> Array:
        where = where % length[-1] if closed else np.clip(where, 0, length[-1])
        return np.stack([np.interp(where, length, line[:, axis]) for axis in range(3)], -1)

    tangent = along(at + step / 4) - along(at - step / 4)
    return along(at), tangent / np.linalg.norm(tangent, axis=1, keepdims=True)


def repeated(mesh: Mesh, path: Array, step: float, closed: bool = True, rolls: tuple[float, ...] = (0.0,)) -> Mesh:
    """Copies of `mesh` along `path`, its x axis ahead and its z axis up, rolled in turn by `rolls` degrees."""
    copies = []
    for i, (point, ahead) in enumerate(zip(*spaced(path, step, closed), strict=True)):
        left = np.cross(UP, ahead)
        left = left / np.linalg.norm(left)
        copy = mesh.turned("x", rolls[i % len(rolls)])
        copies.append(copy.framed(ahead, left, np.cross(ahead, left), point))
    return merge(copies)


def stone(cut: str, material: str, width: float, length: float | None = None) -> Part:
    """A loose stone: round, oval, pear, emerald (step cut), cabochon or pearl."""
    length = length or width
    mesh = {
        "round": lambda: gems.brilliant(width),
        "oval": lambda: gems.oval(width, length),
        "pear": lambda: gems.pear(width, length),
        "emerald": lambda: gems.emerald_cut(width, length),
        "cabochon": lambda: gems.cabochon(width, length, 0.42 * width),
        "pearl": lambda: ball(width / 2),
    }[cut]()
    return Part(mesh, material)


def clawed(metal: str, cut: str, material: str, width: float, length: float | None = None, count: int = 4) -> Parts:
    """A stone in a basket with `count` claws."""
    length = length or width
    wire = 0.07 * width + 0.12
    meshes = [tube(ellipse(0.75 * width, 0.75 * length), circle(0.8 * wire, 8), closed=True).moved(z=-0.28 * width)]
    for angle in (np.arange(count) + 0.5) * 2 * np.pi / count:
        out = np.array([np.cos(angle) * width / 2, np.sin(angle) * length / 2, 0])
        lift = UP * width / 2
        path = np.stack([0.45 * out - 0.95 * lift, 0.98 * out - 0.3 * lift, 1.05 * out, 0.93 * out + 0.2 * lift])
        meshes += [tube(path, circle(wire, 8)), ball(1.15 * wire, 10).moved(*path[-1])]
    return [stone(cut, material, width, length), Part(merge(meshes), metal)]


def bezel(metal: str, width: float, length: float) -> Parts:
    """A cup with a rim around a stone of that girdle."""
    rim = tube(ellipse(1.04 * width, 1.04 * length), superellipse(1.1 + 0.1 * width, 0.5, 4, 12), closed=True)
    cup = lathe(np.array([[0.55, -0.34], [1.0, -0.2], [1.0, -0.1]])).scaled(width / 2, length / 2, width)
    return [Part(merge([rim, cup]), metal)]


def halo(accent: str, width: float, length: float) -> Parts:
    """A white gold plate of small brilliants around a stone of that girdle."""
    size = 1.7
    path = ellipse(width + 1.15 * size, length + 1.15 * size)
    seat = tube(path, superellipse(0.6, 1.15 * size, 4, 12), closed=True).moved(z=-0.35)
    return [Part(repeated(gems.brilliant(size), path, 1.08 * size), accent), Part(seat, "white gold")]


def link(length: float, width: float, wire: float) -> Mesh:
    """An oval chain link lying along x."""
    return tube(ellipse(length, width, 14), circle(wire, 7), closed=True)


def chain(metal: str, path: Array, size: float, framed: bool = True) -> Part:
    """A cable chain of links `size` long; each link lies across the one before."""
    oval = link(size, 0.72 * size, 0.13 * size)
    return Part(repeated(oval, path, 0.72 * size, closed=False, rolls=(40.0, -50.0)), metal, framed)


def flower(metal: str, petals: int, size: float) -> Parts:
    """Domed petals around the centre, `size` across."""
    petal = lathe(np.array([[1.0, -0.25], [0.97, 0.0], [0.75, 0.5], [0.4, 0.85], [0.01, 1.0]]), 24)
    petal = petal.scaled(0.42 * size * np.sin(np.pi / petals) * 1.25, 0.25 * size, 0.08 * size)
    around = np.arange(petals) * 360 / petals
    return [Part(merge([petal.turned("x", 14).moved(y=0.28 * size).turned("z", a) for a in around]), metal)]
