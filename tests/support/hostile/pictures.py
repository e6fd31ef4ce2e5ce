"""Bytes sent as pictures. What is to become of each is told in a few words:

- a status and a code, when the gateway refuses it at once, whatever way it comes;
- "then" and a code, when its header is good, so it is accepted, and rejected with that code once it is opened; as a
  query it is refused with that code;
- "taken", when it is a picture, and what else is in it is to stay without effect.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.support.rings import encoded, heic, ring

NO_PICTURE = "415 unsupported-picture"
TOO_LARGE = "413 too-large"
DAMAGED = "then unreadable-picture"
HEAVY = "then too-heavy-picture"
TAKEN = "taken"
Hostile = tuple[str, bytes, str]
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


def good(kind: str) -> bytes:
    return heic("ring") if kind == "HEIC" else encoded(ring(), kind)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, pixels: bytes | None = None, bits: int = 8, mode: int = 2) -> bytes:
    """A PNG of these chunks; `pixels` are the deflated rows, by default those of a black one."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, mode, 0, 0, 0))
    data = zlib.compress(bytes((1 + 3 * width) * height)) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """At least so many zero bytes, deflated: the same block again and again, which takes no time to make."""
    step = 1 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(step)) + packer.flush(zlib.Z_FULL_FLUSH)
    times = -(-count // step)
    return b"\x78\xda" + block * times + b"\x03\0" + struct.pack(">HH", times * step % 65_521, 1)


def tiff(*entries: tuple[int, int, int, int], data: bytes = b"", following: int = 0) -> bytes:
    """A TIFF whose one directory is at byte 8, and `data` behind it. Each entry: tag, type, count, value."""
    table = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *one) for one in sorted(entries))
    return b"II*\0\x08\0\0\0" + table + struct.pack("<I", following) + data


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg_with(*segments: bytes) -> bytes:
    """A good JPEG with these segments in front."""
    data = good("JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def impostors() -> Iterator[Hostile]:
    """Other things by a picture's name."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as packed:
        packed.writestr("a.jpg", good("JPEG"))
    heads = {
        "a PDF": b"%PDF-1.7\n1 0 obj <</Type /Catalog>>",
        "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><circle r='9'/></svg>",
        "an SVG with a script": b"<?xml version='1.0'?><svg onload='alert(1)'><script>alert(2)</script></svg>",
        "an SVG that includes a file": b"<svg><image href='file:///etc/passwd'/></svg>",
        "a page": b"<!doctype html><script>alert(1)</script>",
        "JavaScript": b"alert(document.cookie)//",
        "PHP": b"<?php system($_GET['c']); ?>",
        "a shell script": b"#!/bin/sh\nrm -rf /\n",
        "XML that asks for a file": b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "XML that grows": b"<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>",
        "an ELF program": b"\x7fELF\x02\x01\x01" + bytes(60),
        "a Windows program": b"MZ\x90\0" + bytes(60) + b"PE\0\0",
        "a Java class": b"\xca\xfe\xba\xbe\0\0\0\x34",
        "WebAssembly": b"\0asm\1\0\0\0",
        "a pickle": b"\x80\x04cos\nsystem\n(S'id'\ntR.",
        "a zip": zipped.getvalue(),
        "a gzip": gzip.compress(good("PNG"), mtime=0),
        "a 7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(30),
        "a RAR": b"Rar!\x1a\7\1\0" + bytes(30),
        "a tar": b"a.jpg" + bytes(252) + b"ustar\0" + bytes(250),
        "an MP4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2mp41" + bytes(30),
        "a WebM": b"\x1a\x45\xdf\xa3" + bytes(30),
        "an MP3": b"ID3\4\0\0\0\0\0\0" + bytes(30),
        "a WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(30),
        "an AVI": b"RIFF\x24\0\0\0AVI LIST" + bytes(30),
        "a Photoshop file": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\1\0\0\0\1\0\x08\0\3" + bytes(30),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file\n",
        "a Windows metafile": b"\xd7\xcd\xc6\x9a" + bytes(40),
        "an icon": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0" + bytes(40),
        "a PPM": b"P6 1 1 255\n\0\0\0",
        "an XBM": b"#define a_width 8\n#define a_height 1\nstatic char a_bits[] = { 0x00 };",
        "a TGA": b"\0\0\2" + bytes(9) + b"\1\0\1\0\x18\0\0\0\0",
        "a DDS": b"DDS \x7c\0\0\0" + bytes(120),
        "a JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(30),
        "a JPEG XL": b"\xff\x0a" + bytes(30),
        "a FITS": b"SIMPLE  =                    T" + bytes(50),
        "a font": b"wOFF\0\1\0\0" + bytes(40),
        "a database": b"SQLite format 3\0" + bytes(80),
        "JSON": b'{"sku": "RING-1"}',
        "a CSV": b"sku,title\nRING-1,=cmd|' /C calc'!A0\n",
        "an e-mail": b"From: a@b\r\nSubject: x\r\n\r\nx",
        "UTF-16": "a picture".encode("utf-16"),
        "a million zeros": bytes(1_000_000),
        "a million ones": b"\xff" * 1_000_000,
        "noise": random.Random(10).randbytes(100_000),
        "base64 of a picture": b"data:image/png;base64,iVBORw0KGgo=",
        "a picture behind a line": b"\n" + good("JPEG"),
        "a PDF that is a JPEG, too": b"%PDF-1.7\n" + good("JPEG"),
        "a page that is a PNG, too": b"<script>/*" + good("PNG") + b"*/</script>",
        "a zip that is a GIF, too": zipped.getvalue() + good("GIF"),
    }
    for name, data in heads.items():
        yield name, data, NO_PICTURE


def stumps() -> Iterator[Hostile]:
    """Beginnings of pictures."""
    yield "zero bytes", b"", NO_PICTURE
    for kind in (*FORMATS, "HEIC"):
        for count in (2, 8, 14):
            yield f"the first {count} bytes of a {kind}", good(kind)[:count], NO_PICTURE
    for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIC"):
        for share in (0.5, 0.9):
            data = good(kind)
            if kind != "TIFF":
                at_once = kind == "WEBP" or (kind, share) == ("AVIF", 0.5)
                yield f"{share:.0%} of a {kind}", data[: int(len(data) * share)], NO_PICTURE if at_once else DAMAGED


def damaged() -> Iterator[Hostile]:
    """Pictures whose bytes were changed."""
    body = good("PNG")
    yield "a PNG with wrong checksums", body[:29] + b"\0\0\0\0" + body[33:], NO_PICTURE
    yield "a PNG without pixels", png(100, 100, pixels=b""), DAMAGED
    yield "a PNG whose pixels are noise", png(100, 100, pixels=random.Random(1).randbytes(5_000)), DAMAGED
    yield "a PNG of half its rows", png(100, 100, pixels=zlib.compress(bytes(301 * 50))), TAKEN
    yield "a PNG of no width", png(0, 100, pixels=b""), NO_PICTURE
    yield "a PNG of 3 bits", png(9, 9, bits=3), NO_PICTURE
    yield "a PNG of mode 5", png(9, 9, mode=5), NO_PICTURE
    yield "a PNG chunk as long as there is", body[:33] + b"\xff\xff\xff\xfftEXt" + body[33:], NO_PICTURE
    data = good("JPEG")
    start = data.index(b"\xff\xc0")
    yield "a JPEG of no height", data[: start + 5] + b"\0\0" + data[start + 7 :], NO_PICTURE
    yield "a JPEG of 255 channels", data[: start + 9] + b"\xff" + data[start + 10 :], NO_PICTURE
    yield "a JPEG of 1 bit", data[: start + 4] + b"\1" + data[start + 5 :], NO_PICTURE
    yield "a JPEG without tables", data.replace(b"\xff\xdb", b"\xff\xfe"), DAMAGED
    yield "a GIF of no size", b"GIF89a" + bytes(7) + b";", NO_PICTURE
    yield "a GIF whose codes are noise", good("GIF")[:820] + b"\xff" * 500, DAMAGED
    bmp = good("BMP")
    yield "a BMP of minus 2^31 rows", bmp[:22] + b"\0\0\0\x80" + bmp[26:], TOO_LARGE
    yield "a BMP of compression 99", bmp[:30] + b"\x63\0\0\0" + bmp[34:], NO_PICTURE
    yield "a BMP of 77 bits", bmp[:28] + b"\x4d\0" + bmp[30:], NO_PICTURE
    webp = good("WEBP")
    yield "a WebP whose size is wrong", webp[:4] + b"\xff\xff\xff\xff" + webp[8:], NO_PICTURE
    yield "a WebP of zeros", webp[:40] + bytes(len(webp) - 40), TAKEN
    yield "a TIFF without a directory", tiff(), NO_PICTURE
    yield "a TIFF whose directory is itself", tiff((256, 4, 1, 9), following=8), NO_PICTURE
    yield "a TIFF directory behind its end", b"II*\0\xff\xff\xff\x7f", NO_PICTURE
    avif = good("AVIF")
    yield "an AVIF of noise", avif[:300] + random.Random(2).randbytes(len(avif) - 300), DAMAGED
    yield "an AVIF box of 2^64 bytes", avif[:32] + b"\0\0\0\1meta" + b"\xff" * 8 + avif[40:], NO_PICTURE
    data = heic("ring")
    yield "a HEIC of noise", data[:600] + random.Random(3).randbytes(len(data) - 600), TAKEN


def polyglots() -> Iterator[Hostile]:
    """Pictures that are something else, too. They are served as the pictures that they are, and as nothing else."""
    script = b"<script>alert(1)</script>"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as packed:
        packed.writestr("../../evil", b"x")
    yield "a JPEG with a zip behind it", good("JPEG") + zipped.getvalue(), TAKEN
    yield "a PNG with PHP behind it", good("PNG") + b"<?php system('id'); ?>", TAKEN
    yield "a GIF with a script behind it", good("GIF") + script, TAKEN
    yield "a BMP with a program behind it", good("BMP") + b"\x7fELF" + bytes(60), TAKEN
    yield "a JPEG with a page in a comment", jpeg_with(segment(0xFE, script)), TAKEN
    yield "a PNG with a page in a text", png(64, 64, chunk(b"tEXt", b"Comment\0" + script)), TAKEN
    yield (
        "a JPEG that includes a file by XMP",
        jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + script)),
        TAKEN,
    )
    yield "a picture with many frames", _animated(), TAKEN


def _animated() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("P", (64, 64), each % 7) for each in range(500)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()
