"""What goes with an item: the other half of a pair, then pieces of other types that make a set with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.recommender.candidates import Reader
from services.recommender.composing import Part, Query, known_of, main_pictures, picture_vector
from services.recommender.index import Index, Pinned
from services.recommender.ordering import Ranker
from services.recommender.presenting import Presenting, Shown
from services.recommender.ranking import BESIDE_THE_MAIN, box_of, clipped, without
from services.recommender.scoring import Scoring
from shared.contracts.analysis import AttributeName
from shared.contracts.fields import Vector
from shared.contracts.internal import CompletesRequest, Hit, HitList, Reason, Source
from shared.vectorstore import AnyOf, Filter

RANKING = "completes-1"
EARRING = "earring"
_NO_PART_OF_A_SET = "loose-stone"
_MATCHING: tuple[AttributeName, ...] = ("metal", "stone")


class Completer:
    """Reads the index: one collection from the start of a request to its end."""

    def __init__(self, index: Index, ranker: Ranker) -> None:
        self._index = index
        self._ranker = ranker

    def completes(self, request: CompletesRequest) -> HitList:
        """Up to `limit` items, best first, never the item itself. Raises `NotFound` when it has no indexed picture.

        Of an earring the first is its other half, if there is one: that of another item which is nearest to the mirror
        image, near enough to be told to look alike.
        """
        with self._index.pin() as pinned:
            pictures = main_pictures(pinned, request.tenant, request.sku)
            known = known_of(pictures)
            hits = []
            if known.get("type") == EARRING and request.mirrored:
                hits = self._other_half(request, picture_vector(request.mirrored, pinned), pinned)
            hits += self._set(request, [picture.vector for picture in pictures], known, pinned)
        ceiling = 1.0
        for hit in hits:
            ceiling = hit.score = min(hit.score, ceiling)
        hits = hits[: request.limit]
        return HitList.model_construct(hits=hits, found=len(hits), ranking=f"{RANKING}:{pinned.model.version}")

    def _other_half(self, request: CompletesRequest, mirrored: Vector, pinned: Pinned) -> list[Hit]:
        where = Filter((AnyOf("type", (EARRING,)),), (*without((request.sku,)), BESIDE_THE_MAIN))
        found = pinned.vectors.search(request.tenant, mirrored, 1, where)
        return [
            Hit.model_construct(
                sku=hit.payload["sku"],
                image_id=hit.payload["image_id"],
                score=clipped(hit.score),
                type=EARRING,
                box=box_of(hit.payload),
                source=Source(kind="item", sku=request.sku, similarity=hit.score),
                verdict="similar",
                reasons=[Reason(kind="pair", share=1.0)],
            )
            for hit in found
            if hit.score >= pinned.model.look_at_least
        ]

    def _set(
        self,
        request: CompletesRequest,
        vectors: Sequence[Vector],
        known: Mapping[AttributeName, str],
        pinned: Pinned,
    ) -> list[Hit]:
        """Half by the whole look, half by the colours alone, where the model tells them apart; the metal and the stone
        that are known of the item are wished for."""
        whole = Part("item", 1.0, vectors, sku=request.sku, known=known)
        wanted = [whole]
        if form := pinned.model.form_dimension:
            colours = Part("item", 0.5, [colours_alone(vector, form) for vector in vectors], sku=request.sku)
            wanted = [replace(whole, weight=0.5), colours]
        wishes = {name: frozenset((known[name],)) for name in _MATCHING if name in known}
        others = (AnyOf("type", tuple({known.get("type", _NO_PART_OF_A_SET), _NO_PART_OF_A_SET})),)
        query = Query(
            wanted=wanted,
            unwanted=(),
            wishes=wishes,
            known=wishes,
            shunned={},
            where=Filter((), (*without((request.sku,)), *others, BESIDE_THE_MAIN)),
        )
        order = self._ranker.first(request.tenant, query, pinned, request.limit, diversity=0.0)
        # Of a piece whose type is not known nobody can say that it is of another one.
        chosen = [one for one in order.placed if one.shown.payload.get("type") or "type" not in known][: request.limit]
        presenting = Presenting(query, pinned.model, Scoring(query, pinned.model, order.rivals))
        pieces = {}
        if presenting.by_pieces:
            pieces = Reader(pinned.vectors, request.tenant, query).pieces([one.ranked.sku for one in chosen])
        return presenting.hits([Shown(one.ranked, one.shown.payload, pieces.get(one.ranked.sku, ())) for one in chosen])


def colours_alone(vector: Vector, form: int) -> Vector:
    """The unit vector of its colours; its cosine to a piece is that of their colours times the length of these."""
    colours = vector.copy()
    colours[:form] = 0.0
    return np.asarray(colours / max(float(np.linalg.norm(colours)), 1e-9), dtype=np.float32)
