"""Off a picture comes all that is not the picture: places, cameras, names, thumbnails, what is hidden behind its end.

The pixels stay the very bytes they were; nothing is decoded here. Which way is up stays as the only tag, and a colour
profile that changes colours stays until who decodes the picture has followed it.
"""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from shared.contracts.fields import PICTURE_FORMATS
from shared.errors import UnsupportedPicture
from shared.pictures import bitmaps, boxes, chunks, gif, jpeg
from shared.pictures.profiles import changes_colours

_ORIENTATION = 0x0112
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error),
    *(RuntimeError, Image.DecompressionBombError),  # of libavif and libheif; of a header that lies
)
_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (chunks.PNG, "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    *((start, "image/tiff") for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"MM*\0", b"II\0*")),
)
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif"}


def content_type_of(data: bytes) -> str:
    """The media type of a picture by how it starts; application/octet-stream for what is none that Loupe reads."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        size = min(int.from_bytes(data[:4]), 1_000)
        brands = [data[8:12], *(data[at : at + 4] for at in range(16, size, 4))]
        return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), "image/heif")
    return next((kind for start, kind in _STARTS if data.startswith(start)), "application/octet-stream")


def strip(data: bytes) -> bytes:
    """The picture without anything else. What was stripped before comes back as it is.

    What is damaged in its pixels stays damaged, and what is cut off cut off. Raises `UnsupportedPicture` where what
    tells of the picture cannot be told from what draws it.
    """
    try:
        before = _opened(data)
        stripped = _stripped(data, before, keep_profile=changes_colours(before))
        after = _opened(stripped)
        same = (before.size, before.mode) == (after.size, after.mode)
    except _BROKEN as error:
        raise _damaged() from error
    if not same:
        raise _damaged()
    return stripped


def _stripped(data: bytes, image: Image.Image, *, keep_profile: bool) -> bytes:
    kind = content_type_of(data)
    if kind == "image/jpeg":
        return jpeg.strip(data, _exif(image), keep_profile=keep_profile)
    if kind == "image/png":
        told = Image.open(io.BytesIO(chunks.png_of_metadata(data)), formats=("PNG",))
        return chunks.strip_png(data, _exif(told), keep_profile=keep_profile)
    if kind == "image/webp":
        return chunks.strip_webp(data, _exif(image), keep_profile=keep_profile)
    if kind == "image/gif":
        return gif.strip(data)
    if kind == "image/bmp":
        return bitmaps.strip_bmp(data)
    if kind == "image/tiff":
        return bitmaps.strip_tiff(data, keep_profile=keep_profile)
    if kind in ("image/avif", "image/heif"):
        return boxes.strip(data, keep_profile=keep_profile)
    raise _damaged()


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=PICTURE_FORMATS)


def _exif(image: Image.Image) -> bytes:
    """A TIFF that says which way is up and nothing else; empty for a picture that stands upright."""
    try:
        orientation = int(image.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return b""
    if not 2 <= orientation <= 8:
        return b""
    return b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _damaged() -> UnsupportedPicture:
    return UnsupportedPicture(
        "The picture is put together in a way that Loupe cannot follow, so what else it tells cannot be taken off. "
        "Open it in a viewer, save it as a new JPEG or PNG, and send that."
    )
