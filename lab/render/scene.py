"""One photograph: a piece, a backdrop, lights around it and a camera, rendered by Mitsuba 3 to 8-bit RGB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import mitsuba as mi
import numpy as np
import numpy.typing as npt

from lab.render.backdrops import Backdrop
from lab.render.materials import MATERIALS, RGB
from lab.render.mesh import Array, Mesh, shaded
from lab.render.parts import Parts

mi.set_variant("scalar_rgb")

FIELD_OF_VIEW = 22.0
"""Degrees across the square picture: a short telephoto, 93 mm on a 36 mm wide sensor."""
MAX_DEPTH = 14
"""Bounces of light: enough to enter a brilliant, turn inside it and leave."""
PASSES = 2
PASS_LIMIT = 6.0
"""A pass's pixel is clipped at this multiple of white, so that one lucky path leaves no speck."""
KEY_WHITE = 0.9
"""What a perfectly white, flat card in the piece's place is exposed to, 1.0 being the sensor's limit."""


@dataclass(frozen=True)
class Light:
    """A soft box on the sky: `azimuth` 0 is behind the camera's far side, 180 the camera's; all angles in degrees."""

    azimuth: float
    elevation: float
    width: float
    height: float
    radiance: float
    colour: RGB = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Shot:
    """A camera at `azimuth` degrees to the right of the piece's front and `elevation` above the table.

    `fill` is the share of the frame that the piece spans, `shift` (right, up) its offset in shares of the frame,
    `roll` the camera's tilt in degrees, `exposure` a factor, `ambient` the radiance of the room between the lights.
    """

    azimuth: float
    elevation: float
    backdrop: Backdrop
    lights: Sequence[Light]
    ambient: RGB = (0.35, 0.35, 0.35)
    fill: float = 0.82
    shift: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    exposure: float = 1.0
    quality: int = field(default=84)


def photograph(parts: Parts, shot: Shot, size: int, samples: int, seed: int) -> npt.NDArray[np.uint8]:
    """A picture (size, size, 3) uint8 in sRGB; the same arguments give the same bytes."""
    shapes = {f"part{i}": _shape(part.mesh, part.material) for i, part in enumerate(parts)}
    camera, target = _camera(parts, shot)
    scene = mi.load_dict(
        {
            "type": "scene",
            "integrator": {"type": "path", "max_depth": MAX_DEPTH},
            "sensor": _sensor(camera, target, shot.roll, size, samples),
            "sky": _sky(shot.lights, shot.ambient, shot.azimuth),
            "table": _table(shot.backdrop),
            **shapes,
        }
    )
    white = _white_card(shot)
    total = np.zeros((size, size, 3))
    for i in range(PASSES):
        radiance = np.array(mi.render(scene, seed=mi.UInt32(seed * PASSES + i)), dtype=np.float64)[..., :3]
        total += np.clip(np.nan_to_num(radiance) / white, 0, PASS_LIMIT)
    return _develop(total / PASSES * KEY_WHITE * shot.exposure)


def _shape(mesh: Mesh, material: str) -> Any:
    vertices, faces, normals = shaded(mesh)
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(MATERIALS[material])
    shape = mi.Mesh("part", len(vertices), len(faces), has_vertex_normals=True, props=properties)
    parameters = mi.traverse(shape)
    parameters["vertex_positions"] = vertices.astype(np.float32).ravel()
    parameters["vertex_normals"] = normals.astype(np.float32).ravel()
    parameters["faces"] = faces.astype(np.uint32).ravel()
    parameters.update()
    return shape


def _camera(parts: Parts, shot: Shot) -> tuple[Array, Array]:
    """Where the camera stands and looks, so that the framed parts are centred and span `fill` of the picture."""
    points = np.concatenate([part.mesh.vertices for part in parts if part.framed])
    forward, right, up = _axes(shot)
    half = np.tan(np.radians(FIELD_OF_VIEW / 2))
    target = (points.min(0) + points.max(0)) / 2
    distance = 4 * float(np.linalg.norm(np.ptp(points, axis=0)))
    for _ in range(6):
        offset = points - (target - forward * distance)
        depth = offset @ forward
        x, y = offset @ right / depth / half, offset @ up / depth / half
        scale = distance * half
        target = target + right * ((x.max() + x.min()) / 2) * scale + up * ((y.max() + y.min()) / 2) * scale
        distance *= float(max(np.ptp(x), np.ptp(y))) / 2 / shot.fill
    aside = 2 * distance * half
    target = target - right * shot.shift[0] * aside - up * shot.shift[1] * aside
    return target - forward * distance, target


