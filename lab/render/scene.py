"""One photograph: pieces, a backdrop, the room around them and a camera, rendered by Mitsuba 3 to 8-bit RGB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import mitsuba as mi
import numpy as np
import numpy.typing as npt

from lab.render.backdrops import Backdrop
from lab.render.camera import develop, field_of_view, placed
from lab.render.denoise import denoised
from lab.render.materials import GEMS, bsdf
from lab.render.mesh import Array, shaded
from lab.render.parts import Parts
from lab.render.shots import Shot

mi.set_variant("scalar_rgb")

MAX_DEPTH = 12
"""Bounces of light: enough to enter a brilliant, turn inside it and leave."""
DISPERSED = (-1.0, 0.0, 1.0)
"""One pass each for red, yellow and blue light, through stones of that light's refractive index."""
SHARES = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
"""How much of each pass (rows) every channel (columns) takes: this draws a diamond's fire at the cost of no sample."""
PASS_LIMIT = 9.0
"""A pass's pixel is clipped at this multiple of white, so that one lucky path leaves no speck."""
TABLE = 4000.0
BLOCK = 32
"""Pixels a side of what a thread renders at a time: by itself Mitsuba lets it, and the noise, depend on the threads."""


class Photograph(NamedTuple):
    """`picture` (size, size, 3) uint8 sRGB; `mask` (size, size) uint8: 0 backdrop, i + 1 where piece i is seen."""

    picture: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]


