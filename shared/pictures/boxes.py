"""AVIF and HEIC without what is not their picture. Boxes: ISO/IEC 14496-12 and 23008-12.

All bytes stay where they are, since the file tells where each of its parts begins; what goes becomes empty.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MAX_BOXES = 10_000
_EMPTY_EXIF = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
"""An offset of 0, then a TIFF without tags: libavif refuses a file whose Exif is no TIFF."""
_OF_META = (b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"grpl")
_OF_MOVIE = (b"moov", b"trak", b"mdia", b"minf", b"edts")
_PEOPLES = (b"udta", b"meta", b"uuid")
_TOLD = (b"Exif", b"mime", b"uri ")
_Span = tuple[bytes, int, int]


def strip(data: bytes, *, keep_profile: bool) -> bytes:
    """Exif, XMP, thumbnails, films beside the picture and whatever no part of it refers to become empty.

    Raises `struct.error`, `IndexError` or `ValueError` for a file that is damaged.
    """
    out = bytearray(data)
    tops = list(spans(data, 0, len(data)))
    film = any(kind == b"moov" for kind, _, _ in tops)
    written: list[tuple[int, bytes]] = []
    for kind, start, end in tops:
        if kind == b"meta":
            written += _strip_meta(data, out, start + 4, end, keep_profile)
    for kind, start, end in tops:
        if kind == b"mdat" and not film:
            out[start:end] = bytes(end - start)
        elif kind == b"moov":
            _strip_movie(data, out, start, end)
        elif kind not in (b"ftyp", b"meta", b"mdat"):
            _empty(out, start, end)
    last = tops[-1][2] if tops else 0
    out[last:] = bytes(len(data) - last)
    for start, content in written:
        out[start : start + len(content)] = content
    if len(out) != len(data):
        raise ValueError("it points behind its end")
    return bytes(out)


def spans(data: bytes, start: int, end: int) -> Iterator[_Span]:
    """The kind of each box between two places, and where its body begins and ends."""
    count = 0
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        count += 1
        if (size and size < head) or count > _MAX_BOXES:
            raise ValueError("its boxes do not fit together")
        after = end if size == 0 else min(start + size, end)
        yield kind, start + head, after
        start = after


def _strip_meta(data: bytes, out: bytearray, start: int, end: int, keep_profile: bool) -> list[tuple[int, bytes]]:
    """What is to stand where, of the items that draw and in place of those that do not."""
    inner = {kind: (at, to) for kind, at, to in spans(data, start, end)}
    for kind, at, to in spans(data, start, end):
        if kind not in _OF_META:
            _empty(out, at, to)
    if not keep_profile and b"iprp" in inner:
        for kind, at, to in spans(data, *inner[b"iprp"]):
            if kind == b"ipco":
                for name, begin, after in spans(data, at, to):
                    if name == b"colr" and data[begin : begin + 4] in (b"prof", b"rICC"):
                        _empty(out, begin, after)
    kinds = dict(_kinds(data, *inner.get(b"iinf", (0, 0))))
    thumbnails = set(_thumbnails(data, *inner.get(b"iref", (0, 0))))
    written = []
    for item, source, extents in places(data, *inner.get(b"iloc", (0, 0))):
        base = inner[b"idat"][0] if source == 1 else 0
        told = kinds.get(item)
        goes = told in _TOLD or item in thumbnails
        for at, length in extents:
            content = data[base + at : base + at + length] if length else data[base + at :]
            if goes:
                content = (_EMPTY_EXIF if told == b"Exif" else b"")[: len(content)].ljust(len(content), b"\0")
            written.append((base + at, content))
    return written


def _strip_movie(data: bytes, out: bytearray, start: int, end: int) -> None:
    for kind, at, to in spans(data, start, end):
        if kind in _OF_MOVIE:
            _strip_movie(data, out, at, to)
        elif kind in _PEOPLES:
            _empty(out, at, to)


def _empty(out: bytearray, start: int, end: int) -> None:
    """A box becomes room that nobody reads."""
    wide = out[start - 16 : start - 12] == b"\0\0\0\1" and int.from_bytes(out[start - 8 : start]) == end - start + 16
    name = start - (12 if wide else 4)
    out[name : name + 4] = b"free"
    out[start:end] = bytes(end - start)


def _kinds(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    if start == end:
        return
    for kind, at, _ in spans(data, start + (6 if data[start] == 0 else 8), end):
        if kind == b"infe" and data[at] in (2, 3):
            wide = data[at] == 3
            name = at + (10 if wide else 8)
            yield int.from_bytes(data[at + 4 : at + (8 if wide else 6)]), data[name : name + 4]


def _thumbnails(data: bytes, start: int, end: int) -> Iterator[int]:
    if start == end:
        return
    size = 2 if data[start] == 0 else 4
    for kind, at, _ in spans(data, start + 4, end):
        if kind == b"thmb":
            yield int.from_bytes(data[at : at + size])


def places(data: bytes | memoryview, start: int, end: int) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Of an `iloc` box whose body is `data[start:end]`: item, construction method, and start and length of each extent.

    Raises `IndexError` or `ValueError` when it is cut off.
    """
    if start == end:
        return
    version, place = data[start], start + 6

    def number(size: int) -> int:
        nonlocal place
        place += size
        if place > end:
            raise ValueError("its table of items is cut off")
        return int.from_bytes(data[place - size : place])

    offset_size, length_size = data[start + 4] >> 4, data[start + 4] & 15
    base_size, index_size = data[start + 5] >> 4, data[start + 5] & 15 if version else 0
    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        source = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        extents = []
        for _ in range(number(2)):
            number(index_size)
            at = base + number(offset_size)
            extents.append((at, number(length_size)))
        yield item, source, extents
