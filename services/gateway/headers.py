"""What the header of a picture says. Imports little: a child process reads those of other people's formats."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import pi_heif
from PIL import Image, UnidentifiedImageError

from shared.errors import TooLarge, UnsupportedPicture

Image.init()  # its plugins are imported now, not in the time of the first picture
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
warnings.filterwarnings("ignore", module="PIL")  # what it says of hostile bytes goes into no log; `read` has its words


def read(data: bytes, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """`width`, `height` in pixels and `content_type`, for a picture of one of the `formats` asked for.

    Raises `UnsupportedPicture` for bytes that are none, `TooLarge` over `max_pixels`.
    """
    most, told = asked["max_pixels"], asked["told"]
    try:
        image = Image.open(io.BytesIO(data), formats=asked["formats"])
        width, height = image.size
        kind = "image/jpeg" if image.format == "MPO" else Image.MIME[image.format or ""]
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("far too many pixels", most) from error
    except UnidentifiedImageError as error:
        raise UnsupportedPicture(f"The bytes are no picture that Loupe can read. {told}") from error
    except MemoryError:
        raise
    except Exception as error:  # whatever a reader says of hostile bytes, they are at fault
        raise UnsupportedPicture(
            f"The start of the picture is damaged. Open it in a viewer and save it. {told}"
        ) from error
    if width * height > most:
        raise _too_many_pixels(f"{width} x {height} pixels", most)
    return {"width": width, "height": height, "content_type": kind}, b""


def _too_many_pixels(size: str, most: int) -> TooLarge:
    return TooLarge(
        f"The picture has {size}; Loupe takes up to {most // 1_000_000} megapixels. "
        "Scale it down; 1000 pixels a side are plenty."
    )
