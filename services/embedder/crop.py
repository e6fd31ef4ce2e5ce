"""What of a picture the encoder sees of each found piece."""

from __future__ import annotations

from collections.abc import Sequence

from services.embedder.find import Found
from shared.contracts.analysis import Box

CONTEXT = 0.33
"""Of the box's longer side, added on each side: the near one of the network's two looks, 0.6 of what it is given, then
sees the piece, and the other what is about it.

R@1 of the same piece in train shops, in val shops, of RingFIR's val styles, of renders, by `loupe-open-1`: whole
pictures .639 .314 .927 .473; with 0.12 .653 .353 .913 .453, and types told right less often; with 0.33 .644 .392 .940
.480.
"""
LEAST_COVERED = 0.1
"""A lone piece whose box covers less of the picture is seen with all of it: so small a box is too often a wrong one
(`python -m lab measure-crops`)."""


def windows(found: Sequence[Found], width: int, height: int) -> list[Box]:
    """The part of a picture of `width` x `height` pixels that the encoder sees of each piece."""
    if len(found) == 1 and found[0].box.area < LEAST_COVERED:
        return [Box()]
    return [with_context(piece.box, width, height, CONTEXT) for piece in found]


def with_context(box: Box, width: int, height: int, context: float) -> Box:
    """The box, wider and higher by `context` of its longer side on each side, within the picture."""
    margin = context * max((box.x1 - box.x0) * width, (box.y1 - box.y0) * height)
    across, down = margin / width, margin / height
    return Box(
        x0=max(0.0, box.x0 - across),
        y0=max(0.0, box.y0 - down),
        x1=min(1.0, box.x1 + across),
        y1=min(1.0, box.y1 + down),
    )
