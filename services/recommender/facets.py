"""How many of the found items have each value of what a shop filters by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from shared.contracts.analysis import ATTRIBUTES
from shared.contracts.internal import Facets

_VALUES_TOLD = 50


def facets_of(payloads: Iterable[Mapping[str, Any]]) -> Facets:
    """`payloads`: of one piece an item. Of each field the 50 most frequent values, those first; equal ones in order."""
    held = list(payloads)
    counts = {name: Counter(value for one in held if (value := one.get(name))) for name in (*ATTRIBUTES, "brand")}
    counts["tags"] = Counter(value for one in held for value in one.get("tags", ()))
    told: Any = {
        name: dict(sorted(counter.items(), key=_most_first)[:_VALUES_TOLD])
        for name, counter in counts.items()
        if counter
    }
    facets: Facets = told
    return facets


def _most_first(entry: tuple[str, int]) -> tuple[int, str]:
    return (-entry[1], entry[0])
