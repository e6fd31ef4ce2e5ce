"""Pixels of any mode and colour profile -> sRGB, the colours that the models were trained on."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from shared.errors import UnsupportedPicture

MAX_PROFILE_BYTES = 4_000_000
"""The largest profile that is followed; those of printers have up to 3 MB."""
_NEAR = 2
"""Of 255. A profile that moves no colour further is sRGB by another name."""
_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}


def to_srgb(image: Image.Image) -> Image.Image:
    """RGB of the same size. The embedded ICC profile is followed, transparency laid over white, 16 bits become 8.

    A profile that is damaged or belongs to other channels is ignored. Raises `UnsupportedPicture` for a mode whose
    meaning is not told by the file: floating-point levels, CIELAB.
    """
    flat = _opaque(image)
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE_BYTES and flat.mode in _SPACES:
        transform = _transform(profile, flat.mode)
        if transform is not None:
            return ImageCms.applyTransform(flat, transform) or flat
    return flat.convert("RGB")


def _opaque(image: Image.Image) -> Image.Image:
    """L, RGB or CMYK of 8 bits."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).clip(0, 65_535) >> 8).astype(np.uint8))
    if image.mode in ("F", "LAB", "HSV"):
        raise UnsupportedPicture(
            f"Loupe cannot read the colours of this picture (mode {image.mode}). Save it as an ordinary JPEG or PNG."
        )
    if image.has_transparency_data:
        over = image.convert("RGBA")
        white = Image.new("RGB", over.size, "white")
        white.paste(over, mask=over.getchannel("A"))
        return white
    return image if image.mode in _SPACES else image.convert("L" if image.mode == "1" else "RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile's colours to sRGB; None where that changes nothing, or the profile is of no use."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _SPACES[mode]:
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
