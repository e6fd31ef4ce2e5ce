"""What a person sees of a comparison: two pieces side by side, what is alike and what differs framed."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from services.embedder.compare.align import warped
from services.embedder.compare.pair import Pair
from services.embedder.compare.photo import SIDE, Frame
from shared.contracts.analysis import Box
from shared.contracts.comparing import Evidence, Region

_GAP = 8
_COLOURS = {"alike": (34, 139, 84), "differs": (206, 38, 38)}
_QUALITY = 85


def evidence(pair: Pair, regions: Sequence[Region]) -> Evidence:
    """The query, aligned where that was possible, at the left; the reference at the right."""
    left = pair.query.canvas
    if pair.alignment is not None:
        left = np.asarray(warped(left, pair.alignment.matrix), np.uint8)
    sheet = Image.new("RGB", (2 * SIDE + _GAP, SIDE), "white")
    sheet.paste(Image.fromarray(left), (0, 0))
    sheet.paste(Image.fromarray(pair.reference.canvas), (SIDE + _GAP, 0))
    draw = ImageDraw.Draw(sheet)
    for region in sorted(regions, key=lambda one: one.kind):
        x0, y0, x1, y1 = _in_square(region.reference, pair.reference.frame)
        for aside in (0, SIDE + _GAP):
            draw.rectangle((x0 + aside, y0, x1 + aside, y1), outline=_COLOURS[region.kind], width=2)
    written = io.BytesIO()
    sheet.save(written, "JPEG", quality=_QUALITY)
    return Evidence(picture=base64.b64encode(written.getvalue()).decode("ascii"), width=sheet.width, height=SIDE)


def _in_square(box: Box, frame: Frame) -> tuple[int, int, int, int]:
    """Pixels of the square; within it, and not empty."""
    scale = SIDE / frame.side
    x0, x1 = (round((x * frame.width - frame.left) * scale) for x in (box.x0, box.x1))
    y0, y1 = (round((y * frame.height - frame.top) * scale) for y in (box.y0, box.y1))
    x0, y0 = min(max(x0, 0), SIDE - 2), min(max(y0, 0), SIDE - 2)
    return x0, y0, min(max(x1, x0 + 1), SIDE - 1), min(max(y1, y0 + 1), SIDE - 1)
