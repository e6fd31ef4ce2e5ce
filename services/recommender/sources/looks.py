"""Items that look like what a shopper likes."""

from __future__ import annotations

from services.recommender.evidence import OTHER_TYPE
from services.recommender.sources import Found, Sought
from services.recommender.sources.clusters import questions

_QUESTIONS = 16
"""Searches for one list, shared out among the tastes: with one taste known, with all of its pictures."""
_DEPTH = 100


def look_alikes(sought: Sought) -> Found:
    """Neighbours of each taste on its own, never of an average of tastes; the one that most speaks for at 1.

    A seed of strength s at cosine c speaks for an item with s * c, half of it when their types are known and differ,
    and all that speak for it add up: what resembles much of what is liked a little is looked at closely too.
    """
    found: dict[str, float] = {}
    asked = questions(sought.asked, _QUESTIONS)
    depth = max(_DEPTH, 3 * sought.limit)
    for one, vector in asked:
        for hit in sought.pinned.vectors.search(sought.tenant, vector, depth, sought.where):
            chance = one.strength * max(hit.score, 0.0)
            kind = hit.payload.get("type")
            if kind and one.item.types and kind not in one.item.types:
                chance *= OTHER_TYPE
            sku = hit.payload["sku"]
            found[sku] = found.get(sku, 0.0) + chance
    most = max(found.values(), default=0.0)
    return {sku: chance / most for sku, chance in found.items()} if most else {}
