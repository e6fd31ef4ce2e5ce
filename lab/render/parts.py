"""What pieces are put together from: set stones, mounts, links. Lengths in mm, a setting's girdle at z 0, face up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from lab.render import gems
from lab.render.mesh import Array, Mesh, ball, circle, lathe, merge, superellipse, tube


class Part(NamedTuple):
    """A mesh of one material (see `materials.bsdf`); the camera frames only what is `framed`.

    Stones tell their `cut` and how many of them the mesh holds.
    """

    mesh: Mesh
    material: str
    framed: bool = True
    cut: str = ""
    number: int = 0


Parts = list[Part]

UP = np.array([0.0, 0.0, 1.0])


def moved(parts: Iterable[Part], x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Parts:
    return [part._replace(mesh=part.mesh.moved(x, y, z)) for part in parts]


def turned(parts: Iterable[Part], axis: str, degrees: float) -> Parts:
    return [part._replace(mesh=part.mesh.turned(axis, degrees)) for part in parts]


def mirrored(parts: Iterable[Part]) -> Parts:
    """The same parts as in a mirror that stands in the plane x 0."""
    flip = np.array([-1.0, 1.0, 1.0])
    return [p._replace(mesh=Mesh(p.mesh.vertices * flip, p.mesh.faces[:, ::-1], p.mesh.crease)) for p in parts]


def rest(parts: Parts) -> Parts:
    """The same parts with their lowest point on the table, z 0."""
    lowest = min(part.mesh.vertices[:, 2].min() for part in parts)
    return moved(parts, z=-lowest)


def extent(parts: Parts) -> tuple[Array, Array]:
    """The lowest and highest corner (3,) of the framed parts' bounding box."""
    points = np.concatenate([part.mesh.vertices for part in parts if part.framed])
    return points.min(0), points.max(0)


def ellipse(width: float, length: float, points: int = 64) -> Array:
    """A closed level path (points, 3), counter-clockwise from above."""
    return level(circle(1.0, points) * (width / 2, length / 2))


def level(flat: Array, z: float = 0.0) -> Array:
    """A path (n, 3) at height `z` of points (n, 2)."""
    return np.column_stack([flat, np.full(len(flat), z)])


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


def copies(mesh: Mesh, path: Array, step: float, closed: bool = True, rolls: Sequence[float] = (0.0,)) -> list[Mesh]:
    """Copies of `mesh` along `path`, its x axis ahead and its z axis up, rolled in turn by `rolls` degrees."""
    placed = []
    for i, (point, ahead) in enumerate(zip(*spaced(path, step, closed), strict=True)):
        left = np.cross(UP, ahead)
        left = left / max(float(np.linalg.norm(left)), 1e-9)
        copy = mesh.turned("x", rolls[i % len(rolls)]) if rolls[i % len(rolls)] else mesh
        placed.append(copy.framed(ahead, left, np.cross(ahead, left), point))
    return placed


def repeated(mesh: Mesh, path: Array, step: float, closed: bool = True, rolls: Sequence[float] = (0.0,)) -> Mesh:
    """`copies` as one mesh."""
    return merge(copies(mesh, path, step, closed, rolls))


def stone(cut: str, material: str, width: float, length: float | None = None) -> Part:
    """A loose stone of a cut in `gems.CUTS`."""
    return Part(gems.CUTS[cut](width, length or width), material, cut=cut, number=1)


def stones(cut: str, material: str, meshes: Sequence[Mesh]) -> Part:
    """Many loose stones of one cut and material."""
    return Part(merge(meshes), material, cut=cut, number=len(meshes))


def clawed(metal: str, cut: str, material: str, width: float, length: float | None = None, count: int = 4) -> Parts:
    """A stone in a basket with `count` claws, at the corners of a cut that has them."""
    gem = stone(cut, material, width, length)
    if cut == "pearl":
        cup = lathe(np.array([[0.1, -0.5], [0.3, -0.5], [0.36, -0.38], [0.2, -0.42]]) * width, 24)
        return [gem, Part(cup, metal)]
    wire = 0.055 * width + 0.13
    edge = gems.outline(gem.mesh)
    meshes = [tube(level(edge * 0.74, -0.3 * width), circle(0.8 * wire, 8), closed=True)]
    for angle in claw_angles(cut, count, (length or width) / width):
        way = np.array([np.cos(angle), np.sin(angle), 0])
        out = way * gems.reach(gem.mesh, angle)
        lift = UP * width / 2
        tip = out + way * 0.3 * wire + 0.05 * lift
        path = np.stack([0.45 * out - 0.95 * lift, 0.96 * out - 0.3 * lift, tip, 0.9 * out + 0.2 * lift])
        meshes += [tube(path, circle(wire, 8)), ball(1.15 * wire, 10).moved(*path[-1])]
    return [gem, Part(merge(meshes), metal)]


