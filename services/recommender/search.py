"""Pieces like a picture, and pieces like a piece."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from itertools import islice

import numpy as np

from services.recommender.index import Index, Pinned
from services.recommender.ranking import BESIDE_THE_MAIN, clipped, condition_of, hit_of, ranked_items
from shared.contracts.fields import Vector, unpack_vector
from shared.contracts.internal import HitList, SearchRequest, SimilarRequest, Source
from shared.contracts.models import RIVALS
from shared.errors import InvalidInput, NotFound
from shared.vectorstore import AnyOf, Filter, Hit

_PICTURES_ASKED_WITH = 8
_UNIT_TOLERANCE = 1e-3


class Searcher:
    """Reads the index: one collection from the start of a request to its end."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def search(self, request: SearchRequest) -> HitList:
        """Items by their best piece, scored by how likely it is the one in the picture.

        Raises `InvalidInput` without a vector of the model of the index.
        """
        with self._index.pin() as pinned:
            query = _query_vector(request.vectors, pinned)
            where = condition_of(request.filters)
            wanted = request.offset + request.limit + 1
            read = max(wanted, RIVALS)
            ranking = list(islice(ranked_items(pinned.vectors, request.tenant, [query], where, read), read))
        hits = _page(ranking, request)
        same = pinned.model.same
        score = same.among([hit.score for hit in ranking[:RIVALS]]) if same else clipped
        return HitList.model_construct(
            hits=[hit_of(hit, Source(kind="picture", similarity=hit.score), score) for hit in hits],
            no_match=not ranking or ranking[0].score < pinned.model.no_match_below,
            more=len(ranking) >= wanted,
        )

    def similar(self, request: SimilarRequest) -> HitList:
        """Items like this one, without it, by any of their pieces and the main one of each of its pictures.

        They are scored by how likely their style is similar. Raises `NotFound` when it has none.
        """
        itself = AnyOf("sku", (request.sku,))
        with self._index.pin() as pinned:
            mains = Filter((itself,), (BESIDE_THE_MAIN,))
            pictures = pinned.vectors.scroll(request.tenant, mains, _PICTURES_ASKED_WITH)
            if not pictures:
                raise NotFound(
                    f"No picture of the item {request.sku} is indexed. Check the SKU; if a picture was uploaded, "
                    "wait until its state is indexed."
                )
            queries = [picture.vector for picture in pictures]
            shop_filters = condition_of(request.filters)
            where = Filter(shop_filters.must, (*shop_filters.must_not, itself))
            wanted = request.offset + request.limit + 1
            ranking = list(islice(ranked_items(pinned.vectors, request.tenant, queries, where, wanted), wanted))
        hits = _page(ranking, request)
        score = pinned.model.style or clipped
        return HitList.model_construct(
            hits=[hit_of(hit, Source(kind="item", sku=request.sku, similarity=hit.score), score) for hit in hits],
            no_match=False,
            more=len(ranking) == wanted,
        )


def _page(ranking: list[Hit], request: SearchRequest | SimilarRequest) -> list[Hit]:
    return ranking[request.offset : request.offset + request.limit]


def _query_vector(packed: Mapping[str, str], pinned: Pinned) -> Vector:
    name, dimension = pinned.model.version, pinned.model.dimension
    if name not in packed:
        raise InvalidInput(
            f"vectors: there is none by model {name}, whose index is searched, only by {', '.join(packed)}. "
            "Add the folder or name of that model to EMBEDDER_MODEL_DIRS."
        )
    try:
        vector = unpack_vector(packed[name])
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"vectors.{name}: not the base64 of float32 numbers. Make it with pack_vector.") from error
    if vector.shape != (dimension,):
        raise InvalidInput(
            f"vectors.{name}: has {vector.size} dimensions, and this index has {dimension}. "
            "The embedder's model is not the one that the index was made by, though it has its name."
        )
    if not abs(float(np.linalg.norm(vector)) - 1) < _UNIT_TOLERANCE:
        raise InvalidInput(f"vectors.{name}: is not of unit length. Send an embedding as the embedder made it.")
    return vector
