"""What makes a set with what a shopper has in the cart, bought or likes: pieces of other types in its colours."""

from __future__ import annotations

import numpy as np

from services.recommender.sources import Found, Sought
from services.recommender.sources.clusters import clusters
from shared.contracts.fields import Vector
from shared.vectorstore import AnyOf, Filter

_ASKED = 4
_DEPTH = 30
_NO_PART_OF_A_SET = "loose-stone"


def goes_with(sought: Sought) -> Found:
    """Of up to four clusters, those of what is kept first; by colours alone where the model tells them from form."""
    found: dict[str, float] = {}
    kept_first = sorted(clusters(sought.asked), key=lambda cluster: not cluster[0].kept)
    form = sought.pinned.model.form_dimension
    for cluster in kept_first[:_ASKED]:
        strongest = cluster[0]
        if not strongest.item.types:
            continue
        others = AnyOf("type", tuple(sorted({*strongest.item.types, _NO_PART_OF_A_SET})))
        where = Filter(sought.where.must, (*sought.where.must_not, others))
        vector = strongest.item.vectors[0]
        asked = _colours_alone(vector, form) if form else vector
        for hit in sought.pinned.vectors.search(sought.tenant, asked, max(_DEPTH, sought.limit), where):
            if hit.payload.get("type"):
                sku = hit.payload["sku"]
                found[sku] = max(found.get(sku, 0.0), strongest.strength * max(hit.score, 0.0))
    return found


def _colours_alone(vector: Vector, form: int) -> Vector:
    colours = vector.copy()
    colours[:form] = 0.0
    return np.asarray(colours / max(float(np.linalg.norm(colours)), 1e-9), dtype=np.float32)
