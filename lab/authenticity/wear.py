"""The same piece after years: its polish dulled, and scratches on its metal."""

from __future__ import annotations

import numpy as np

from lab.render.design import Random
from lab.render.materials import METALS
from lab.render.mesh import Array, circle, merge, shaded, tube
from lab.render.parts import Part, Parts, extent


def worn(parts: Parts, random: Random, degree: float) -> Parts:
    """`parts` as worn as `degree` says, 0 new to 1 worn for decades: polished metal is dulled, and up to 120 scratches
    lie on it, each within 2.5% of the piece's size."""
    low, high = extent(parts)
    size = float(np.linalg.norm(high - low))
    aged = [_dulled(part) if degree > 0.3 else part for part in parts]
    metal = [part for part in parts if part.framed and part.material.partition("/")[0] in METALS]
    count = int(20 + 100 * degree)
    return aged + [scratch for scratch in [_scratches(metal, size, count, random)] if scratch is not None]


def _dulled(part: Part) -> Part:
    name, _, finish = part.material.partition("/")
    return part._replace(material=f"{name}/worn") if name in METALS and not finish and name != "blackened" else part


def _scratches(metal: Parts, size: float, count: int, random: Random) -> Part | None:
    """Thin rough lines that lie on the surface, where it is seen from above and around, drawn by area."""
    if not metal:
        return None
    corners, normals = [], []
    for part in metal:
        vertices, faces, at_corner = shaded(part.mesh)
        corners.append(vertices[faces])
        normals.append(at_corner[faces].mean(1))
    points, up = np.concatenate(corners), np.concatenate(normals)
    area = np.linalg.norm(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1)
    area = area * (up[:, 2] > -0.3)
    if area.sum() <= 0:
        return None
    chosen = random.choice(len(points), count, p=area / area.sum())
    lines = [_line(points[i], up[i], size, random) for i in chosen]
    wire = circle(0.0011 * size, 5)
    return Part(merge([tube(line, wire) for line in lines]), f"{metal[0].material.partition('/')[0]}/scratched")


def _line(triangle: Array, up: Array, size: float, random: Random) -> Array:
    """Two points (2, 3) of a scratch through a face, along it."""
    share = random.dirichlet((1.0, 1.0, 1.0))
    middle = share @ triangle
    up = up / max(float(np.linalg.norm(up)), 1e-9)
    way = np.cross(up, random.standard_normal(3))
    way = way / max(float(np.linalg.norm(way)), 1e-9)
    half = 0.5 * size * float(random.uniform(0.006, 0.025)) * way
    return np.stack([middle - half, middle + half])
