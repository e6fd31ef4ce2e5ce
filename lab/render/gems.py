"""Cut stones and cabochons, girdle at z 0 and table up, in millimetres.

Round brilliant: table 57 %, crown 34.5 degrees, pavilion 40.75 degrees, star 50 %, lower halves 77 % (the middle of
GIA's "excellent" grades, https://www.gia.edu/diamond-cut). Step cut: table 60 %, total depth 64 % of the width,
the middle of the trade's range for emerald cuts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull  # type: ignore[import-untyped]  # scipy ships no types

from lab.render.mesh import Array, Mesh, lathe

TABLE, STAR, LOWER_HALF = 0.57, 0.50, 0.77
CROWN_SLOPE, PAVILION_SLOPE = np.tan(np.radians(34.5)), np.tan(np.radians(40.75))
GIRDLE = 0.05
"""Thickness of the girdle as a share of the radius."""


def brilliant(diameter: float) -> Mesh:
    """A round brilliant."""
    return _hull(_brilliant_points() * (diameter / 2))


def oval(width: float, length: float) -> Mesh:
    """A brilliant stretched along y."""
    return _hull(_brilliant_points() * (width / 2, length / 2, width / 2))


def pear(width: float, length: float) -> Mesh:
    """A brilliant drawn to a point at +y."""
    points = _brilliant_points()
    ahead = np.clip(points[:, 1], 0, None)
    points[:, 0] *= 1 - 0.62 * ahead**2
    points[:, 1] += 0.45 * ahead
    return _hull(points * (width / 2, length / 2.45, width / 2))


def emerald_cut(width: float, length: float) -> Mesh:
    """A step cut with trimmed corners, its length along y."""
    half = width / 2
    levels = [(0.60, 0.30), (0.84, 0.17), (1.0, 0.03), (1.0, -0.03), (0.80, -0.40), (0.50, -0.74), (0.12, -0.98)]
    inset = (length - width) / 2
    rings = []
    for size, z in levels:
        x, y, trim = half * size, half * size + inset, 0.3 * half * size
        corner = np.array([[x, y - trim], [x - trim, y]])
        outline = np.concatenate([corner * (sx, sy) for sx in (1, -1) for sy in (1, -1)])
        rings.append(np.column_stack([outline, np.full(8, z * half)]))
    return _hull(np.concatenate(rings))


def cabochon(width: float, length: float, height: float) -> Mesh:
    """A polished dome with an oval foot."""
    angle = np.linspace(0, np.pi / 2 - 1e-3, 12)
    profile = np.stack([np.cos(angle), np.sin(angle)], -1)
    return lathe(np.concatenate([[[1.0, -0.3]], profile])).scaled(width / 2, length / 2, height)


def _brilliant_points() -> Array:
    eighth = np.pi / 4
    mains, halves = np.arange(8) * eighth, (np.arange(8) + 0.5) * eighth
    chord = np.cos(eighth / 2)
    star = TABLE * chord + STAR * (1 - TABLE * chord)
    lower = 1 - LOWER_HALF
    girdle = np.arange(32) * eighth / 4
    return np.concatenate(
        [
            _circle_at(mains, TABLE, (1 - TABLE) * CROWN_SLOPE),
            _circle_at(halves, star, (1 - star * chord) * CROWN_SLOPE),
            _circle_at(girdle, 1.0, 0.0),
            _circle_at(girdle, 1.0, -GIRDLE),
            _circle_at(halves, lower, -GIRDLE - (1 - lower * chord) * PAVILION_SLOPE),
            [[0.0, 0.0, -GIRDLE - PAVILION_SLOPE]],
        ]
    )


def _circle_at(angles: npt.NDArray[np.floating], radius: float, z: float) -> Array:
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles), np.full(len(angles), z)])


def _hull(points: Array) -> Mesh:
    hull = ConvexHull(points)
    faces = hull.simplices.astype(np.int64)
    corners = points[faces]
    outward = np.einsum(
        "ij,ij->i", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), hull.equations[:, :3]
    )
    faces[outward < 0] = faces[outward < 0][:, ::-1]
    return Mesh(points, faces, crease=1.0)
