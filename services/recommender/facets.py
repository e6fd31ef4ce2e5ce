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
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*ATTRIBUTES, "brand", "tags")}
    for payload in payloads:
        for name, counter in counts.items():
            held = payload.get(name)
            counter.update(held if isinstance(held, list) else [held] if held else [])
    told: Any = {
        name: dict(sorted(counter.items(), key=lambda entry: (-entry[1], entry[0]))[:_VALUES_TOLD])
        for name, counter in counts.items()
        if counter
    }
    facets: Facets = told
    return facets
