"""Cut stones and cabochons, girdle at z 0 and table up, in millimetres.

Every cut keeps within the ranges of `PROPORTIONS`, shares of the stone's width. Pearls and beads are balls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull

from lab.render.mesh import Array, Mesh, ball, circle, lathe


class Proportions(NamedTuple):
    """Allowed shares of the width for the table and the total depth, the usual length to width, and who says so."""

    table: tuple[float, float]
    depth: tuple[float, float]
    ratio: tuple[float, float]
    source: str


RATIOS = "https://www.brilliantearth.com/popup-l-w-ratio/"
SHAPES = "http://mydiamondcuts.com/diamond-cut-shapes/choosing-an-ideal-cut-for-different-diamond-shapes/"
PRINCESS = (
    "https://diamondscreener.com/education/princess-cut-diamond-guide-ideal-depth-table-crown-height-and-facet-pattern"
)
PROPORTIONS: dict[str, Proportions] = {
    "round": Proportions((0.54, 0.58), (0.59, 0.63), (1.0, 1.0), "GIA excellent, https://www.gia.edu/diamond-cut"),
    "oval": Proportions((0.53, 0.63), (0.58, 0.63), (1.3, 1.7), f"as round; {RATIOS}"),
    "princess": Proportions((0.68, 0.72), (0.71, 0.75), (1.0, 1.05), PRINCESS),
    "emerald": Proportions((0.61, 0.68), (0.60, 0.65), (1.3, 1.4), f"{SHAPES}; {RATIOS}"),
    "pear": Proportions((0.57, 0.62), (0.58, 0.64), (1.45, 1.75), f"{SHAPES}; {RATIOS}"),
    "marquise": Proportions((0.55, 0.63), (0.58, 0.64), (1.75, 2.3), f"{SHAPES}; {RATIOS}"),
}
TABLE, STAR, LOWER_HALF = 0.57, 0.50, 0.77
CROWN_SLOPE, PAVILION_SLOPE = np.tan(np.radians(34.5)), np.tan(np.radians(40.75))
"""A round brilliant's table, star and lower-half lengths and its crown and pavilion angles: mid GIA excellent."""
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
    points = _brilliant_points(table=0.59)
    ahead = np.clip(points[:, 1], 0, None)
    points[:, 0] *= 1 - 0.62 * ahead**2
    points[:, 1] += 0.45 * ahead
    return _hull((points - (0, 0.225, 0)) * (width / 2, length / 2.45, width / 2))


def marquise(width: float, length: float) -> Mesh:
    """A brilliant drawn to a point at both ends: its outline is a parabola each side."""
    points = _brilliant_points(table=0.60)
    points[:, 0] *= np.sqrt(np.clip(1.0 - 0.94 * points[:, 1] ** 2, 0, None))
    return _hull(points * (width / 2, length / 2, width / 2))


def princess(width: float, length: float) -> Mesh:
    """A square brilliant: a low crown over a pavilion of three chevrons a side."""
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], float)
    table = np.column_stack([0.70 * corners, np.full(4, 0.24)])
    stars = np.column_stack([np.roll(corners + np.roll(corners, -1, 0), 0, 0) * 0.5 * 0.84, np.full(4, 0.17)])
    girdle = [np.column_stack([corners, np.full(4, z)]) for z in (0.03, -0.03)]
    sides = (corners + np.roll(corners, -1, 0)) / 2
    chevrons = [
        np.column_stack([sides * reach, np.full(4, z)]) for reach, z in ((0.86, -0.36), (0.62, -0.68), (0.34, -0.96))
    ]
    points = np.concatenate([table, stars, *girdle, *chevrons, [[0.0, 0.0, -1.22]]])
    return _hull(points * (width / 2, length / 2, width / 2))


def emerald_cut(width: float, length: float) -> Mesh:
    """A step cut with trimmed corners, its length along y."""
    half = width / 2
    levels = [(0.63, 0.29), (0.84, 0.17), (1.0, 0.03), (1.0, -0.03), (0.80, -0.40), (0.50, -0.74), (0.12, -0.96)]
    inset = (length - width) / 2
    rings = []
    for size, z in levels:
        x, y, trim = half * size, half * size + inset, 0.3 * half * size
        corner = np.array([[x, y - trim], [x - trim, y]])
        outline = np.concatenate([corner * (sx, sy) for sx in (1, -1) for sy in (1, -1)])
        rings.append(np.column_stack([outline, np.full(8, z * half)]))
    return _hull(np.concatenate(rings))


def cabochon(width: float, length: float) -> Mesh:
    """A polished dome with an oval foot, 0.42 of the width high."""
    angle = np.linspace(0, np.pi / 2 - 1e-3, 12)
    profile = np.stack([np.cos(angle), np.sin(angle)], -1)
    return lathe(np.concatenate([[[1.0, -0.3]], profile])).scaled(width / 2, length / 2, 0.42 * width)


CUTS: dict[str, Callable[[float, float], Mesh]] = {
    "round": lambda width, _: brilliant(width),
    "oval": oval,
    "princess": princess,
    "emerald": emerald_cut,
    "pear": pear,
    "marquise": marquise,
    "cabochon": cabochon,
    "pearl": lambda width, _: ball(width / 2),
}


def outline(mesh: Mesh, grow: float = 0.0, points: int = 64) -> Array:
    """The loop (points, 2) about a stone seen from above, `grow` mm outside it, evenly spaced, counter-clockwise."""
    flat = mesh.vertices[:, :2]
    hull = flat[ConvexHull(flat).vertices]
    if grow:
        ring = circle(grow, 48)
        flat = (hull[:, None] + ring[None]).reshape(-1, 2)
        hull = flat[ConvexHull(flat).vertices]
    line = np.concatenate([hull, hull[:1]])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], points, endpoint=False)
    return np.stack([np.interp(at, length, line[:, axis]) for axis in range(2)], -1)


def reach(mesh: Mesh, angle: float) -> float:
    """How far the stone reaches from its origin towards `angle` (radians) seen from above, in mm."""
    hull = ConvexHull(mesh.vertices[:, :2])
    along = hull.equations[:, :2] @ np.array([np.cos(angle), np.sin(angle)])
    return float((-hull.equations[:, 2][along > 1e-9] / along[along > 1e-9]).min())


def _brilliant_points(table: float = TABLE) -> Array:
    eighth = np.pi / 4
    mains, halves = np.arange(8) * eighth, (np.arange(8) + 0.5) * eighth
    chord = np.cos(eighth / 2)
    star = table * chord + STAR * (1 - table * chord)
    lower = 1 - LOWER_HALF
    girdle = np.arange(32) * eighth / 4
    return np.concatenate(
        [
            _circle_at(mains, table, (1 - table) * CROWN_SLOPE),
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
    used, compact = np.unique(faces, return_inverse=True)
    return Mesh(points[used], compact.reshape(faces.shape).astype(np.int64), crease=1.0)
