"""Why an item stands where it stands: each reason is something without which it would stand lower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from services.recommender.composing import Part, Query
from services.recommender.ranked import Ranked
from services.recommender.scoring import Counted, Scoring, boosted
from shared.contracts.fields import Vector
from shared.contracts.internal import Reason, Verdict
from shared.contracts.models import Model

_PROBABLY = 0.5
_LEAST_SHARE = 1e-4

Apart = Mapping[Literal["form", "colour"], Sequence[float]]
"""Of one item: how alike it would be to each wanted part without what its form, or its colours, give to that."""


class Explaining:
    """The verdicts and reasons of one query. A share is (score - score without it) / score."""

    def __init__(self, query: Query, model: Model, scoring: Scoring) -> None:
        self._query = query
        self._model = model
        self._scoring = scoring

    def verdict(self, ranked: Ranked) -> Verdict:
        """`same` and `similar` where it is as likely as not; of a model that does not say how likely a similar style
        is, from its `look_at_least` on."""
        if ranked.unwanted:
            return "related"
        best: Verdict = "related"
        style = self._model.style
        for place, (part, cosine) in enumerate(zip(self._query.wanted, ranked.similarities, strict=False)):
            if part.kind == "words":
                continue
            same = self._scoring.probability(place) if part.kind == "picture" else None
            if same and same(cosine) >= _PROBABLY:
                return "same"
            if style(cosine) >= _PROBABLY if style else cosine >= self._model.look_at_least:
                best = "similar"
        return best

    def apart(self, items: Sequence[tuple[Ranked, Sequence[Vector]]]) -> list[Apart]:
        """Of each item with all its pieces, float32 [D] each; nothing of one whose pieces are not known.

        As if pieces and pictures had the rest of their numbers alone, the lengths being as they were.
        """
        form = self._model.form_dimension
        told: list[Apart] = [{} for _ in items]
        known = [place for place, (_, pieces) in enumerate(items) if pieces]
        if not form or not known or self._query.shown_by is None:
            return told
        vectors = np.concatenate([np.stack(items[place][1]) for place in known])
        ends = np.cumsum([len(items[place][1]) for place in known])
        without: dict[Literal["form", "colour"], slice] = {"form": slice(form, None), "colour": slice(0, form)}
        best = {
            kind: [self._best(vectors[:, rest], part, rest, ends) for part in self._query.wanted]
            for kind, rest in without.items()
        }
        for row, place in enumerate(known):
            words = items[place][0].similarities
            told[place] = {
                kind: [words[n] if one is None else float(one[row]) for n, one in enumerate(parts)]
                for kind, parts in best.items()
            }
        return told

    def reasons(self, ranked: Ranked, payload: Mapping[str, Any], apart: Apart) -> list[Reason]:
        """The strongest first, then what differs."""
        told = [] if ranked.unwanted else [*self._likenesses(ranked, apart), *self._counted(ranked)]
        told = sorted((reason for reason in told if reason.share > _LEAST_SHARE), key=lambda reason: -reason.share)
        return [*told, *self._differing(payload)]

    @staticmethod
    def _best(pieces: Vector, part: Part, rest: slice, ends: NDArray[np.intp]) -> Vector | None:
        """[items]: the largest product of a piece, and a picture of the part, in these numbers; None of words."""
        if part.kind == "words":
            return None
        products = (pieces @ np.stack([vector[rest] for vector in part.vectors]).T).max(axis=1)
        return np.asarray(np.maximum.reduceat(products, [0, *ends[:-1]]))

    def _likenesses(self, ranked: Ranked, apart: Apart) -> list[Reason]:
        whole = self._likeness(ranked, ranked.similarities)
        if not whole:
            return []
        reasons = [_reason(kind, None, 1 - self._likeness(ranked, left) / whole) for kind, left in apart.items()]
        looks = [part.kind != "words" for part in self._query.wanted]
        if not all(looks):
            spoken = [s if look else 0.0 for s, look in zip(ranked.similarities, looks, strict=False)]
            reasons.append(_reason("words", None, 1 - self._likeness(ranked, spoken) / whole))
        return reasons

    def _counted(self, ranked: Ranked) -> list[Reason]:
        reasons = []
        for one in ranked.counted:
            rest = [other for other in ranked.counted if other is not one]
            if one.amount is None:
                whole = self._likeness(ranked, ranked.similarities)
                left = self._scoring.likeness(ranked.similarities, _wishes(rest))
            else:
                relevance = self._scoring.relevance(ranked.similarities, _wishes(ranked.counted))
                whole, left = boosted(relevance, ranked.counted), boosted(relevance, rest)
            if whole:
                reasons.append(_reason(one.kind, one.value, 1 - left / whole))
        return reasons

    def _differing(self, payload: Mapping[str, Any]) -> list[Reason]:
        return [
            Reason.model_construct(kind=name, value=value, differs=True, share=0.0)
            for name, values in self._query.known.items()
            if (value := payload.get(name)) and value not in values and value not in self._query.wishes.get(name, ())
        ]

    def _likeness(self, ranked: Ranked, similarities: Sequence[float]) -> float:
        return self._scoring.likeness(similarities, _wishes(ranked.counted))


def _wishes(counted: Sequence[Counted]) -> int:
    return sum(one.amount is None for one in counted)


def _reason(kind: Any, value: str | None, share: float) -> Reason:
    return Reason.model_construct(kind=kind, value=value, differs=False, share=round(min(max(share, 0.0), 1.0), 4))
