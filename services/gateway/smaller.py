"""Pictures in fewer pixels than they came in, for the screens that they are shown on."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

import structlog

from services.gateway.query_cache import QueryCache
from services.gateway.upstream import Embedder
from shared.errors import LoupeError
from shared.pictures import content_type_of

_SECONDS = 24 * 3_600.0
_ENTRIES = 8_192
_BYTES = 64_000_000
_SHOWN_BY_BROWSERS = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif")
_OF_THE_PICTURE = (413, 415, 422)
"""Statuses of what would come of it again."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Shown:
    """`kept`: whether who was sent it may keep it for a picture of the width that was asked for."""

    data: bytes
    etag: str
    kept: bool = True


class SmallerPictures:
    """Asks the embedder for them and keeps those asked for lately, in memory alone: as `CutOuts`, for the same reason.

    Who may see a picture is asked before, and what is kept is of its bytes, so of a picture that is removed or drawn
    again nothing is shown any more.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._made: QueryCache[bytes] = QueryCache("smaller", seconds=_SECONDS, entries=_ENTRIES, size=_BYTES)

    async def of(self, tenant: str, picture: bytes, width: int | None) -> Shown:
        """The picture at most `width` pixels wide, or itself where that is less, or cannot be had just now."""
        digest = await asyncio.to_thread(_hash, picture)
        whole = Shown(picture, f'"{digest}"')
        if width is None:
            return whole
        key = (tenant, digest, width)
        made = self._made.get(key)
        if made is None:
            try:
                made = self._better(picture, await self._embedder.smaller(picture, width))
            except LoupeError as error:
                _log.info("picture_not_made_smaller", status=error.status, detail=error.detail)
                if error.status not in _OF_THE_PICTURE:
                    return Shown(picture, whole.etag, kept=False)
                made = b""  # it stays as it is, and is not tried for every look at it
            self._made.put(key, made, len(made) + len(digest))
        return Shown(made, f'"{digest}-{width}"') if made else whole

    def _better(self, picture: bytes, made: bytes) -> bytes:
        shown = content_type_of(picture) in _SHOWN_BY_BROWSERS
        return b"" if shown and len(made) >= len(picture) else made


def _hash(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()[:32]
