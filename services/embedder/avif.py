"""How large the frames in an AVIF really are, which its header need not tell truly: libavif decodes first, then scales.

Boxes: ISO/IEC 14496-12 and 23008-12. Bits: the AV1 bitstream specification, sections 5.3 to 5.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from shared.pictures.boxes import places

_MAX_BOXES = 10_000
_NOTHING = memoryview(b"")
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_SEQUENCE_HEADER = 1


def most_pixels(data: bytes) -> int:
    """Width x height of the largest AV1 sequence among the still pictures and the first frames of tracks; 0 if none.

    Raises `struct.error`, `IndexError` or `ValueError` for a file that is damaged.
    """
    file = memoryview(data)
    streams = [stream for kind, body in _boxes(file) for stream in _streams(kind, body, file)]
    return max((pixels for stream in streams for pixels in _sequences(stream)), default=0)


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and body of each box, one after the other."""
    place = count = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, place + 8)[0], 16
        end = len(data) if size == 0 else place + size
        count += 1
        if (size and size < head) or count > _MAX_BOXES:
            raise ValueError("its boxes do not fit together")
        yield kind, data[place + head : end]
        place = end


def _streams(kind: bytes, body: memoryview, file: memoryview) -> Iterator[memoryview]:
    if kind == b"meta":
        yield from _items(dict(_boxes(body[4:])), file)
    elif kind == b"stbl":
        yield from _first_sample(dict(_boxes(body)), file)
    elif kind in _CONTAINERS:
        for inner, content in _boxes(body):
            yield from _streams(inner, content, file)


def _items(meta: dict[bytes, memoryview], file: memoryview) -> Iterator[memoryview]:
    pictures = {item for item, kind in _kinds(meta.get(b"iinf", _NOTHING)) if kind == b"av01"}
    left = len(file)
    iloc = meta.get(b"iloc", _NOTHING)
    for item, source, extents in places(iloc, 0, len(iloc)):
        if item not in pictures:
            continue
        whole = meta.get(b"idat", _NOTHING) if source == 1 else file
        parts = [whole[start : start + length] if length else whole[start:] for start, length in extents]
        left -= sum(map(len, parts))
        if left < 0:
            raise ValueError("its pictures overlap")
        yield memoryview(b"".join(parts))


def _kinds(iinf: memoryview) -> Iterator[tuple[int, bytes]]:
    for kind, body in _boxes(iinf[6 if iinf[:1].tobytes() == b"\x00" else 8 :]):
        if kind == b"infe" and body[0] in (2, 3):
            wide = body[0] == 3
            yield int.from_bytes(body[4 : 8 if wide else 6]), bytes(body[10:14] if wide else body[8:12])


def _first_sample(table: dict[bytes, memoryview], file: memoryview) -> Iterator[memoryview]:
    if table.get(b"stsd", _NOTHING)[12:16].tobytes() != b"av01":
        return
    wide = b"co64" in table
    start = int.from_bytes(table[b"co64"][8:16] if wide else table[b"stco"][8:12])
    sizes = table[b"stsz"]
    size = int.from_bytes(sizes[4:8]) or int.from_bytes(sizes[12:16])
    yield file[start : start + size]


def _sequences(stream: memoryview) -> Iterator[int]:
    """Pixels of a frame, of each sequence header in a stream of OBUs."""
    place = 0
    while place < len(stream):
        head = stream[place]
        place += 2 if head & 4 else 1
        size = len(stream) - place
        if head & 2:
            size = shift = 0
            while True:
                byte = stream[place]
                size |= (byte & 127) << shift
                place, shift = place + 1, shift + 7
                if byte < 128 or shift > 56:
                    break
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            yield _pixels(stream[place : place + size])
        place += size


def _pixels(header: memoryview) -> int:
    bits = "".join(f"{byte:08b}" for byte in header[:256])
    place = 0

    def take(count: int) -> int:
        nonlocal place
        place += count
        if place > len(bits):
            raise ValueError("its sequence header is cut off")
        return int(bits[place - count : place] or "0", 2)

    take(4)
    if take(1):
        take(5)
    else:
        delay_bits = 0
        timing = take(1)
        if timing:
            take(64)
            if take(1):  # equal_picture_interval, then uvlc
                zeros = 0
                while not take(1):
                    zeros += 1
                take(zeros)
            if take(1):
                delay_bits = take(5) + 1
                take(42)
        delays = take(1)
        for _ in range(take(5) + 1):
            take(12)
            if take(5) > 7:
                take(1)
            if delay_bits and take(1):
                take(2 * delay_bits + 1)
            if delays and take(1):
                take(4)
    width_bits, height_bits = take(4) + 1, take(4) + 1
    return (take(width_bits) + 1) * (take(height_bits) + 1)
