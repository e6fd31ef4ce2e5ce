"""The values that a shop's pieces have."""

from __future__ import annotations

from typing import get_args

from services.recommender.index import Index
from services.recommender.ranking import BESIDE_THE_MAIN
from shared.contracts.internal import FacetName, ValueCounts, VocabularyRequest
from shared.vectorstore import Filter

_VALUES = 1_000


def vocabulary(request: VocabularyRequest, index: Index) -> ValueCounts:
    """Counted over the main piece of every indexed picture of the shop."""
    mains = Filter(must_not=(BESIDE_THE_MAIN,))
    with index.pin() as pinned:
        return ValueCounts(
            pictures=pinned.vectors.count(request.tenant, mains),
            values={name: pinned.vectors.values(request.tenant, name, _VALUES, mains) for name in get_args(FacetName)},
        )
