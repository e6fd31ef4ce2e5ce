"""Colour profiles (ICC): whether one changes colours at all, and how they become sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

MAX_PROFILE_BYTES = 4_000_000
"""The largest profile that is followed; those of printers have up to 3 MB."""
_NEAR = 2
"""Of 255. A profile that moves no colour further is sRGB by another name."""
MODES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}
"""The modes of Pillow in which a profile is followed, each with its space by ICC's name."""
_FLAT = {"RGBA": "RGB", "RGBX": "RGB", "P": "RGB", "PA": "RGB", "LA": "L", "YCbCr": "RGB"}
"""What those become that have no profile of their own."""


def transform_of(profile: object, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the colours of an image's `icc_profile` in a mode to sRGB; None where it changes nothing or is of no use."""
    if isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE_BYTES and mode in MODES:
        return _made(profile, mode)
    return None


def changes_colours(image: Image.Image) -> bool:
    """Whether a picture, opened and not decoded, looks otherwise without its profile."""
    mode = _FLAT.get(image.mode, image.mode)
    return transform_of(image.info.get("icc_profile"), mode) is not None


@lru_cache(maxsize=16)
def _made(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile's colours to sRGB; None where that changes nothing, or the profile is of no use."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != MODES[mode]:
            return None
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if mode == "CMYK":
        return transform
    probe = _probe(mode)
    moved = np.abs(np.asarray(ImageCms.applyTransform(probe, transform), int) - np.asarray(probe.convert("RGB"), int))
    return transform if moved.max() > _NEAR else None


def _probe(mode: str) -> Image.Image:
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3))
