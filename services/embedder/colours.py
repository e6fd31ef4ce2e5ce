"""Pixels of any mode and colour profile -> sRGB, the colours that the models were trained on."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms

from shared.errors import UnsupportedPicture
from shared.pictures.profiles import MODES, transform_of


def to_srgb(image: Image.Image) -> Image.Image:
    """RGB of the same size. The embedded ICC profile is followed, transparency laid over white, 16 bits become 8.

    A profile that is damaged or belongs to other channels is ignored. Raises `UnsupportedPicture` for a mode whose
    meaning is not told by the file: floating-point levels, CIELAB.
    """
    flat = _opaque(image)
    profile = image.info.get("icc_profile")
    transform = transform_of(profile, flat.mode)
    if transform is not None:
        return ImageCms.applyTransform(flat, transform) or flat
    return flat if flat.mode == "RGB" else flat.convert("RGB")


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
    return image if image.mode in MODES else image.convert("L" if image.mode == "1" else "RGB")
