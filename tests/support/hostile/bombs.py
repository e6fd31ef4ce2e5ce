"""Pictures that grow, or work without end, when they are opened."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.support.hostile.pictures import (
    DAMAGED,
    HEAVY,
    NO_PICTURE,
    TAKEN,
    TOO_LARGE,
    Hostile,
    chunk,
    good,
    jpeg_with,
    png,
    segment,
    tiff,
    zeros,
)
from tests.support.rings import encoded, heic, ring

_LONG = 65_500


def sides() -> Iterator[Hostile]:
    """Pictures that say that they are larger than may be."""
    for width, height in ((_LONG, _LONG), (_LONG, 1_000), (1_000, _LONG), (10_000, 5_001), (2**31 - 1, 2**31 - 1)):
        yield f"a PNG of {width} x {height}", png(width, height, pixels=b""), TOO_LARGE
        bmp = bytearray(encoded(ring(8, 8), "BMP"))
        struct.pack_into("<ii", bmp, 18, width, height)
        yield f"a BMP of {width} x {height}", bytes(bmp), TOO_LARGE
        yield f"a TIFF of {width} x {height}", _flat_tiff(width, height, zlib.compress(b"")), TOO_LARGE
    for width, height in ((_LONG, _LONG), (_LONG, 1_000), (65_535, 65_535)):
        jpeg = bytearray(good("JPEG"))
        struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, height, width)
        yield f"a JPEG of {width} x {height}", bytes(jpeg), TOO_LARGE
        gif = bytearray(good("GIF"))
        struct.pack_into("<HH", gif, 6, width, height)
        yield f"a GIF of {width} x {height}", bytes(gif), TOO_LARGE
        frame = bytearray(good("GIF"))
        struct.pack_into("<HH", frame, frame.rindex(b",\0\0\0\0") + 5, width, height)
        yield f"a GIF with a frame of {width} x {height}", bytes(frame), TOO_LARGE
        for kind, data in (("AVIF", good("AVIF")), ("HEIC", heic("ring"))):
            box = bytearray(data)
            place = -1
            while (place := box.find(b"ispe", place + 1)) >= 0:
                struct.pack_into(">II", box, place + 8, width, height)
            yield f"a {kind} of {width} x {height}", bytes(box), NO_PICTURE if kind == "AVIF" else TOO_LARGE
    webp = bytearray(encoded(ring(), "WEBP", lossless=True))
    webp[21:25] = (0x3FFF | 0x3FFF << 14).to_bytes(4, "little")
    yield "a WebP of 16384 x 16384", bytes(webp), TOO_LARGE
    wide = bytearray(good("WEBP"))
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_382).to_bytes(3, "little") * 2
    yield "a WebP whose canvas is larger", bytes(wide[:12] + canvas + wide[12:]), TOO_LARGE


def deflated() -> Iterator[Hostile]:
    """Little that unpacks to much."""
    yield "a PNG bomb of 30000 x 30000", png(30_000, 30_000, pixels=zeros(50_000_000)), TOO_LARGE
    yield "a PNG that unpacks to more than it says", png(64, 64, pixels=zeros(400_000_000)), TAKEN
    yield "a PNG profile of 1 GB", png(64, 64, chunk(b"iCCP", b"x\0\0" + zeros(1_000_000_000))), NO_PICTURE
    text = chunk(b"zTXt", b"Comment\0\0" + zeros(900_000))
    yield "a PNG with texts of 180 MB", png(64, 64, *[text] * 200), NO_PICTURE
    inner = chunk(b"zTXt", b"Comment\0\0" + zeros(1_000_000_000))
    yield "a PNG text of 1 GB", png(64, 64, inner), NO_PICTURE
    yield "a TIFF whose strip unpacks to 1 GB", _flat_tiff(100, 100, zeros(1_000_000_000)), TAKEN
    yield "a TIFF tile of 1.8 GB", _tiled(24_576, zeros(1_800_000_000)), DAMAGED
    yield "a TIFF tile of 32768 x 65536", _tiled(65_536, zeros(1_000_000)), DAMAGED


def endless() -> Iterator[Hostile]:
    """Little that takes long."""
    out = io.BytesIO()
    Image.new("L", (700, 700)).save(out, "JPEG", progressive=True)
    scans = out.getvalue()
    last = scans[scans.rindex(b"\xff\xda") : -2]
    yield "a JPEG of 20,000 scans", scans[:-2] + last * 20_000 + b"\xff\xd9", HEAVY
    yield "a JPEG of a million comments", jpeg_with(b"\xff\xfe\0\2" * 4_000_000), "422 too-heavy-picture"
    yield "a PNG of a million chunks", png(64, 64, chunk(b"prVt", b"") * 1_500_000), "422 too-heavy-picture"
    gif = good("GIF")
    at = gif.rindex(b",\0\0\0\0")
    yield "a GIF of millions of comments", gif[:at] + b"!\xfe\1x\0" * 3_500_000 + gif[at:], "422 too-heavy-picture"


def exif() -> Iterator[Hostile]:
    """Notes that are larger than what they are on."""
    tags = [(0x9000 + each, 7, 60_000, 8) for each in range(1_000)]
    yield "a JPEG whose EXIF counts its bytes again and again", _with_exif(tiff(*tags)[:65_000]), TAKEN
    yield "a JPEG whose EXIF goes round", _with_exif(tiff((0x8769, 4, 1, 8), (0x0112, 3, 1, 1), following=8)), TAKEN
    yield "a JPEG whose EXIF tags are of 2^32 values", _with_exif(tiff((0x0112, 3, 2**32 - 1, 8))), TAKEN
    yield "a JPEG turned 77 ways", _with_exif(tiff((0x0112, 3, 1, 77))), TAKEN
    size = 1_500_000
    many = tiff(*[(0x9000 + each % 0x6000, 7, size, 8) for each in range(6_000)], data=bytes(size))
    yield "a PNG whose EXIF grows to 9 GB", png(64, 64, chunk(b"eXIf", many)), TAKEN
    whole = [segment(0xE2, b"ICC_PROFILE\0" + bytes([each, 255]) + bytes(60_000)) for each in range(1, 256)]
    yield "a JPEG with a profile of 15 MB", jpeg_with(*whole), TAKEN
    yield "a JPEG with half a profile", jpeg_with(*whole[:100]), TAKEN
    yield "a JPEG that says it is a million pictures", _mpo(1_000_000), TAKEN


def _with_exif(block: bytes) -> bytes:
    return jpeg_with(segment(0xE1, b"Exif\0\0" + block))


def _mpo(count: int) -> bytes:
    return jpeg_with(
        segment(0xE2, b"MPF\0" + tiff((0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, count), (0xB002, 7, 9, 9)))
    )


def _flat_tiff(width: int, height: int, packed: bytes) -> bytes:
    """RGB in one deflated strip."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    entries += [(278, 4, 1, height), (279, 4, 1, len(packed)), (273, 4, 1, 0)]
    start = 8 + 2 + 12 * len(entries) + 4
    entries[-1] = (273, 4, 1, start)
    return tiff(*entries, data=packed)


def _tiled(width: int, packed: bytes) -> bytes:
    """Grey, of 100 x 100 pixels, in one deflated tile that is far larger."""
    entries = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    entries += [(322, 4, 1, width), (323, 4, 1, 73_728 if width < 30_000 else 32_768), (325, 4, 1, len(packed))]
    start = 8 + 2 + 12 * (len(entries) + 1) + 4
    return tiff(*entries, (324, 4, 1, start), data=packed)
