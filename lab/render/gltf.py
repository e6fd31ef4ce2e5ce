"""A rendered piece as a binary glTF 2.0 (.glb), to look at from all sides: metres, y up, its front towards +z.

As the Khronos Group's "glTF 2.0 Specification" (ISO/IEC 12113:2022) has it, and of stones the extensions
KHR_materials_transmission and KHR_materials_ior, without which a viewer shows them opaque.
"""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

import fast_simplification
import numpy as np
import numpy.typing as npt

from lab.render.materials import GEMS, SOLID, bsdf, glossy, reflected
from lab.render.mesh import Array, Mesh, shaded
from lab.render.parts import Part, Parts

MOST_BYTES = 300_000
"""Of a piece. One that were more has its metal drawn by fewer triangles, its stones never."""
SOFTER = 0.85
"""How many triangles of metal are left from one try to the next."""
FEWEST = 0.05
MOST_FINE = 40
"""Stones of one material, from which on they are opaque: hundreds of see-through facets stutter on a phone."""
METRES = 1e-3
ROUGHEST_POLISH = 0.12
"""The least roughness: a real-time viewer shows a smoother metal as black and white, for want of a room to mirror."""
_FLOAT, _SHORT, _INT = 5126, 5123, 5125
_ARRAY, _INDICES = 34962, 34963


class Corners(NamedTuple):
    """What a viewer draws: `positions` (n, 3) in metres and unit `normals` (n, 3), float32; `faces` (m, 3) of them."""

    positions: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int64]


def glb(parts: Parts, name: str, most: int = MOST_BYTES) -> bytes:
    """The framed `parts` as one mesh, a primitive a material. Raises ValueError where `most` bytes are too few."""
    framed = [part for part in parts if part.framed]
    share = 1.0
    while len(data := _packed(framed, name, share)) > most:
        share *= SOFTER
        if share < FEWEST:
            raise ValueError(f"{name} is {len(data)} bytes, and cannot be {most}")
    return data


def _packed(parts: Parts, name: str, share: float) -> bytes:
    binary = bytearray()
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    primitives: list[dict[str, Any]] = []
    materials: list[dict[str, Any]] = []

    def stored(values: npt.NDArray[Any], kind: str, component: int, target: int, **more: Any) -> int:
        data = values.tobytes()
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data), "target": target})
        binary.extend(data + bytes(-len(data) % 4))
        count = values.size if kind == "SCALAR" else len(values)
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": count, "type": kind, **more}
        )
        return len(accessors) - 1

    for material in sorted({part.material for part in parts}):
        of_it = [part for part in parts if part.material == material]
        seen = _corners(of_it, share)
        low, high = (getattr(seen.positions, edge)(axis=0).tolist() for edge in ("min", "max"))
        short = len(seen.positions) <= np.iinfo(np.uint16).max
        position = stored(seen.positions, "VEC3", _FLOAT, _ARRAY, min=low, max=high)
        normal = stored(seen.normals, "VEC3", _FLOAT, _ARRAY)
        faces = seen.faces.astype(np.uint16 if short else np.uint32).ravel()
        indices = stored(faces, "SCALAR", _SHORT if short else _INT, _INDICES)
        attributes = {"POSITION": position, "NORMAL": normal}
        primitives.append({"attributes": attributes, "indices": indices, "material": len(materials)})
        materials.append(_material(material, sum(part.number for part in of_it)))
    used = sorted({one for material in materials for one in material.get("extensions", {})})
    document = {
        "asset": {"version": "2.0", "generator": "Loupe, python -m lab export-gltf"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [{"primitives": primitives, "name": name}],
        "materials": materials,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    } | ({"extensionsUsed": used} if used else {})
    told = json.dumps(document, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 4)
    chunks = struct.pack("<II", len(told), 0x4E4F534A) + told + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _corners(parts: Parts, share: float) -> Corners:
    """All `parts` together, of the metal about `share` of its triangles; equal corners are one, slivers none."""
    points, normals, faces, start = [], [], [], 0
    for part in parts:
        vertices, triangles, ways = shaded(_fewer(part, share))
        points.append(vertices)
        normals.append(ways)
        faces.append(triangles + start)
        start += len(vertices)
    both = np.concatenate([_upright(np.concatenate(points)) * METRES, _upright(np.concatenate(normals))], axis=1)
    corners, where = np.unique(np.round(both, 7).astype(np.float32), axis=0, return_inverse=True)
    length = np.linalg.norm(corners[:, 3:], axis=1, keepdims=True)
    triangles = where.reshape(-1)[np.concatenate(faces)]
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a) & (length[triangles, 0] > 0.5).all(1)]
    used, renamed = np.unique(triangles, return_inverse=True)
    positions, ways = corners[used, :3], corners[used, 3:] / length[used]
    return Corners(np.ascontiguousarray(positions), np.ascontiguousarray(ways), renamed.reshape(-1, 3))


def _fewer(part: Part, share: float) -> Mesh:
    """By quadric error, as `fast_simplification` has it. Stones keep their facets."""
    mesh = part.mesh
    if part.number or share >= 1:
        return mesh
    vertices, faces = fast_simplification.simplify(
        mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), target_reduction=1 - share
    )
    return Mesh(np.asarray(vertices, np.float64), np.asarray(faces, np.int64), mesh.crease)


def _upright(vectors: Array) -> Array:
    """The renderer's z, up, becomes y; its front, -y, becomes +z."""
    return vectors[:, [0, 2, 1]] * (1.0, 1.0, -1.0)


def _material(name: str, stones: int) -> dict[str, Any]:
    """As the renderer has it. The roughness of glTF is the square root of the renderer's alpha."""
    if name in GEMS:
        gem = GEMS[name]
        look = _look([part**0.5 for part in gem.passes], 0.0, 0.02)
        ior: dict[str, Any] = {"KHR_materials_ior": {"ior": gem.ior}}
        if stones <= MOST_FINE:
            ior["KHR_materials_transmission"] = {"transmissionFactor": 0.9}
        return {"name": name, "pbrMetallicRoughness": look, "extensions": ior}
    if "material" in (rough := bsdf(name)) or "k" in rough:
        return {
            "name": name,
            "pbrMetallicRoughness": _look(reflected(name), 1.0, max(rough["alpha"] ** 0.5, ROUGHEST_POLISH)),
        }
    alpha, index, colour = glossy(name)
    more = {"extensions": {"KHR_materials_ior": {"ior": index}}} if name in SOLID else {}
    return {"name": name, "pbrMetallicRoughness": _look(colour, 0.0, alpha**0.5)} | more


def _look(colour: Any, metallic: float, roughness: float) -> dict[str, Any]:
    factor = [round(float(part), 4) for part in colour]
    return {"baseColorFactor": [*factor, 1.0], "metallicFactor": metallic, "roughnessFactor": round(roughness, 3)}
