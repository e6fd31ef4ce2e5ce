"""A picture of colours, for the embedder to look at as at a photo of a piece."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw

from services.gateway.query_vectors import Photo
from shared.contracts.catalogue_map import PaletteColour

_SIDE = 256
_GROUND = "#f7f7f7"
_RIM = 0.16
"""White about the colours: a model takes what lies at the border for the ground."""


def picture_of(colours: Sequence[PaletteColour]) -> Photo:
    """A PNG of upright stripes, each as wide as its share, amid white."""
    picture = Image.new("RGB", (_SIDE, _SIDE), _GROUND)
    draw = ImageDraw.Draw(picture)
    rim = _SIDE * _RIM
    total = sum(one.share for one in colours)
    left = rim
    for one in colours:
        right = left + (_SIDE - 2 * rim) * one.share / total
        draw.rectangle((left, rim, right, _SIDE - rim), fill=ImageColor.getrgb(one.colour))
        left = right
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    data = buffer.getvalue()
    return Photo(hashlib.sha256(data).hexdigest(), data)
