"""Bytes of a picture -> upright RGB, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import pi_heif
from PIL import Image, UnidentifiedImageError

from services.embedder.avif import most_pixels
from services.embedder.colours import to_srgb
from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, PICTURE_FORMATS, PICTURE_FORMATS_TOLD
from shared.errors import Permanent, TooHeavyPicture, TooLarge, UnreadablePicture, UnsupportedPicture

pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
_MAX_SCANS = 200
"""Of a progressive JPEG, each of which goes over all its pixels; encoders write about ten."""
_START_OF_SCAN = b"\xff\xda"
_MAX_TOLD = 200
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
"""Of AVIF and HEIC, whose plugins of Pillow take a damaged one for no picture."""
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


def decode(data: bytes, at_least: int, box: Box | None = None) -> Picture:
    """Decode the first frame of a picture of `PICTURE_FORMATS`; what is in the bytes counts, not their name.

    Sides longer than needed are reduced while decoding, but neither below `at_least` pixels; with a `box`, neither side
    of what is in it. EXIF orientation is applied, every mode and colour profile becomes sRGB (`to_srgb`).

    Raises `TooLarge` over 20 MB or 50 megapixels (read from the header), `UnsupportedPicture` for bytes of no such
    format, `UnreadablePicture` for a picture that is cut off or damaged, `TooHeavyPicture` for a JPEG of far too many
    scans.
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
    if box:
        at_least = _at_least_around(box, at_least, max(width, height))
    if image.format in ("JPEG", "MPO") and data.count(_START_OF_SCAN) > _MAX_SCANS:
        raise TooHeavyPicture(f"The JPEG has more than {_MAX_SCANS} scans. Save it again as an ordinary JPEG.")
    try:
        if image.format == "AVIF" and most_pixels(data) > MAX_PICTURE_PIXELS:
            raise _too_many_pixels("more pixels than it says")
        image.draft("RGB", (at_least, at_least))
        image.load()
        turn = _UPRIGHT.get(_orientation(image))
        rgb = to_srgb(_reduced(image, at_least))
    except (Permanent, MemoryError):
        raise
    except Exception as error:  # whatever a decoder says of hostile bytes, they are at fault
        raise UnreadablePicture(
            f"The {image.format} picture is cut off or damaged ({_shown(error)}). Open it in a viewer, save it, send "
            "it again."
        ) from error
    if turn is not None:
        rgb = rgb.transpose(turn)
        if turn not in (_UPRIGHT[2], _UPRIGHT[3], _UPRIGHT[4]):
            width, height = height, width
    return Picture(rgb, width, height)


def _open(data: bytes) -> Image.Image:
    if not data:
        raise UnsupportedPicture(f"The picture has no bytes. Send a {PICTURE_FORMATS_TOLD}.")
    try:
        return Image.open(io.BytesIO(data), formats=PICTURE_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("far too many pixels") from error
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in _BRANDS:
            raise UnreadablePicture(
                "The AVIF or HEIC picture is damaged, or of a kind that Loupe cannot read. Save it as a JPEG."
            ) from error
        raise UnsupportedPicture(
            f"The bytes are no picture that Loupe can read. Send a {PICTURE_FORMATS_TOLD}."
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        raise UnreadablePicture(
            f"The start of the picture is damaged ({_shown(error)}). Open it in a viewer, save it, send it again."
        ) from error


def _shown(error: Exception) -> str:
    """What a decoder says, short, and without what it quotes of the bytes unless that can be shown."""
    return "".join(each if each.isprintable() else "?" for each in str(error)[:_MAX_TOLD])


def _at_least_around(box: Box, at_least: int, longer_side: int) -> int:
    """The shorter side of a picture whose box has `at_least` pixels each way, however the picture is turned."""
    return math.ceil(min(at_least / min(box.x1 - box.x0, box.y1 - box.y0), longer_side))


def _too_many_pixels(size: str) -> TooLarge:
    return TooLarge(
        f"The picture has {size}; Loupe takes up to {MAX_PICTURE_PIXELS // 1_000_000} megapixels. "
        "Scale it down; 1000 pixels a side are plenty."
    )


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where there is none or the tag is damaged: the pixels are still good."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - as above
        return 1


def _reduced(image: Image.Image, at_least: int) -> Image.Image:
    """The picture averaged down by a whole factor, so that what follows handles little memory."""
    factor = min(image.size) // (2 * at_least)
    return image.reduce(factor) if factor > 1 and image.mode in ("L", "RGB", "CMYK", "YCbCr") else image
