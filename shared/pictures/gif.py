"""A GIF without comments, plain texts and what applications put in. Blocks: the GIF89a specification."""

from __future__ import annotations

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


def strip(data: bytes) -> bytes:
    """Behind the end of the picture there is nothing. What is cut off stays cut off."""
    place = 13 + _table(data[10] if len(data) > 10 else 0)
    parts = [data[:place]]
    while place < len(data):
        start, kind = place, data[place]
        if kind == _IMAGE:
            place = _blocks_end(data, place + 11 + _table(data[place + 9] if place + 9 < len(data) else 0))
            parts.append(data[start:place])
        elif kind == _EXTENSION:
            place = _blocks_end(data, place + 2)
            if _draws(data[start:place]):
                parts.append(data[start:place])
        else:
            parts.append(b"\x3b" if kind == _TRAILER else b"")
            break
    return b"".join(parts)


def _draws(extension: bytes) -> bool:
    label = extension[1] if len(extension) > 1 else 0
    return label == _CONTROL or (label == _APPLICATION and extension[2:14] in _LOOPS)


def _table(flags: int) -> int:
    """Bytes of the colour table that the flags tell of."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks_end(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return min(place + 1, len(data))
