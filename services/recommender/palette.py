"""Items by colours alone: those of a picture against those of each piece, whatever its shape."""

from __future__ import annotations

import numpy as np

from services.recommender.completes import colours_alone
from services.recommender.composing import picture_vector
from services.recommender.index import Index
from services.recommender.ranking import BESIDE_THE_MAIN, box_of, clipped, condition_of
from shared.contracts.catalogue_map import PaletteRequest
from shared.contracts.internal import Hit, HitList, Reason, Source
from shared.errors import Conflict
from shared.vectorstore import Filter

RANKING = "palette-1"
_TIMES = 3
"""So many pieces are read for each item that is told: an item may have several pictures."""


class PaletteSearcher:
    """Reads the index: one collection from the start of a request to its end."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def search(self, request: PaletteRequest) -> HitList:
        """Up to `limit` items, each by its best picture, best first. `score` is the cosine of the colours, from 0.

        Raises `Conflict` where the model does not tell colours from form.
        """
        with self._index.pin() as pinned:
            form = pinned.model.form_dimension
            if not form:
                raise Conflict("The model in use does not tell colours from form, so nothing is found by colours.")
            wanted = colours_alone(picture_vector(request.vectors, pinned), form)
            where = condition_of(request.filters)
            where = Filter(where.must, (*where.must_not, BESIDE_THE_MAIN))
            found = pinned.vectors.search(request.tenant, wanted, _TIMES * request.limit, where, with_vectors=True)
            best: dict[str, Hit] = {}
            for one in found:
                assert one.vector is not None  # noqa: S101  asked for
                score = clipped(one.score / max(float(np.linalg.norm(one.vector[form:])), 1e-6))
                sku = one.payload["sku"]
                if sku not in best or score > best[sku].score:
                    best[sku] = Hit.model_construct(
                        sku=sku,
                        image_id=one.payload["image_id"],
                        score=score,
                        type=one.payload.get("type"),
                        box=box_of(one.payload),
                        source=Source(kind="words"),
                        verdict="related",
                        reasons=[Reason(kind="colour", share=1.0)],
                    )
            hits = sorted(best.values(), key=lambda hit: (-hit.score, hit.sku))[: request.limit]
            return HitList.model_construct(hits=hits, found=len(hits), ranking=f"{RANKING}:{pinned.model.version}")
