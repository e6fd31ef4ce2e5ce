"""Whether the shop has what is asked for at all."""

from __future__ import annotations

from collections.abc import Sequence

from services.recommender.candidates import Reader
from services.recommender.composing import Part, Query
from services.recommender.ranked import Ranked
from shared.contracts.models import Model
from shared.vectorstore import Text

MEANT = 0.35
"""Cosine of two texts below which they are of different things. With all-MiniLM-L6-v2 and the sample catalogue,
28 of 30 ways to ask for jewelry had a nearer item (the others, "choker" and "art deco", the catalogue does not have),
and 22 of 30 ways to ask for something else ("winter tyres") had none."""
_LOOKED_AT = 10


def is_no_match(query: Query, items: Sequence[Ranked], model: Model, reader: Reader) -> bool:
    """By pictures: even the best is too far to be the piece. By words: none of the best ten has all of them, nor a
    meaning that is near. By anything else, something is always like it.
    """
    kinds = {part.kind for part in query.wanted}
    if kinds == {"picture"}:
        best = max((max(ranked.similarities) for ranked in items), default=-1.0)
        return not items or best < model.no_match_below
    if kinds == {"words"}:
        texts = reader.texts([ranked.sku for ranked in items[:_LOOKED_AT]]).values()
        return not any(_fits(part, text) for part in query.wanted for text in texts)
    return False


def _fits(part: Part, text: Text) -> bool:
    asked = part.text
    if asked is None:
        return False
    if asked.terms and asked.terms.keys() <= text.terms.keys():
        return True
    return float(asked.dense @ text.dense) >= MEANT