def claw_angles(cut: str, count: int, ratio: float) -> list[float]:
    """Directions (radians) of `count` claws: at a square cut's corners, a pear's or marquise's points, else even."""
    if cut in ("princess", "emerald") and count == 4:
        corner = float(np.arctan2(ratio, 1.0))
        return [corner, np.pi - corner, np.pi + corner, -corner]
    start = np.pi / 2 if cut in ("pear", "marquise") and count != 4 else np.pi / count
    if cut in ("pear", "marquise") and count == 4:
        return [np.pi / 2, -np.pi / 2, 0.0, np.pi] if cut == "marquise" else [np.pi / 2, -0.3, np.pi + 0.3, -np.pi / 2]
    return [float(start + 2 * np.pi * i / count) for i in range(count)]


def bezel(metal: str, cut: str, material: str, width: float, length: float | None = None) -> Parts:
    """A stone in a cup with a rim."""
    gem = stone(cut, material, width, length)
    if cut == "pearl":
        return clawed(metal, cut, material, width, length)
    rim = 0.5 + 0.05 * width
    path = level(gems.outline(gem.mesh, 0.35 * rim))
    wall = tube(path, superellipse(rim, 0.5 + 0.04 * width, 4, 12), closed=True)
    deep = 0.16 * width if cut == "cabochon" else 0.34 * width
    cup = tube(level(gems.outline(gem.mesh), -0.6 * deep), superellipse(1.3 * deep, 0.6 * rim, 4, 10), closed=True)
    return [gem, Part(merge([wall, cup]), metal)]


def halo(metal: str, accent: str, around: Mesh, size: float, gap: float = 0.2) -> Parts:
    """A plate of small brilliants of `size` around the stone `around`; diamonds are set in white metal."""
    path = level(gems.outline(around, gap + 0.6 * size, 96))
    seat = tube(path, superellipse(0.6, 1.25 * size, 4, 12), closed=True).moved(z=-0.42)
    beads = repeated(ball(0.13 * size, 6), level(gems.outline(around, gap + 1.1 * size, 96), 0.02), 1.06 * size)
    small = copies(gems.brilliant(size), path, 1.06 * size)
    mount = "white gold" if accent == "diamond" else metal
    return [stones("round", accent, small), Part(merge([seat, beads]), mount)]


def link(length: float, width: float, wire: float) -> Mesh:
    """An oval chain link lying along x."""
    return tube(ellipse(length, width, 18), circle(wire, 8), closed=True)


def chain(metal: str, path: Array, size: float, kind: str = "cable", framed: bool = True) -> Part:
    """A chain along `path` of links `size` long: cable, curb, figaro, box, rope, snake, ball or paperclip."""
    if kind == "ball":
        return Part(repeated(ball(0.36 * size, 10), path, 0.82 * size, closed=False), metal, framed)
    if kind == "snake":
        return Part(repeated(_scale(size), path, 0.2 * size, closed=False), metal, framed)
    if kind == "rope":
        return Part(_strands(path, size), metal, framed)
    if kind == "box":
        cube = tube(level(superellipse(0.62 * size, 0.62 * size, 8, 16)), circle(0.17 * size, 6), closed=True)
        return Part(repeated(cube, path, 0.46 * size, closed=False, rolls=(0.0, 90.0)), metal, framed)
    if kind == "paperclip":
        clip = tube(level(superellipse(1.5 * size, 0.5 * size, 4, 24)), circle(0.1 * size, 8), closed=True)
        return Part(repeated(clip, path, 1.2 * size, closed=False, rolls=(35.0, -55.0)), metal, framed)
    if kind == "curb":
        flat = link(size, 0.78 * size, 0.15 * size)
        return Part(repeated(flat, path, 0.58 * size, closed=False, rolls=(32.0,)), metal, framed)
    if kind == "figaro":
        short, long = link(size, 0.74 * size, 0.13 * size), link(1.9 * size, 0.8 * size, 0.15 * size)
        placed = copies(short, path, 0.78 * size, closed=False, rolls=(30.0,))
        longer = copies(long, path, 0.78 * size, closed=False, rolls=(30.0,))
        return Part(merge([longer[i] if i % 4 == 1 else m for i, m in enumerate(placed)]), metal, framed)
    oval = link(size, 0.72 * size, 0.13 * size)
    return Part(repeated(oval, path, 0.72 * size, closed=False, rolls=(40.0, -50.0)), metal, framed)


CHAINS = ("cable", "curb", "figaro", "box", "rope", "snake", "ball", "paperclip")


def _scale(size: float) -> Mesh:
    return tube(
        np.array([[-0.1 * size, 0, 0], [0.1 * size, 0, 0]]), circle(0.36 * size, 12), scale=np.array([1.0, 0.86])
    )


def _strands(path: Array, size: float) -> Mesh:
    """Two wires wound about each other."""
    points, ahead = spaced(path, 0.16 * size, closed=False)
    left = np.cross(UP, ahead)
    up = np.cross(ahead, left)
    turn = (np.arange(len(points)) * 0.16 * 2 * np.pi / 1.9)[:, None]
    offset = 0.24 * size * (left * np.cos(turn) + up * np.sin(turn))
    return merge([tube(points + way * offset, circle(0.24 * size, 8)) for way in (1, -1)])
