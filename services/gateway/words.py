"""What words ask for (stand-in until the real one)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from shared.contracts.analysis import AttributeName
from shared.contracts.internal import Filters
from shared.contracts.search import Chip


@dataclass(frozen=True)
class Vocabulary:
    tags: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    coverage: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Understood:
    filters: Filters
    prefer: dict[AttributeName, list[str]]
    chips: list[Chip]
    rest: str


def understand(text: str, vocabulary: Vocabulary, ignore: Collection[str] = ()) -> Understood:
    rest, chips, filters = [], [], {}
    for word in text.split():
        if word == "ring" and "type:ring" not in ignore:
            chips.append(Chip(id="type:ring", label="Ring", text=word, field="type", value="ring", filter=True))
            filters["type"] = ["ring"]
        elif word in vocabulary.tags and f"tags:{word}" not in ignore:
            chips.append(Chip(id=f"tags:{word}", label=word, text=word, field="tags", value=word, filter=True))
            filters["tags"] = [word]
        else:
            rest.append(word)
    return Understood(Filters(**filters), {}, chips, " ".join(rest))
