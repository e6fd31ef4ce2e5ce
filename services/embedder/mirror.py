"""The mirror image of a picture: what the other half of a pair looks like."""

from __future__ import annotations

import io

from PIL import ImageOps

from services.embedder.decoding import Decode, decode_here

_SIDE = 2_048


def mirrored(data: bytes, decode: Decode = decode_here) -> bytes:
    """The picture, upright and mirrored left to right, as a BMP of up to 2048 pixels a side.

    Raises as `decode` does.
    """
    rgb = decode(data, _SIDE, None, "query").rgb
    rgb.thumbnail((_SIDE, _SIDE))
    written = io.BytesIO()
    ImageOps.mirror(rgb).save(written, "BMP")
    return written.getvalue()
