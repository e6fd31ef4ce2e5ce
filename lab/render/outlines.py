"""Flat shapes: hearts, crosses, stars and the like as loops (k, 2), counter-clockwise, and plates cut to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from skimage.draw import polygon2mask
from skimage.measure import points_in_poly

from lab.render.mesh import Array, Mesh, ball, circle, loft, merge, prism, superellipse, tube
from lab.render.parts import level


def heart(size: float) -> Array:
    """`size` across: x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t.

    The "heart curve" of https://mathworld.wolfram.com/HeartCurve.html.
    """
    t = -np.linspace(0, 2 * np.pi, 96, endpoint=False)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, y], -1) * (size / 32)


def cross(size: float) -> Array:
    """A Latin cross `size` high, its crossing at the origin."""
    b, w, top, low = 0.09 * size, 0.32 * size, 0.38 * size, -0.62 * size
    right = [(b, low), (b, -b), (w, -b), (w, b), (b, b), (b, top)]
    return np.array(right + [(-x, y) for x, y in reversed(right)])


def star(size: float, points: int = 5) -> Array:
    angle = np.pi / 2 + np.arange(2 * points) * np.pi / points
    radius = size / 2 * np.where(np.arange(2 * points) % 2, 0.46, 1.0)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


def moon(size: float) -> Array:
    """A crescent open to the right."""
    outer = np.radians(np.linspace(48, 312, 60))
    inner = np.radians(np.linspace(304, 56, 60))
    big = np.stack([np.cos(outer), np.sin(outer)], -1)
    tips = big[0, 1]
    small = np.stack([0.72 * np.cos(inner), tips * np.sin(inner) / np.sin(np.radians(56)) * 0.96], -1) + np.array(
        [0.32, 0.0]
    )
    return np.concatenate([big, small]) * size / 2


def bar(size: float) -> Array:
    return superellipse(0.24 * size, 1.3 * size, 8, 64)


def tag(size: float) -> Array:
    return superellipse(0.62 * size, size, 5, 64)


SHAPES: dict[str, Callable[[float], Array]] = {
    "heart": heart,
    "cross": cross,
    "star": star,
    "moon": moon,
    "disc": lambda size: circle(size / 2, 72),
    "bar": bar,
    "tag": tag,
}


def middle(kind: str, size: float) -> float:
    """Where (y) a stone sits on the plate."""
    return {"bar": -0.42 * size, "tag": -0.22 * size, "moon": -0.36 * size, "heart": 0.05 * size}.get(kind, 0.0)


def inset(shape: Array, by: float) -> Array:
    """The loop moved inward by `by` mm along its normals, corners cut."""
    line = np.concatenate([shape, shape[:1]])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], 240, endpoint=False)
    even = np.stack([np.interp(at, length, line[:, axis]) for axis in range(2)], -1)
    ahead = np.roll(even, -3, 0) - np.roll(even, 3, 0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    moved = even + by * np.stack([-ahead[:, 1], ahead[:, 0]], -1)
    apart = np.linalg.norm(moved[:, None] - even[None], axis=-1).min(1)
    kept: Array = moved[(apart > 0.9 * by) & points_in_poly(moved, shape)]
    return kept


def puffed(shape: Array, inside: Array | float) -> Array | float:
    """How much a plate rises above its height `inside` mm from its edge."""
    wide = float(np.ptp(shape[:, 0]))
    return 0.07 * wide * (1 - np.exp(-inside / (0.16 * wide)))


def plate(shape: Array, height: float, step: float = 0.7) -> Mesh:
    """`shape`, however bent, raised from z 0 to `height` and puffed a little beyond, as many small triangles."""
    low, high = shape.min(0) - step, shape.max(0) + step
    fine = step / 4
    grid = np.ceil((high - low) / fine).astype(int) + 1
    mask = polygon2mask(tuple(grid), (shape - low) / fine)
    cells = np.argwhere(mask[:-1, :-1] & mask[1:, :-1] & mask[:-1, 1:] & mask[1:, 1:])
    ids = np.full(tuple(grid), -1)
    corners = np.concatenate([cells + offset for offset in ((0, 0), (1, 0), (1, 1), (0, 1))])
    used = np.unique(corners, axis=0)
    ids[used[:, 0], used[:, 1]] = np.arange(len(used))
    flat = used * fine + low
    near = np.linalg.norm(flat[:, None, :] - _edge(shape, fine)[None], axis=-1)
    nearest = near.argmin(1)
    on_rim = near[np.arange(len(flat)), nearest] < 1.5 * fine
    flat[on_rim] = _edge(shape, fine)[nearest[on_rim]]
    quads = np.stack([ids[cells[:, 0] + i, cells[:, 1] + j] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], -1)
    top = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    n = len(flat)
    sides = np.concatenate([top[:, [0, 1]], top[:, [1, 2]], top[:, [2, 0]]])
    key = {(a, b) for a, b in sides.tolist()}
    rim = np.array([(a, b) for a, b in key if (b, a) not in key])
    rim = rim[np.lexsort((rim[:, 1], rim[:, 0]))]
    walls = np.concatenate(
        [np.stack([rim[:, 0], rim[:, 0] + n, rim[:, 1]], -1), np.stack([rim[:, 1], rim[:, 0] + n, rim[:, 1] + n], -1)]
    )
    dome = puffed(shape, near.min(1))
    vertices = np.concatenate([np.column_stack([flat, height + dome]), level(flat, 0.0)])
    return Mesh(vertices, np.concatenate([top, top[:, ::-1] + n, walls]).astype(np.int64))


def _edge(shape: Array, step: float) -> Array:
    line = np.concatenate([shape, shape[:1]])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], int(length[-1] / step * 2), endpoint=False)
    return np.stack([np.interp(at, length, line[:, axis]) for axis in range(2)], -1)


def tree(size: float) -> Mesh:
    """A tree of life: a trunk and branches within a ring."""
    meshes = [tube(level(circle(size / 2, 96)), circle(0.6, 10), closed=True)]
    trunk = np.array([[0.0, -0.5, 0], [0.01, -0.25, 0], [-0.01, 0.0, 0], [0.0, 0.12, 0]]) * size
    meshes.append(tube(trunk, circle(0.055 * size, 10), scale=np.array([1.3, 1.0, 0.8, 0.5])))
    random = np.random.default_rng(5)
    for side in np.linspace(-1, 1, 11):
        end = np.array([0.45 * np.sin(1.55 * side), 0.45 * np.cos(1.55 * side)]) * size
        bend = np.array([0.1 * side, 0.08 + 0.1 * random.random()]) * size
        start = np.array([0.0, 0.08 - 0.16 * abs(side)]) * size
        t = np.linspace(0, 1, 10)[:, None]
        path = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        meshes.append(tube(level(path), circle(0.018 * size + 0.1, 8)))
        for s in (6, 8):
            meshes.append(ball(0.035 * size, 10).moved(path[s, 0] + 0.03 * size, path[s, 1], 0.1))
    for way in (-1, 1):
        root = np.array([[0.0, -0.3], [0.1 * way, -0.42], [0.22 * way, -0.44]]) * size
        meshes.append(tube(level(root), circle(0.02 * size + 0.1, 8)))
    return merge(meshes)


def key(size: float) -> Mesh:
    """A key, its bow at the top, `size` its shank and bow together."""
    bow = [
        tube(level(circle(0.15 * size, 48)), circle(0.04 * size, 10), closed=True).turned("z", a).moved(y=0.42 * size)
        for a in (0,)
    ]
    trefoil = [
        tube(level(circle(0.1 * size, 32)), circle(0.03 * size, 8), closed=True).moved(x * size, y * size)
        for x, y in ((-0.2, 0.4), (0.2, 0.4), (0.0, 0.6))
    ]
    shank = tube(np.array([[0, 0.28 * size, 0], [0, -0.6 * size, 0]]), circle(0.045 * size, 12))
    collar = tube(np.array([[0, 0.26 * size, 0], [0, 0.2 * size, 0]]), circle(0.075 * size, 12))
    teeth = [
        prism(superellipse(0.2 * size, 0.09 * size, 8, 16), 0.06 * size, 0.1).moved(0.1 * size, y * size, -0.03 * size)
        for y in (-0.55, -0.42)
    ]
    return merge([*bow, *trefoil, shank, collar, *teeth])


def ring_plate(outer: Array, inner: Array, height: float) -> Mesh:
    """The flat ring between two loops (k, 2) of one length, raised to `height`."""
    rings = np.stack([level(outer, 0.0), level(outer, height), level(inner, height), level(inner, 0.0)])
    return loft(np.swapaxes(rings, 0, 1)[:, ::-1], closed=True)