def photograph(pieces: Sequence[Parts], shot: Shot, size: int, samples: int, seed: int) -> Photograph:
    """Take `shot` of `pieces`, `samples` a pixel; the same arguments give the same bytes."""
    points = np.concatenate([part.mesh.vertices for parts in pieces for part in parts if part.framed])
    camera, target, frame = placed(points, shot)
    shapes, owners, gems = _shapes(pieces)
    scene = mi.load_dict(
        {
            "type": "scene",
            "sky": _sky(shot),
            "table": _table(shot.backdrop, frame),
            **shapes,
        }
    )
    path: dict[str, Any] = {"type": "path", "max_depth": MAX_DEPTH, "block_size": BLOCK}
    integrator = mi.load_dict(path)
    guide = mi.load_dict({"type": "aov", "aovs": "n:sh_normal", "path": path, "block_size": BLOCK})
    sensor = _sensor(shot, camera, target, size, max(2, samples // len(DISPERSED)))
    white = shot.room.white_card()
    passes, normals = [], np.zeros((size, size, 3), np.float32)
    for i, dispersed in enumerate(DISPERSED):
        for shape, name in gems:
            parameters = mi.traverse(shape)
            parameters["bsdf.eta"] = bsdf(name, dispersed)["int_ior"] / 1.000277
            parameters.update()
        seen = np.array(
            mi.render(scene, sensor=sensor, integrator=integrator if i else guide, seed=mi.UInt32(3 * seed + i))
        )
        if not i:
            normals = np.nan_to_num(seen[..., -3:]).astype(np.float32)
        passes.append(np.clip(np.nan_to_num(seen[..., :3]) / white, 0, PASS_LIMIT))
    stacked = np.stack(passes).astype(np.float32) * (3 * SHARES[:, None, None, :]).astype(np.float32)
    light = denoised(stacked, normals).astype(np.float64) * white
    return Photograph(develop(light, shot, seed), _mask(scene, shot, camera, target, size, owners))


class Surfaces(NamedTuple):
    """Of what each pixel shows: `material` (size, size), names by their number in `names`, 0 is no piece; unit
    `normal` (size, size, 3)."""

    material: npt.NDArray[np.int64]
    names: tuple[str, ...]
    normal: npt.NDArray[np.float32]


def surfaces(parts: Parts, shot: Shot, size: int, framed_by: Parts | None = None) -> Surfaces:
    """What `shot` sees of a piece, without light: from where it would be taken of `framed_by`, the piece by default."""
    points = np.concatenate([part.mesh.vertices for part in framed_by or parts if part.framed])
    camera, target, _ = placed(points, shot)
    names = sorted({part.material for part in parts})
    shapes, _, _ = _shapes([parts])
    looks: dict[str, Any] = {"type": "aov", "aovs": "i:shape_index,n:sh_normal", "block_size": BLOCK}
    scene = mi.load_dict({"type": "scene", **shapes})
    sensor = _sensor(shot, camera, target, size, 1, sharp=True)
    seen = np.nan_to_num(np.array(mi.render(scene, sensor=sensor, integrator=mi.load_dict(looks), seed=mi.UInt32(0))))
    order = [0, *(1 + list(shapes).index(shape.id()) for shape in scene.shapes())]
    index = np.array(order)[np.round(seen[..., -4]).astype(int)]
    return Surfaces(index, ("", *names), seen[..., -3:].astype(np.float32))


def _shapes(pieces: Sequence[Parts]) -> tuple[dict[str, Any], dict[str, int], list[tuple[Any, str]]]:
    """A Mitsuba shape for every material of every piece, whose piece each is (from 1 on), and the transparent ones."""
    shapes: dict[str, Any] = {}
    owners: dict[str, int] = {}
    gems: list[tuple[Any, str]] = []
    for number, parts in enumerate(pieces, 1):
        for material in sorted({part.material for part in parts}):
            meshes = [shaded(part.mesh) for part in parts if part.material == material]
            vertices = np.concatenate([vertices for vertices, _, _ in meshes])
            normals = np.concatenate([normals for _, _, normals in meshes])
            name = f"piece{number:02d}-{len(owners):03d}"
            shape = _shape(name, vertices, normals, material)
            shapes[name] = shape
            owners[name] = number
            if material in GEMS:
                gems.append((shape, material))
    return shapes, owners, gems


def _shape(name: str, vertices: Array, normals: Array, material: str) -> Any:
    """`vertices` (3m, 3), every three a triangle."""
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(bsdf(material))
    shape = mi.Mesh(name, len(vertices), len(vertices) // 3, has_vertex_normals=True, props=properties)
    parameters = mi.traverse(shape)
    parameters["vertex_positions"] = vertices.astype(np.float32).ravel()
    parameters["vertex_normals"] = normals.astype(np.float32).ravel()
    parameters["faces"] = np.arange(len(vertices), dtype=np.uint32)
    parameters.update()
    return shape


def _mask(
    scene: Any, shot: Shot, camera: Array, target: Array, size: int, owners: dict[str, int]
) -> npt.NDArray[np.uint8]:
    """Four looks a pixel through a lens that is sharp everywhere; the piece seen most often owns it.

    Mitsuba counts shapes from 1 in the order of `scene.shapes()`; 0 is the sky.
    """
    sensor = _sensor(shot, camera, target, 2 * size, 1, sharp=True)
    looks = mi.load_dict({"type": "aov", "aovs": "i:shape_index", "block_size": BLOCK})
    index = np.array(mi.render(scene, sensor=sensor, integrator=looks, seed=mi.UInt32(0)))[..., -1]
    owner = np.array([0, *(owners.get(shape.id(), 0) for shape in scene.shapes())], np.uint8)
    fine = owner[np.round(index).astype(int)]
    four = np.sort(np.stack([fine[i::2, j::2] for i in (0, 1) for j in (0, 1)]), axis=0)
    return np.asarray(np.where(four[1] == four[2], four[1], four[3]), dtype=np.uint8)


def _sensor(shot: Shot, camera: Array, target: Array, size: int, samples: int, sharp: bool = False) -> Any:
    look: Any = mi.ScalarTransform4f().look_at(list(camera), list(target), [0, 0, 1])
    lens: dict[str, Any] = {"type": "perspective"}
    if shot.aperture and not sharp:
        distance = float(np.linalg.norm(target - camera))
        lens = {"type": "thinlens", "aperture_radius": shot.aperture * distance, "focus_distance": distance}
    return mi.load_dict(
        lens
        | {
            "fov": field_of_view(shot),
            "near_clip": 1.0,
            "far_clip": 1e5,
            "to_world": look @ mi.ScalarTransform4f().rotate([0, 0, 1], shot.roll),
            "film": {"type": "hdrfilm", "width": size, "height": size, "rfilter": {"type": "box"}},
            "sampler": {"type": "multijitter" if samples > 1 else "independent", "sample_count": samples},
        }
    )


def _sky(shot: Shot) -> dict[str, Any]:
    return {
        "type": "envmap",
        "bitmap": mi.Bitmap(shot.room.sky(shot.azimuth).astype(np.float32)),
        "to_world": mi.ScalarTransform4f().rotate([1, 0, 0], 90),
    }


def _table(backdrop: Backdrop, frame: float) -> dict[str, Any]:
    tiles = 2 * TABLE / (backdrop.span * frame)
    texture = {
        "type": "bitmap",
        "bitmap": mi.Bitmap(backdrop.texture().astype(np.float32)),
        "raw": True,
        "to_uv": mi.ScalarTransform4f().scale([tiles, tiles, 1]),
    }
    surface: dict[str, Any] = {"type": "diffuse", "reflectance": texture}
    if backdrop.gloss:
        surface = {"type": "roughplastic", "alpha": backdrop.gloss, "diffuse_reflectance": texture}
    return {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f().rotate([0, 0, 1], backdrop.turned).scale([TABLE, TABLE, 1]),
        "bsdf": surface,
    }
