"""Triangle meshes in millimetres, z up: lofts, tubes, lathes, prisms, and the smooth normals they render with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Array = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """`vertices` (n, 3) float64 in mm, `faces` (m, 3) int64, counter-clockwise from outside.

    Two faces meeting at less than `crease` degrees are shaded as one smooth surface.
    """

    vertices: Array
    faces: Faces
    crease: float = 40.0

    def turned(self, axis: str, degrees: float) -> Mesh:
        """Rotated about a coordinate axis through the origin, right-handed."""
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        matrix = np.eye(3)
        matrix[i, i] = matrix[j, j] = c
        matrix[i, j], matrix[j, i] = -s, s
        return Mesh(self.vertices @ matrix.T, self.faces, self.crease)

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        return Mesh(self.vertices + np.array([x, y, z]), self.faces, self.crease)

    def scaled(self, x: float, y: float, z: float) -> Mesh:
        """Scaled by positive factors along the axes."""
        return Mesh(self.vertices * (x, y, z), self.faces, self.crease)

    def framed(self, right: Array, forward: Array, up: Array, origin: Array) -> Mesh:
        """Placed so that its x, y, z axes become the given orthonormal vectors (3,) at `origin` (3,)."""
        return Mesh(self.vertices @ np.stack([right, forward, up]) + origin, self.faces, self.crease)


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of many; all must share one crease angle."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)])
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), faces, meshes[0].crease)


def volume(mesh: Mesh) -> float:
    """Signed volume in mm^3 by the divergence theorem: positive when the faces look outward."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def loft(rings: Array, closed: bool = False) -> Mesh:
    """The skin over `rings` (n, k, 3), each a loop counter-clockwise about the direction of travel.

    `closed` joins the last ring to the first; otherwise both ends get a cap around their centre.
    """
    n, k, _ = rings.shape
    spans = n if closed else n - 1
    row, column = np.meshgrid(np.arange(spans), np.arange(k), indexing="ij")
    a = row * k + column
    b = row * k + (column + 1) % k
    c = (row + 1) % n * k + (column + 1) % k
    d = (row + 1) % n * k + column
    faces = [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    vertices = [rings.reshape(-1, 3)]
    if not closed:
        vertices += [rings[:1].mean(1), rings[-1:].mean(1)]
        here, following = np.arange(k), (np.arange(k) + 1) % k
        last = (n - 1) * k
        faces.append(np.stack([np.full(k, n * k), following, here], -1))
        faces.append(np.stack([np.full(k, n * k + 1), last + here, last + following], -1))
    return Mesh(np.concatenate(vertices), np.concatenate(faces))


def circle(radius: float, segments: int = 16) -> Array:
    """A section (k, 2), counter-clockwise."""
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    return radius * np.stack([np.cos(angle), np.sin(angle)], -1)


def superellipse(width: float, height: float, power: float = 2.0, segments: int = 32) -> Array:
    """A section (k, 2) of full `width` and `height`; power 2 is an ellipse, 4 and more a rounded rectangle."""
    unit = circle(1.0, segments)
    return np.sign(unit) * np.abs(unit) ** (2 / power) * (width / 2, height / 2)


def tube(path: Array, section: Array, closed: bool = False, scale: Array | float = 1.0, turns: int = 0) -> Mesh:
    """`section` (k, 2) carried along `path` (n, 3): its y axis follows `path_normals`, its x axis lies across.

    `scale` (n,) or one factor sizes it, the section turns about the path `turns` times.
    """
    tangent = np.gradient(path, axis=0) if not closed else np.roll(path, -1, 0) - np.roll(path, 1, 0)
    tangent = tangent / np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = path_normals(path, tangent)
    across = np.cross(normal, tangent)
    size = np.broadcast_to(np.asarray(scale, float), len(path))[:, None, None]
    angle = np.linspace(0, 2 * np.pi * turns, len(path), endpoint=not closed)[:, None]
    x = section[:, 0] * np.cos(angle) - section[:, 1] * np.sin(angle)
    y = section[:, 0] * np.sin(angle) + section[:, 1] * np.cos(angle)
    offset = across[:, None] * x[..., None] + normal[:, None] * y[..., None]
    return loft(path[:, None] + offset * size, closed)


def path_normals(path: Array, tangent: Array) -> Array:
    """Unit normals (n, 3): outward in the plane of a flat path, level-up on a lying one, carried along on any other."""
    centred = path - path.mean(0)
    plane = np.linalg.svd(centred)[2][2]
    if np.abs(centred @ plane).max() < 1e-6:
        plane = plane * np.sign(plane[np.argmax(np.abs(plane))])
        return np.cross(tangent, plane)
    if np.abs(tangent[:, 2]).max() > 0.95:
        return _transported(tangent)
    up = np.array([0.0, 0.0, 1.0]) - tangent * tangent[:, 2:3]
    normals: Array = up / np.linalg.norm(up, axis=1, keepdims=True)
    return normals


def _transported(tangent: Array) -> Array:
    """Normals (n, 3) carried along `tangent` (n, 3) with as little turning as possible."""
    normal = np.eye(3)[np.argmin(np.abs(tangent[0]))]
    normals = np.empty_like(tangent)
    for i, ahead in enumerate(tangent):
        normal = normal - ahead * (normal @ ahead)
        normal = normal / np.linalg.norm(normal)
        normals[i] = normal
    return normals


def lathe(profile: Array, segments: int = 48) -> Mesh:
    """`profile` (n, 2) of (radius, z) turned about z, from bottom to top along the outside."""
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    turn = np.stack([np.cos(angle), np.sin(angle)], -1)
    rings = np.concatenate(
        [profile[:, None, :1] * turn, np.broadcast_to(profile[:, None, 1:], (len(profile), segments, 1))], -1
    )
    return loft(rings)


def ball(radius: float, segments: int = 32) -> Mesh:
    angle = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, segments // 2 + 1)
    return lathe(radius * np.stack([np.cos(angle), np.sin(angle)], -1), segments)


def prism(outline: Array, height: float, bevel: float = 0.25) -> Mesh:
    """`outline` (k, 2), star-shaped about its mean and counter-clockwise, raised from z 0 to `height` with bevels."""
    centre = outline.mean(0)
    inset = 1 - bevel / np.linalg.norm(outline - centre, axis=1).max()
    layers = [(inset, 0.0), (1.0, bevel), (1.0, height - bevel), (inset, height)]
    rings = [np.column_stack([centre + (outline - centre) * s, np.full(len(outline), z)]) for s, z in layers]
    return loft(np.stack(rings))


def shaded(mesh: Mesh) -> tuple[Array, Faces, Array]:
    """Vertices (3m, 3), faces (m, 3) and unit normals (3m, 3), one corner a vertex, creases kept sharp."""
    corners = mesh.vertices[mesh.faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = area / np.maximum(np.linalg.norm(area, axis=1, keepdims=True), 1e-12)
    used = mesh.faces.ravel()
    order = np.argsort(used, kind="stable")
    counts = np.bincount(used, minlength=len(mesh.vertices))
    slot = np.arange(len(used)) - np.repeat(np.cumsum(counts) - counts, counts)
    around = np.full((len(mesh.vertices), counts.max()), -1)
    around[used[order], slot] = order // 3
    neighbours = around[used]
    own = np.repeat(flat, 3, axis=0)
    near = (np.einsum("ij,ikj->ik", own, flat[neighbours]) > np.cos(np.radians(mesh.crease))) & (neighbours >= 0)
    normals = np.einsum("ik,ikj->ij", near.astype(float), area[neighbours])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), own)
    return corners.reshape(-1, 3), np.arange(len(used)).reshape(-1, 3), normals


def hammered(mesh: Mesh, size: float, depth: float) -> Mesh:
    """`mesh` with round dents about `size` mm across and `depth` deep all over; it needs edges shorter than a dent."""
    _, _, normals = shaded(mesh)
    at_vertex = np.zeros_like(mesh.vertices)
    np.add.at(at_vertex, mesh.faces.ravel(), normals)
    at_vertex /= np.maximum(np.linalg.norm(at_vertex, axis=1, keepdims=True), 1e-9)
    low, high = mesh.vertices.min(0) - size, mesh.vertices.max(0) + size
    random = np.random.default_rng(7)
    centres = random.uniform(low, high, (int(np.prod((high - low) / size) * 1.6) + 8, 3))
    distance, _ = cKDTree(centres).query(mesh.vertices)
    dent = depth * np.clip(1 - (distance / (0.75 * size)) ** 2, 0, None)
    return Mesh(mesh.vertices - at_vertex * dent[:, None], mesh.faces, 60.0)
