"""Items that look like what a shopper likes."""

from __future__ import annotations

from services.recommender.evidence import OTHER_TYPE
from services.recommender.sources import Found, Sought
from services.recommender.sources.clusters import questions

_QUESTIONS = 16
"""Searches for one list, shared out among the tastes: with one taste known, with all of its pictures."""
_POINTS = 500
_POINTS_A_PLACE = 12
_LEAST_DEPTH = 30


def look_alikes(sought: Sought) -> Found:
    """Neighbours of each taste on its own, never of an average of tastes.

    A seed of strength s at cosine c speaks for an item with s * ((c - m) / (1 - m))^2, m being the least cosine that
    counts, half of it when their types are known and differ.
    """
    found: dict[str, float] = {}
    asked = questions(sought.asked, _QUESTIONS)
    least = sought.pinned.model.look_at_least
    points = max(_POINTS, _POINTS_A_PLACE * sought.limit)
    for one, vector in asked:
        depth = min(max(points // len(asked), _LEAST_DEPTH), 3 * max(sought.limit, _LEAST_DEPTH))
        for hit in sought.pinned.vectors.search(sought.tenant, vector, depth, sought.where):
            if hit.score < least:
                break
            chance = one.strength * ((hit.score - least) / (1 - least)) ** 2
            kind = hit.payload.get("type")
            if kind and one.item.types and kind not in one.item.types:
                chance *= OTHER_TYPE
            sku = hit.payload["sku"]
            found[sku] = max(found.get(sku, 0.0), chance)
    return found
