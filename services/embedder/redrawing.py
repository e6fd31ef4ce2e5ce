"""Pictures that cannot be kept as they came: drawn again in sRGB, without faces where the shop wants none."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence

from PIL import Image

from services.embedder import metrics
from services.embedder.decoding import Decode
from services.embedder.faces import Face, without_faces
from shared.contracts.analysis import picture_key
from shared.contracts.fields import MAX_PICTURE_PIXELS, PICTURE_FORMATS
from shared.contracts.messages import ImageStored
from shared.objectstore import ObjectStore

BUCKET = "renditions"
_WHOLE = MAX_PICTURE_PIXELS
"""A side that no picture is reduced below: all its pixels are wanted."""
_QUERY_SIDE = 1_600
_QUALITY = 95
FindFaces = Callable[[Image.Image], Sequence[Face]]


class Redrawer:
    """Writes renditions, of which the gateway keeps the pixels in the original's place."""

    def __init__(self, renditions: ObjectStore, find_faces: FindFaces, decode: Decode) -> None:
        self._renditions = renditions
        self._decode = decode
        self._find = find_faces
        self._one_at_a_time = threading.Lock()  # each takes up to half a gigabyte

    def redraw(self, message: ImageStored, data: bytes) -> bool:
        """Whether there is something to tell of the picture: it was drawn again, or faces were looked for.

        An empty rendition says that it may stay as it is. Raises as `decode` does.
        """
        profile = _has_profile(data)
        if not (profile or message.blur_faces):
            return False
        with self._one_at_a_time:
            rgb = self._decode(data, _WHOLE, None, "ingest").rgb
            faces = self._look(rgb) if message.blur_faces else []
            drawn = _jpeg(without_faces(rgb, faces)) if faces or profile else b""
        self._renditions.put(message.tenant, picture_key(message.sha256), drawn)
        return True

    def of_shopper(self, data: bytes) -> bytes:
        """A shopper's photo without faces and metadata, as a JPEG of up to 1600 pixels a side. Raises as `decode`."""
        with self._one_at_a_time:
            rgb = self._decode(data, _QUERY_SIDE, None, "query").rgb
            rgb.thumbnail((_QUERY_SIDE, _QUERY_SIDE))
            return _jpeg(without_faces(rgb, self._look(rgb)))

    def _look(self, rgb: Image.Image) -> Sequence[Face]:
        faces = self._find(rgb)
        metrics.LOOKED_FOR_FACES.labels("found" if faces else "none").inc()
        return faces


def _has_profile(data: bytes) -> bool:
    return bool(Image.open(io.BytesIO(data), formats=PICTURE_FORMATS).info.get("icc_profile"))


def _jpeg(rgb: Image.Image) -> bytes:
    written = io.BytesIO()
    bare = Image.frombytes("RGB", rgb.size, rgb.tobytes())  # without what Pillow would write of the original
    bare.save(written, "JPEG", quality=_QUALITY, subsampling=0)
    return written.getvalue()
