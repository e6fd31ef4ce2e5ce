"""What a decoding child does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

from services.embedder.decode import decode
from shared.contracts.analysis import Box

Image.init()  # its plugins are imported now, not in the time of the first picture


def work(data: bytes, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The size of the original and that of the RGB, and its bytes row by row."""
    box = asked["box"]
    picture = decode(data, asked["at_least"], box and Box(**dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))))
    told = {"width": picture.width, "height": picture.height, "size": picture.rgb.size}
    return told, picture.rgb.tobytes()
