"""The candidates of all sources together, and those of them that are worth a closer look."""

from __future__ import annotations

from collections.abc import Mapping

from services.recommender.sources import Found, Sought
from services.recommender.sources.crowd import arrivals
from services.recommender.sources.described import described_alike
from services.recommender.sources.goes_with import goes_with
from services.recommender.sources.looks import look_alikes

_CANDIDATES = 500
_COUNTS = {"look": 6.0, "described": 3.0, "set": 1.0, "together": 5.0, "popular": 0.5, "new": 1.0}
"""How much a source speaks for a closer look. Popularity counts little, so that what nobody has seen yet contends."""


def pooled(sought: Sought, together: Found, popular: Found) -> list[str]:
    """Up to 500 items (more for a long list), those for which the sources speak most first.

    An item's sources add up. An item is as new as it came in late: nothing else is
    known of it yet, so the newest items come in this order after what anything speaks for.
    """
    found: dict[str, Found] = {
        "look": look_alikes(sought),
        "described": described_alike(sought),
        "set": goes_with(sought),
        "together": together,
        "popular": popular,
        "new": arrivals(sought),
    }
    return _first(found, max(_CANDIDATES, 3 * sought.limit))


def _first(found: Mapping[str, Found], count: int) -> list[str]:
    weight: dict[str, float] = {}
    for name, scores in found.items():
        for sku, score in scores.items():
            weight[sku] = weight.get(sku, 0.0) + _COUNTS[name] * score
    newest = found["new"]
    return sorted(weight, key=lambda sku: (-weight[sku], -newest.get(sku, 0.0), sku))[:count]
