"""Pieces cut out of the shop's pictures, for who tries them on."""

from __future__ import annotations

import asyncio
import hashlib

from services.gateway.query_cache import QueryCache
from services.gateway.upstream import Embedder

_SECONDS = 3_600.0
_ENTRIES = 256
_BYTES = 48_000_000


class CutOuts:
    """Asks the embedder for cut-outs and keeps those asked for lately, in memory alone.

    They are no renditions: what lies in that bucket takes a picture's place, and another copy of a picture, kept, would
    have to be found again when the picture is removed, drawn again or erased.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._made: QueryCache[bytes] = QueryCache("cutouts", seconds=_SECONDS, entries=_ENTRIES, size=_BYTES)

    async def of(self, tenant: str, picture: bytes) -> bytes:
        """A PNG with alpha of the picture's main piece. Raises `NotFound` where no piece is found in it."""
        key = (tenant, await asyncio.to_thread(_hash, picture))
        made = self._made.get(key)
        if made is None:
            made = await self._embedder.cut_out(picture)
            self._made.put(key, made, len(made))
        return made


def _hash(picture: bytes) -> bytes:
    return hashlib.sha256(picture).digest()
