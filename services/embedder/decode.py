"""Bytes of a picture -> upright RGB, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from shared.contracts.fields import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS
from shared.errors import TooLarge, UnreadablePicture, UnsupportedPicture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_TOLD = "JPEG, PNG, WebP, GIF, BMP or TIFF"
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """`rgb` is upright and may be smaller than the original, whose upright size in pixels is `width` x `height`."""

    rgb: Image.Image
    width: int
    height: int


def decode(data: bytes, at_least: int) -> Picture:
    """Decode the first frame of a JPEG, PNG, WebP, GIF, BMP or TIFF; what is in the bytes counts, not their name.

    Sides longer than needed are reduced while decoding, but neither below `at_least` pixels. EXIF orientation is
    applied, transparency is laid over white, 16 bits a channel become 8, every other mode becomes RGB; colour profiles
    are ignored.

    Raises `TooLarge` over 20 MB or 50 megapixels (read from the header), `UnsupportedPicture` for bytes of no such
    format, `UnreadablePicture` for a picture that is cut off or damaged.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise TooLarge(
            f"The picture has {len(data):,} bytes; Loupe takes up to {MAX_PICTURE_BYTES // 1_000_000} MB. "
            "Save it as a JPEG of quality 85 or with fewer pixels."
        )
    image = _open(data)
    width, height = image.size
    if width * height > MAX_PICTURE_PIXELS:
        raise _too_many_pixels(f"{width} x {height} pixels")
    try:
        image.draft("RGB", (at_least, at_least))
        image.load()
    except _BROKEN as error:
        raise UnreadablePicture(
            f"The {image.format} picture is cut off or damaged ({error}). Open it in a viewer, save it, send it again."
        ) from error
    turn = _UPRIGHT.get(_orientation(image))
    rgb = _to_rgb(_reduced(image, at_least))
    if turn is not None:
        rgb = rgb.transpose(turn)
        if turn not in (_UPRIGHT[2], _UPRIGHT[3], _UPRIGHT[4]):
            width, height = height, width
    return Picture(rgb, width, height)


def _open(data: bytes) -> Image.Image:
    if not data:
        raise UnsupportedPicture(f"The picture has no bytes. Send a {_TOLD}.")
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("far too many pixels") from error
    except UnidentifiedImageError as error:
        raise UnsupportedPicture(f"The bytes are no picture that Loupe can read. Send a {_TOLD}.") from error
    except _BROKEN as error:
        raise UnreadablePicture(
            f"The start of the picture is damaged ({error}). Open it in a viewer, save it, send it again."
        ) from error


def _too_many_pixels(size: str) -> TooLarge:
    return TooLarge(
        f"The picture has {size}; Loupe takes up to {MAX_PICTURE_PIXELS // 1_000_000} megapixels. "
        "Scale it down; 1000 pixels a side are plenty."
    )


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where there is none or the tag is damaged: the pixels are still good."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return 1


def _reduced(image: Image.Image, at_least: int) -> Image.Image:
    """The picture averaged down by a whole factor, so that what follows handles little memory."""
    factor = min(image.size) // (2 * at_least)
    return image.reduce(factor) if factor > 1 and image.mode in ("L", "RGB", "CMYK", "YCbCr") else image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).clip(0, 65_535) >> 8).astype(np.uint8)).convert("RGB")
    try:
        if image.has_transparency_data:
            over = image.convert("RGBA")
            white = Image.new("RGB", over.size, "white")
            white.paste(over, mask=over.getchannel("A"))
            return white
        return image.convert("RGB")
    except ValueError as error:
        raise UnsupportedPicture(
            f"Loupe cannot read the colours of this picture (mode {image.mode}). Save it as an ordinary JPEG or PNG."
        ) from error
