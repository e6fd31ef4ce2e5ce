"""A JPEG without what is not its picture. Segments: ITU-T T.81, annex B; the pixels stay the very same bytes."""

from __future__ import annotations

import re

_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The first marker behind coded pixels: neither a stuffed byte nor a restart."""
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_JFIF, _EXIF, _PROFILE_AT, _ADOBE, _COMMENT, _SOS = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE, 0xDA
_ICC = b"ICC_PROFILE\0"


def strip(data: bytes, exif: bytes, *, keep_profile: bool) -> bytes:
    """The first picture of the file; behind its end there is nothing. `exif` (a TIFF, may be empty) is its only tag.

    What is cut off stays cut off.
    """
    first: list[bytes] = []
    rest: list[bytes] = []
    place = 2
    while (found := data.find(b"\xff", place)) >= 0:
        place = found
        while data[place : place + 2] == b"\xff\xff":
            place += 1
        marker = data[place + 1] if place + 1 < len(data) else 0
        if marker == _EOI[1]:
            rest.append(_EOI)
            break
        if marker in (0x00, 0x01, _SOI[1]) or 0xD0 <= marker <= 0xD7:
            place += 2
            continue
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        segment = data[place:end]
        place = max(end, place + 4)
        if marker == _JFIF:
            if segment[4:9] == b"JFIF\0" and not first:
                first.append(b"\xff\xe0\x00\x10" + segment[4:16] + b"\0\0")
        elif kept := _kept(marker, segment, keep_profile):
            rest.append(kept)
        if marker == _SOS:
            following = _NEXT.search(data, place)
            rest.append(data[place : following.start() if following else len(data)])
            if following is None:
                break
            place = following.start()
    if exif:
        told = b"Exif\0\0" + exif
        first.append(b"\xff\xe1" + (len(told) + 2).to_bytes(2) + told)
    return b"".join((_SOI, *first, *rest))


def _kept(marker: int, segment: bytes, keep_profile: bool) -> bytes:
    if marker == _PROFILE_AT and keep_profile and segment[4:16] == _ICC:
        return segment
    if marker == _ADOBE and segment[4:9] == b"Adobe":
        return b"\xff\xee\x00\x0e" + segment[4:16]
    return b"" if 0xE0 <= marker <= 0xEF or marker >= 0xF0 else segment