def _axes(shot: Shot) -> tuple[Array, Array, Array]:
    a, e = np.radians(shot.azimuth), np.radians(shot.elevation)
    forward = -np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    return forward, right, np.cross(right, forward)


def _sensor(camera: Array, target: Array, roll: float, size: int, samples: int) -> dict[str, Any]:
    look: Any = mi.ScalarTransform4f().look_at(list(camera), list(target), [0, 0, 1])
    return {
        "type": "perspective",
        "fov": FIELD_OF_VIEW,
        "near_clip": 1.0,
        "far_clip": 1e5,
        "to_world": look @ mi.ScalarTransform4f().rotate([0, 0, 1], roll),
        "film": {"type": "hdrfilm", "width": size, "height": size, "rfilter": {"type": "box"}},
        "sampler": {"type": "multijitter", "sample_count": max(1, samples // PASSES)},
    }


def _radiance(lights: Sequence[Light], ambient: RGB, turned: float) -> Array:
    """The sky as latitude and longitude, (64, 128, 3): row 0 the zenith, column 0 the +y direction, then +x."""
    elevation = 90 - (np.arange(64) + 0.5)[:, None] * 180 / 64
    azimuth = (np.arange(128) + 0.5)[None, :] * 360 / 128
    sky: Array = np.ones((64, 128, 1)) * np.array(ambient)
    for light in lights:
        aside = (azimuth - light.azimuth + turned + 180) % 360 - 180
        x = np.abs(aside) * np.cos(np.radians(light.elevation)) / (light.width / 2)
        y = np.abs(elevation - light.elevation) / (light.height / 2)
        edge = np.clip((1.15 - np.maximum(x, y)) / 0.3, 0, 1)
        sky += edge[..., None] * light.radiance * np.array(light.colour)
    return sky


def _sky(lights: Sequence[Light], ambient: RGB, turned: float) -> dict[str, Any]:
    sky = _radiance(lights, ambient, turned).astype(np.float32)
    return {
        "type": "envmap",
        "bitmap": mi.Bitmap(sky),
        "to_world": mi.ScalarTransform4f().rotate([1, 0, 0], 90),
    }


def _white_card(shot: Shot) -> Array:
    """The radiance (3,) of a level white card, coloured half as much as its light: an eye or camera adapts halfway."""
    sky = _radiance(shot.lights, shot.ambient, 0.0)[:32]
    theta = np.radians((np.arange(32) + 0.5) * 180 / 64)
    weight = (np.cos(theta) * np.sin(theta))[:, None, None]
    card = (sky * weight).sum((0, 1)) / (weight.sum() * sky.shape[1])
    return np.asarray(np.sqrt(card * card.mean()))


def _table(backdrop: Backdrop) -> dict[str, Any]:
    half = 400.0
    texture = {
        "type": "bitmap",
        "bitmap": mi.Bitmap(backdrop.texture().astype(np.float32)),
        "raw": True,
        "to_uv": mi.ScalarTransform4f().scale([2 * half / backdrop.span, 2 * half / backdrop.span, 1]),
    }
    return {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f().rotate([0, 0, 1], backdrop.turned).scale([half, half, 1]),
        "bsdf": {"type": "diffuse", "reflectance": texture},
    }


def _develop(exposed: Array) -> npt.NDArray[np.uint8]:
    """Linear light to sRGB (IEC 61966-2-1) with a soft shoulder from 0.8 on."""
    over = np.clip(exposed - 0.8, 0, None)
    linear = np.minimum(exposed, 0.8) + 0.2 * (1 - np.exp(-over / 0.2))
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(encoded * 255).clip(0, 255), dtype=np.uint8)
