"""Pictures made smaller for the screens that they are shown on."""

from __future__ import annotations

import io

from services.embedder.decoding import Decode

_TALLEST = 4
"""Times its width: a picture that is taller is made narrower than asked, or a strip would be as long as it came."""
_QUALITY = 78
"""Of WebP: on rendered pieces no difference is seen beside 90, which takes half as much again."""


class Smaller:
    """Draws pictures again in few pixels."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode

    def __call__(self, data: bytes, width: int) -> bytes:
        """The whole picture, upright, in sRGB, as a WebP of up to `width` pixels across; never larger than it was.

        Raises as `decode` does.
        """
        rgb = self._decode(data, width, None, "query").rgb
        rgb.thumbnail((width, _TALLEST * width))
        written = io.BytesIO()
        rgb.save(written, "WEBP", quality=_QUALITY)
        return written.getvalue()
