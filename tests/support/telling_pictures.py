"""Pictures that tell more than they show: where they were made, by whom, and with what."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

SECRET = b"47.3769N-8.5417E"
_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + SECRET + b"</x:xmpmeta>"
Telling = Callable[[], bytes]


def noise(size: tuple[int, int] = (90, 60)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))


def exif(orientation: int = 6) -> Image.Exif:
    """With a place, a maker and a comment."""
    told = Image.Exif()
    told[0x0112], told[0x010F] = orientation, SECRET.decode()
    told.get_ifd(0x8769)[0x9286] = SECRET
    told.get_ifd(0x8825)[0x001D] = SECRET.decode()
    return told


def telling(kind: str, *, behind: bytes = SECRET, **over: Any) -> bytes:
    """A picture of noise with all the metadata that its format holds, and with bytes behind its end."""
    said: dict[str, Any] = {}
    if kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        said["exif"] = exif()
    if kind in ("JPEG", "WEBP", "AVIF"):
        said["xmp"] = _XMP
    if kind in ("JPEG", "GIF"):
        said["comment"] = SECRET
    if kind == "PNG":
        said["pnginfo"] = PngImagePlugin.PngInfo()
        said["pnginfo"].add_text("Author", SECRET.decode())
        said["pnginfo"].add_itxt("XML:com.adobe.xmp", _XMP.decode(), zip=True)
    written = io.BytesIO()
    noise().save(written, kind, **said | over)
    return written.getvalue() + behind


def with_thumbnail() -> bytes:
    """A JPEG whose JFIF segment holds a small picture, an IPTC block and an unknown segment."""
    plain = telling("JPEG", behind=b"")
    extra = [(0xE0, b"JFXX\0\x10" + SECRET), (0xED, b"Photoshop 3.0\0" + SECRET), (0xEF, SECRET)]
    segments = b"".join(bytes((0xFF, kind)) + (len(body) + 2).to_bytes(2) + body for kind, body in extra)
    return plain[:2] + segments + plain[2:]


def two_in_one() -> bytes:
    """A JPEG with a second picture behind the first (MPO), as phones write depth and films."""
    written = io.BytesIO()
    second = noise((40, 30))
    second.info["comment"] = SECRET
    noise().save(written, "MPO", save_all=True, append_images=[second], exif=exif())
    return written.getvalue() + SECRET


PICTURES: dict[str, Telling] = {
    "jpeg": lambda: telling("JPEG"),
    "progressive jpeg": lambda: telling("JPEG", progressive=True),
    "jpeg of one channel": lambda: telling("JPEG", subsampling=0, quality=60),
    "jpeg with a thumbnail": with_thumbnail,
    "two jpegs in one": two_in_one,
    "png": lambda: telling("PNG"),
    "webp": lambda: telling("WEBP"),
    "lossless webp": lambda: telling("WEBP", lossless=True),
    "gif": lambda: telling("GIF"),
    "bmp": lambda: telling("BMP"),
    "tiff": lambda: telling("TIFF"),
    "tiff of jpegs": lambda: telling("TIFF", compression="jpeg"),
    "large tiff": lambda: telling("TIFF", compression="tiff_lzw", big_tiff=True),
    "avif": lambda: telling("AVIF"),
}
