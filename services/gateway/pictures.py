"""What the header of a picture says, checked before anything is stored. Nothing is decoded here."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import pi_heif
from PIL import Image, UnidentifiedImageError

from services.gateway.multipart import Upload
from shared.contracts.fields import MAX_PICTURE_PIXELS, PICTURE_FORMATS, PICTURE_FORMATS_TOLD
from shared.errors import TooLarge, UnsupportedPicture

_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error),
    RuntimeError,  # of libheif and libavif
)
_TOLD = f"Send a {PICTURE_FORMATS_TOLD}."
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `inspect` refuses such a picture itself, in words


@dataclass(frozen=True)
class Picture:
    """A picture that may be stored. `width` and `height` in pixels, as in the header."""

    sha256: str
    size: int
    content_type: str
    width: int
    height: int


def inspect(upload: Upload) -> Picture:
    """Read the header; leaves the file at its start.

    Raises `UnsupportedPicture` for no bytes, for bytes that are no picture of a format that Loupe reads, and for what
    was sent as something else altogether, by mistake; `TooLarge` over 50 megapixels.
    """
    kind = upload.declared.partition(";")[0].strip().lower()
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise UnsupportedPicture(f"The part is declared as {kind[:100]!r}, not as a picture. Declare image/jpeg or so.")
    if upload.size == 0:
        raise UnsupportedPicture(f"The picture has no bytes. {_TOLD}")
    width, height, content_type = _header(upload.file)
    if width * height > MAX_PICTURE_PIXELS:
        raise _too_many_pixels(f"{width} x {height} pixels")
    return Picture(upload.sha256, upload.size, content_type, width, height)


def _header(file: SpooledTemporaryFile[bytes]) -> tuple[int, int, str]:
    try:
        image = Image.open(cast(BinaryIO, file), formats=PICTURE_FORMATS)
        return image.width, image.height, "image/jpeg" if image.format == "MPO" else Image.MIME[image.format or ""]
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("far too many pixels") from error
    except UnidentifiedImageError as error:
        raise UnsupportedPicture(f"The bytes are no picture that Loupe can read. {_TOLD}") from error
    except _BROKEN as error:
        raise UnsupportedPicture(
            f"The start of the picture is damaged. Open it in a viewer and save it. {_TOLD}"
        ) from error
    finally:
        file.seek(0)


def _too_many_pixels(size: str) -> TooLarge:
    return TooLarge(
        f"The picture has {size}; Loupe takes up to {MAX_PICTURE_PIXELS // 1_000_000} megapixels. "
        "Scale it down; 1000 pixels a side are plenty."
    )
