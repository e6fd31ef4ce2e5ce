"""Why an item stands where it stands: each reason is something without which it would stand lower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from services.recommender.composing import Query
from services.recommender.ranked import Ranked
from services.recommender.scoring import Counted, Scoring, boosted
from shared.contracts.fields import Vector
from shared.contracts.internal import Reason, Verdict
from shared.contracts.models import Model

_PROBABLY = 0.5
_LEAST_SHARE = 1e-4


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

    def reasons(self, ranked: Ranked, payload: Mapping[str, Any], pieces: Vector | None) -> list[Reason]:
        """The strongest first, then what differs. `pieces` float32 [n, D] are all that the item has, where known."""
        told = [] if ranked.unwanted else [*self._likenesses(ranked, pieces), *self._counted(ranked)]
        told = sorted((reason for reason in told if reason.share > _LEAST_SHARE), key=lambda reason: -reason.share)
        return [*told, *self._differing(payload)]

    def _likenesses(self, ranked: Ranked, pieces: Vector | None) -> list[Reason]:
        whole = self._likeness(ranked, ranked.similarities)
        if not whole:
            return []
        reasons = []
        looks = [part.kind != "words" for part in self._query.wanted]
        if pieces is not None and (form := self._model.form_dimension) and any(looks):
            without: dict[Literal["form", "colour"], slice] = {"form": slice(form, None), "colour": slice(0, form)}
            for kind, rest in without.items():
                left = self._likeness(ranked, self._similarities(ranked, pieces, rest))
                reasons.append(_reason(kind, None, 1 - left / whole))
        if not all(looks):
            spoken = [s if look else 0.0 for s, look in zip(ranked.similarities, looks, strict=False)]
            reasons.append(_reason("words", None, 1 - self._likeness(ranked, spoken) / whole))
        return reasons

    def _similarities(self, ranked: Ranked, pieces: Vector, rest: slice) -> list[float]:
        """As if pieces and pictures had these of their numbers alone, the lengths being as they were."""
        return [
            max((float((pieces[:, rest] @ vector[rest]).max()) for vector in part.vectors), default=0.0)
            if part.kind != "words"
            else similarity
            for part, similarity in zip(self._query.wanted, ranked.similarities, strict=False)
        ]

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
