"""Answers kept for those who ask the same, until anything of the shop's index changes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import TypeVar

from cachetools import TTLCache

from services.recommender import metrics
from services.recommender.index import Index
from shared.contracts.internal import CompletesRequest, HitList, SearchRequest, SimilarRequest

_SECONDS = 60
"""What changes without a write to the index, as popularity does, may be told so late."""
_BYTES = 64_000_000
_OVERHEAD = 1_000
"""Bytes that an answer is counted for beside its own, so there are at most 64,000."""
_Asked = TypeVar("_Asked", SearchRequest, SimilarRequest, CompletesRequest)


class Answers:
    """The answers of this process as JSON. Safe to call from several threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._kept: TTLCache[tuple[str, ...], bytes] = TTLCache(
            _BYTES, _SECONDS, getsizeof=lambda answer: len(answer) + _OVERHEAD
        )

    def json(self, request: _Asked, answer: Callable[[_Asked], HitList]) -> bytes:
        """What `answer` gives for the request, or gave within a minute, nothing of the tenant being written since."""
        key = self._key(request)
        with self._lock:
            kept = self._kept.get(key)
        metrics.CACHED.labels("miss" if kept is None else "hit").inc()
        if kept is not None:
            return kept
        made = answer(request).model_dump_json().encode()
        with self._lock:
            if len(made) + _OVERHEAD <= _BYTES:
                self._kept[key] = made
        return made

    def forget(self, tenant: str, user_id: str) -> int:
        """Drop what is kept for a user; how many answers."""
        with self._lock:
            theirs = [key for key in self._kept if key[1:3] == (tenant, user_id)]
            for key in theirs:
                self._kept.pop(key, None)
        return len(theirs)

    def _key(self, request: SearchRequest | SimilarRequest | CompletesRequest) -> tuple[str, ...]:
        """The generation is read before the index is: a write in between makes the answer one that nobody asks for."""
        asked = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        user = getattr(request, "user_id", None) or ""
        with self._index.pin() as pinned:
            generation = pinned.vectors.generation(request.tenant)
            return type(request).__name__, request.tenant, user, asked, pinned.model.version, pinned.name, generation
