"""Photos and words of queries as the embedder's models see them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.gateway.multipart import Upload
from services.gateway.pictures import Inspector
from services.gateway.query_cache import QueryCache
from services.gateway.upstream import Embedder
from shared.contracts.analysis import Analysis, Box
from shared.contracts.text import TextVectors

_KEPT_SECONDS = 60.0
_MODELS_SECONDS = 10.0
_ENTRIES = 2_000
_BYTES = 32_000_000


@dataclass(frozen=True)
class Photo:
    """The bytes of a picture that may be analysed."""

    sha256: str
    data: bytes


def read_photos(uploads: Sequence[Upload], inspect: Inspector) -> list[Photo]:
    """Raises as `Inspector` does."""
    for upload in uploads:
        inspect(upload)
    return [Photo(upload.sha256, upload.file.read()) for upload in uploads]


class QueryVectors:
    """Asks the embedder, and remembers its answers for a minute within one shop. Neither photo nor words are kept.

    Which models it has loaded is asked at most every 10 seconds; an answer by others counts no longer.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._photos: QueryCache[list[Analysis]] = QueryCache(
            "photos", seconds=_KEPT_SECONDS, entries=_ENTRIES, size=_BYTES
        )
        self._words: QueryCache[TextVectors] = QueryCache(
            "words", seconds=_MODELS_SECONDS, entries=_ENTRIES, size=_BYTES
        )
        self._loaded = ""
        self._asked_at = float("-inf")

    async def photo(self, tenant: str, photo: Photo, box: Box | None = None) -> list[Analysis]:
        """By each loaded model, the first one's first; with a box, of what is in it as the only piece."""
        drawn = box.model_dump_json() if box else ""
        return await self._analyses((tenant, photo.sha256, drawn), lambda: self._asked(photo.data, box))

    async def mirrored(self, tenant: str, sha256: str, read: Callable[[], bytes]) -> list[Analysis]:
        """The mirror image of a stored picture; `read` gives its bytes, and is called only where they are needed."""

        async def ask() -> list[Analysis]:
            data = await asyncio.to_thread(read)
            return (await self._embedder.analyse(data, mirror=True)).analyses

        return await self._analyses((tenant, sha256, "mirrored"), ask)

    async def words(self, tenant: str, texts: Sequence[str]) -> list[TextVectors]:
        """One a text, in their order."""
        known = {text: held for text in texts if (held := self._words.get((tenant, text)))}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            for text, vectors in zip(new, await self._embedder.analyse_text(new), strict=True):
                known[text] = vectors
                self._words.put((tenant, text), vectors, 4 * len(text) + len(vectors.dense) + 64 * len(vectors.terms))
        return [known[text] for text in texts]

    async def _analyses(self, key: tuple[str, ...], ask: Callable[[], Awaitable[list[Analysis]]]) -> list[Analysis]:
        place = (*key, await self._models())
        held = self._photos.get(place)
        if held is None:
            held = await ask()
            self._photos.put(place, held, sum(len(piece.vector) + 1_000 for one in held for piece in one.pieces))
        return held

    async def _asked(self, data: bytes, box: Box | None) -> list[Analysis]:
        return (await self._embedder.analyse(data, box)).analyses

    async def _models(self) -> str:
        """The versions of the loaded models, right to 10 seconds."""
        if self._asked_at + _MODELS_SECONDS <= time.monotonic():
            self._loaded = " ".join(model.version for model in (await self._embedder.models()).models)
            self._asked_at = time.monotonic()
        return self._loaded
