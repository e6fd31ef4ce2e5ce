"""BMP and TIFF without what is not their picture: what draws stays where it is, all other bytes become zero."""

from __future__ import annotations

import struct
from typing import Literal

_BMP_HEAD = 14
_SRGB = b"BGRs"
_WITH_PROFILE = 124
_DRAW = {*range(254, 260), 262, 266, 273, 274, *range(277, 280), *range(282, 285), *range(290, 294), 296, 301}
_DRAW |= {*range(317, 321), *range(322, 326), 332, 334, 336, *range(338, 342), 347, *range(512, 522), *range(529, 533)}
"""The tags of TIFF 6.0 by which pixels are read; whatever else there is, an Exif or a place, is not needed."""
_ICC = 34675
_PIXELS = {273: 279, 324: 325, 513: 514}
"""Tags of offsets, and those of the lengths of what lies there."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def strip_bmp(data: bytes) -> bytes:
    """What a version 5 header names as its profile, which may be the path of a file, goes with the rest."""
    start, head = struct.unpack_from("<II", data, 10)
    out = bytearray(data)
    if head >= _WITH_PROFILE:
        out[_BMP_HEAD + 56 : _BMP_HEAD + 60] = _SRGB
        out[_BMP_HEAD + 112 : _BMP_HEAD + 120] = bytes(8)
    if head >= 40:
        width, height, _, bits, compression, size, _, _, colours = struct.unpack_from("<iiHHIIiiI", data, _BMP_HEAD + 4)
        palette = 4 * (colours or (1 << bits if bits <= 8 else 0)) + (16 if compression in (3, 6) and head == 40 else 0)
        used = min(_BMP_HEAD + head + palette, start)
        out[used:start] = bytes(max(start - used, 0))
        rows = (abs(width) * bits + 31) // 32 * 4 * abs(height)
        end = start + (rows if compression in (0, 3, 6) else size)
        del out[end:]
    return bytes(out)


def strip_tiff(data: bytes, *, keep_profile: bool) -> bytes:
    """The first page. Raises `struct.error` or `ValueError` for a file that is damaged."""
    order: Literal["<", ">"] = "<" if data[:2] == b"II" else ">"
    wide = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    count_of, entry_of, offset_of = (
        (f"{order}Q", f"{order}HHQ", f"{order}Q") if wide else ((f"{order}H", f"{order}HHI", f"{order}I"))
    )
    offset_size, entry_size = struct.calcsize(offset_of), 20 if wide else 12
    head = 16 if wide else 8
    (first,) = struct.unpack_from(offset_of, data, head - offset_size)
    (count,) = struct.unpack_from(count_of, data, first)
    if count > 1_000:
        raise ValueError("it has too many tags")
    place = first + struct.calcsize(count_of)
    out = bytearray(len(data))
    out[:head] = data[:head]
    entries: list[bytes] = []
    numbers: dict[int, list[int]] = {}
    for at in range(place, place + count * entry_size, entry_size):
        tag, kind, values = struct.unpack_from(entry_of, data, at)
        if tag not in _DRAW and not (tag == _ICC and keep_profile):
            continue
        size = _SIZES.get(kind, 1) * values
        value_at = at + entry_size - offset_size
        if size > offset_size:
            (value_at,) = struct.unpack_from(offset_of, data, value_at)
            out[value_at : value_at + size] = data[value_at : value_at + size]
        if tag in _PIXELS or tag in _PIXELS.values():
            code = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(kind)
            if code:
                numbers[tag] = list(struct.unpack_from(f"{order}{values}{code}", data, value_at))
        entries.append(data[at : at + entry_size])
    for offsets, lengths in _PIXELS.items():
        for start, length in zip(numbers.get(offsets, ()), numbers.get(lengths, ()), strict=False):
            out[start : start + length] = data[start : start + length]
    table = struct.pack(count_of, len(entries)) + b"".join(entries) + bytes(offset_size)
    out[first : first + len(table)] = table
    if len(out) != len(data):
        raise ValueError("it points behind its end")
    return bytes(out)
