"""Which items are the same piece as one that a shopper has, in another size or listed again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.recommender.evidence import nearest
from services.recommender.items import Item
from shared.contracts.models import Model

_SURE = 0.9
"""P(same) by the model."""
_SURE_BY_COSINE = 0.97
"""Where nobody has measured what the model's cosines mean."""


def variants(owned: Sequence[Item], candidates: Sequence[Item], model: Model) -> NDArray[np.bool_]:
    """[candidates] that are a variant of one owned: by look alone, or of the same title and half as much alike."""
    cosines, _ = nearest(owned, candidates)
    if not cosines.size:
        return np.zeros(len(candidates), dtype=np.bool_)
    titles = np.array(
        [[_title(one) is not None and _title(one) == _title(other) for other in candidates] for one in owned]
    )
    named_alike = titles & (cosines >= (1 + model.look_at_least) / 2)
    return np.asarray(((cosines >= _same_from(model)) | named_alike).any(axis=0))


def _same_from(model: Model) -> float:
    """The cosine from which two pieces are the same, when no other contends."""
    if model.same is None:
        return _SURE_BY_COSINE
    return float((np.log(_SURE / (1 - _SURE)) - model.same.offset) / model.same.slope)


def _title(item: Item) -> str | None:
    title: str | None = item.facts.get("title")
    return title.casefold().strip() if title else None
