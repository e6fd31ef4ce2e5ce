"""What the header of a picture says, checked before anything is stored. Nothing is decoded here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.gateway import headers, metrics
from services.gateway.multipart import Upload
from shared.contracts.fields import MAX_PICTURE_PIXELS, PICTURE_FORMATS, PICTURE_FORMATS_TOLD
from shared.errors import Permanent, TooLarge, UnsupportedPicture
from shared.sandbox.pool import Limits, Sandbox

_TOLD = f"Send a {PICTURE_FORMATS_TOLD}."
_HEAD = 16_384
"""Of so few bytes no reader makes much memory, or work: an EXIF of them at most 6 MB."""
_PLAIN = ("JPEG", "PNG", "GIF", "BMP")
"""Formats whose headers Pillow reads in Python alone, from the front on."""
_MEMORY_BYTES = 2_500_000_000
"""libwebp sets aside two canvases of 16,383 x 16,383 that it does not touch until it decodes."""
_CHILDREN = 2
_SECONDS = 20.0


@dataclass(frozen=True)
class Picture:
    """A picture that may be stored. `width` and `height` in pixels, as in the header."""

    sha256: str
    size: int
    content_type: str
    width: int
    height: int


class Inspector:
    """Reads headers: those of ordinary pictures here, since that can neither crash nor last, all others in a child."""

    def __init__(self, cpu_seconds: float = 3.0) -> None:
        limits = Limits(cpu_seconds, max(_SECONDS, 6 * cpu_seconds), _MEMORY_BYTES)
        self._sandbox = Sandbox(
            "services.gateway.headers:read",
            limits,
            _CHILDREN,
            observe=lambda how: metrics.HEADER_READERS_ENDED.labels(how).inc(),
        )

    def __call__(self, upload: Upload) -> Picture:
        """Read the header; leaves the file at its start.

        Raises `UnsupportedPicture` for no bytes, for bytes that are no picture of a format that Loupe reads, and for
        what was sent as something else altogether, by mistake; `TooLarge` over 50 megapixels; `TooHeavyPicture` and
        `UnreadablePicture` for what nobody can read to its end; `Retryable` while stopping.
        """
        kind = upload.declared.partition(";")[0].strip().lower()
        if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
            raise UnsupportedPicture(
                f"The picture is declared as {kind[:100]!r}, not as a picture. Declare image/jpeg or so."
            )
        if upload.size == 0:
            raise UnsupportedPicture(f"The picture has no bytes. {_TOLD}")
        try:
            told = self._header(upload)
        finally:
            upload.file.seek(0)
        return Picture(upload.sha256, upload.size, told["content_type"], told["width"], told["height"])

    def close(self) -> None:
        self._sandbox.close()

    def _header(self, upload: Upload) -> dict[str, Any]:
        head = upload.file.read(_HEAD)
        try:
            return headers.read(head, _asked(_PLAIN))[0]
        except TooLarge:
            raise
        except Permanent:
            pass  # whether it is at fault, or goes on behind the head, is seen in a child
        told, _ = self._sandbox(head + upload.file.read(), _asked(PICTURE_FORMATS))
        return dict(told)


def _asked(formats: tuple[str, ...]) -> dict[str, Any]:
    return {"formats": formats, "max_pixels": MAX_PICTURE_PIXELS, "told": _TOLD}
