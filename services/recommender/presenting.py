"""From an item's place in a ranking to the hit that is answered: its piece, its source, its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.recommender.composing import Query
from services.recommender.explaining import Apart, Explaining
from services.recommender.ranked import Ranked
from services.recommender.ranking import box_of
from services.recommender.scoring import Scoring
from shared import vectorstore
from shared.contracts.fields import Vector
from shared.contracts.internal import Hit, Source
from shared.contracts.models import Model


@dataclass(frozen=True, slots=True)
class Shown:
    """An item to be answered. `payload`: of the piece that stands for it; `pieces`: all that it has, where known."""

    ranked: Ranked
    payload: Mapping[str, Any]
    pieces: Sequence[vectorstore.Hit] = ()


class Presenting:
    """Of one query, in one collection."""

    def __init__(self, query: Query, model: Model, scoring: Scoring) -> None:
        self._query = query
        self._explaining = Explaining(query, model, scoring)
        self.by_pieces = model.form_dimension is not None and query.shown_by is not None
        """Whether the reasons can tell more when all pieces of an item are at hand."""

    def hits(self, items: Sequence[Shown]) -> list[Hit]:
        """In their order. They are looked at together: one product of matrices is one call, not twenty."""
        pieces = [[piece.vector for piece in one.pieces if piece.vector is not None] for one in items]
        told = self._explaining.apart([(one.ranked, vectors) for one, vectors in zip(items, pieces, strict=True)])
        return [self._hit(one.ranked, one.payload, apart) for one, apart in zip(items, told, strict=True)]

    def _hit(self, ranked: Ranked, payload: Mapping[str, Any], apart: Apart) -> Hit:
        return Hit.model_construct(
            sku=ranked.sku,
            image_id=payload["image_id"],
            score=ranked.score,
            type=payload.get("type"),
            box=box_of(payload),
            source=self._source(ranked, payload),
            verdict=self._explaining.verdict(ranked),
            reasons=self._explaining.reasons(ranked, payload, apart),
        )

    def standing_for(self, pieces: Sequence[vectorstore.Hit]) -> vectorstore.Hit:
        """The piece that is nearest to what is asked for; by words alone, or by nothing, the main one."""
        part = None if self._query.shown_by is None else self._query.wanted[self._query.shown_by]
        if part is None or not part.vectors:
            return min(pieces, key=lambda piece: (piece.payload.get("piece", 0), piece.id))
        return min(pieces, key=lambda piece: (-_cosine(piece, part.vectors), piece.id))

    def _source(self, ranked: Ranked, payload: Mapping[str, Any]) -> Source:
        if not self._query.wanted:
            return Source(kind="new", at=datetime.fromisoformat(payload["created_at"]))
        place = self._query.shown_by
        if place is None:
            return Source(kind="words")
        part = self._query.wanted[place]
        similarity = ranked.similarities[place]
        if part.kind == "picture":
            return Source(kind="picture", similarity=similarity)
        return Source(kind="item", sku=part.sku, similarity=similarity)


def _cosine(piece: vectorstore.Hit, asked: Sequence[Vector]) -> float:
    return max(-1.0 if piece.vector is None else float(piece.vector @ one) for one in asked)
