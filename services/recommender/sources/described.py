"""What the shop describes like what a shopper likes."""

from __future__ import annotations

from services.recommender.ranking import BESIDE_THE_MAIN
from services.recommender.sources import Found, Sought
from shared.vectorstore import Filter, Text

_ASKED = 3
_DEPTH = 30


def described_alike(sought: Sought) -> Found:
    """By the meaning of the words of the strongest few; half of it, as words tell less than looks."""
    found: dict[str, float] = {}
    mains = Filter(sought.where.must, (*sought.where.must_not, BESIDE_THE_MAIN))
    for one in [one for one in sought.asked if one.item.meaning is not None][:_ASKED]:
        assert one.item.meaning is not None  # noqa: S101  chosen so
        text = Text(one.item.meaning, {})
        for hit in sought.pinned.vectors.search_text(sought.tenant, text, max(_DEPTH, sought.limit), mains):
            sku = hit.payload["sku"]
            found[sku] = max(found.get(sku, 0.0), 0.5 * one.strength * hit.score)
    return found
