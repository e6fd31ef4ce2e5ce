"""PNG and WebP without what is not their picture: chunks that draw are kept as they are, all others go."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT bKGD pHYs cICP acTL fcTL fdAT".split()  # the last three: animations
)
_PNG_TELLS = frozenset((b"eXIf", b"zTXt", b"tEXt", b"iTXt"))
_WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"))
_HAS_PROFILE, _HAS_EXIF, _HAS_XMP = 0x20, 0x08, 0x04
_FRAME_HEAD = 16


def strip_png(data: bytes, exif: bytes, *, keep_profile: bool) -> bytes:
    """`exif` (a TIFF, may be empty) becomes its only metadata. What is cut off stays cut off."""
    parts = [PNG]
    told = not exif
    for kind, chunk in _png_chunks(data):
        if kind == b"IDAT" and not told:
            parts.append(_png_chunk(b"eXIf", exif))
            told = True
        if kind in _PNG_KEPT or (keep_profile and kind == b"iCCP"):
            parts.append(chunk)
        if kind == b"IEND":
            break
    return b"".join(parts)


def png_of_metadata(data: bytes) -> bytes:
    """A PNG of one pixel with the metadata of another, so that reading them decodes none of its pixels."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    told = (chunk for kind, chunk in _png_chunks(data) if kind in _PNG_TELLS)
    pixel = _png_chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"".join((PNG, _png_chunk(b"IHDR", head), *told, pixel, _png_chunk(b"IEND", b"")))


def strip_webp(data: bytes, exif: bytes, *, keep_profile: bool) -> bytes:
    """As `strip_png`."""
    parts = []
    for kind, body, raw in _riff_chunks(memoryview(data)[12 : 8 + int.from_bytes(data[4:8], "little")]):
        if kind == b"VP8X":
            flags = body[0] & ~(_HAS_EXIF | _HAS_XMP | _HAS_PROFILE) if body else 0
            flags |= (body[0] & _HAS_PROFILE if body and keep_profile else 0) | (_HAS_EXIF if exif else 0)
            parts.append(_riff_chunk(kind, bytes((flags, *body[1:10]))))
        elif kind == b"ANMF":
            inner = (part for name, _, part in _riff_chunks(body[_FRAME_HEAD:]) if name in _WEBP_KEPT)
            parts.append(_riff_chunk(kind, b"".join((body[:_FRAME_HEAD], *inner))))
        elif kind in _WEBP_KEPT or (kind == b"ICCP" and keep_profile):
            parts.append(bytes(raw))
    if exif and parts and parts[0][:4] == b"VP8X":
        parts.append(_riff_chunk(b"EXIF", exif))
    whole = b"WEBP" + b"".join(parts)
    return b"RIFF" + len(whole).to_bytes(4, "little") + whole


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(PNG)
    while place + 8 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4])
        yield data[place + 4 : place + 8], data[place:end]
        place = end


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def _riff_chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Kind, body, and the whole chunk with its padding."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + size
        yield bytes(data[place : place + 4]), data[place + 8 : end], data[place : end + size % 2]
        place = end + size % 2


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
