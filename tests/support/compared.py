"""Rendered pieces as two photos of the same thing, for tests of what compares them."""

from __future__ import annotations

import dataclasses
import io
from functools import lru_cache

import numpy as np
from PIL import Image

from lab.render.dataset import jpeg
from lab.render.rings import Ring
from lab.render.scene import photograph
from lab.render.shots import Shot, catalogue_shot, draw_shot

SIZE, SAMPLES = 256, 6
RING = Ring(head="halo", stone="sapphire", cut="oval", size=6.5, ratio=1.3, metal="yellow gold", width=2.4)


def catalogue_photo() -> Shot:
    """As a shop takes it, on white."""
    return catalogue_shot(np.random.default_rng(5), True, 0)


def another_photo() -> Shot:
    """In daylight, on something else, from a few degrees beside."""
    first, drawn = catalogue_photo(), draw_shot(np.random.default_rng(8), True, "daylight window")
    return dataclasses.replace(
        drawn, azimuth=first.azimuth + 4, elevation=first.elevation + 3, fill=0.75, blur=0.0, aperture=0.0, noise=0.006
    )


@lru_cache
def photo_of(ring: Ring, second: bool = False) -> bytes:
    """A JPEG of the ring in the catalogue, or in the `second` photo."""
    shot = another_photo() if second else catalogue_photo()
    return jpeg(photograph([ring.parts("standing")], shot, SIZE, SAMPLES, 7).picture, 90)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def saved(picture: Image.Image, quality: int = 90) -> bytes:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=quality)
    return written.getvalue()
