"""The words that a shop uses for its own pieces, as its index counts them."""

from __future__ import annotations

from services.gateway.query_cache import QueryCache
from services.gateway.upstream import Recommender
from services.gateway.words import Vocabulary
from shared.contracts.analysis import ATTRIBUTES
from shared.contracts.internal import VocabularyRequest

_SECONDS = 10.0
_SHOPS = 1_000


class Vocabularies:
    """Each shop's, right to 10 seconds."""

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        self._held: QueryCache[Vocabulary] = QueryCache("vocabulary", seconds=_SECONDS, entries=_SHOPS, size=_SHOPS)

    async def of(self, tenant: str) -> Vocabulary:
        held = self._held.get(tenant)
        if held is None:
            counted = await self._recommender.vocabulary(VocabularyRequest(tenant=tenant))
            values = {name: counted.values.get(name, {}) for name in ATTRIBUTES}
            held = Vocabulary(
                tags=frozenset(counted.values.get("tags", ())),
                brands=frozenset(counted.values.get("brand", ())),
                values={name: frozenset(counts) for name, counts in values.items()},
                coverage={name: sum(counts.values()) / max(counted.pictures, 1) for name, counts in values.items()},
            )
            self._held.put(tenant, held, 1)
        return held
