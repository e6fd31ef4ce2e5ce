"""Pieces like a picture, and pieces like a piece."""

from __future__ import annotations

import binascii
from itertools import islice

import numpy as np

from services.recommender.ranking import condition_of, hit_of, ranked_items
from shared.contracts.fields import Vector, unpack_vector
from shared.contracts.internal import HitList, SearchRequest, SimilarRequest, Source
from shared.errors import InvalidInput, NotFound
from shared.vectorstore import AnyOf, Filter, Hit, VectorStore

_PICTURES_ASKED_WITH = 8
_UNIT_TOLERANCE = 1e-3


class Searcher:
    """Reads the index. `no_match_below`: the cosine under which the best hit is not the piece on the picture."""

    def __init__(self, vectors: VectorStore, no_match_below: float) -> None:
        self._vectors = vectors
        self._no_match_below = no_match_below

    def search(self, request: SearchRequest) -> HitList:
        """Items by their best picture. Raises `InvalidInput` for a vector that is not one of this index's model."""
        query = _query_vector(request.vector, self._vectors.dimension)
        where = condition_of(request.filters)
        wanted = request.offset + request.limit + 1
        ranking = list(islice(ranked_items(self._vectors, request.tenant, [query], where, wanted), wanted))
        hits = _page(ranking, request)
        return HitList.model_construct(
            hits=[hit_of(hit, Source(kind="picture", similarity=hit.score)) for hit in hits],
            no_match=not ranking or ranking[0].score < self._no_match_below,
            more=len(ranking) == wanted,
        )

    def similar(self, request: SimilarRequest) -> HitList:
        """Items like this one by the nearest pair of pictures, without it. Raises `NotFound` when it has none."""
        itself = AnyOf("sku", (request.sku,))
        pictures = self._vectors.scroll(request.tenant, Filter(must=(itself,)), _PICTURES_ASKED_WITH)
        if not pictures:
            raise NotFound(
                f"No picture of the item {request.sku} is indexed. Check the SKU; if a picture was uploaded, "
                "wait until its state is indexed."
            )
        queries = [picture.vector for picture in pictures]
        shop_filters = condition_of(request.filters)
        where = Filter(shop_filters.must, (*shop_filters.must_not, itself))
        wanted = request.offset + request.limit + 1
        ranking = list(islice(ranked_items(self._vectors, request.tenant, queries, where, wanted), wanted))
        hits = _page(ranking, request)
        return HitList.model_construct(
            hits=[hit_of(hit, Source(kind="item", sku=request.sku, similarity=hit.score)) for hit in hits],
            no_match=False,
            more=len(ranking) == wanted,
        )


def _page(ranking: list[Hit], request: SearchRequest | SimilarRequest) -> list[Hit]:
    return ranking[request.offset : request.offset + request.limit]


def _query_vector(packed: str, dimension: int) -> Vector:
    try:
        vector = unpack_vector(packed)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("vector: not the base64 of float32 numbers. Make it with pack_vector.") from error
    if vector.shape != (dimension,):
        raise InvalidInput(
            f"vector: has {vector.size} dimensions, and this index has {dimension}. "
            "The embedder and the recommender must run the same model."
        )
    if not abs(float(np.linalg.norm(vector)) - 1) < _UNIT_TOLERANCE:
        raise InvalidInput("vector: is not of unit length. Send an embedding as the embedder made it.")
    return vector
