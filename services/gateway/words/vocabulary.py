"""The words of one shop: its brands, its tags, the values that its pieces have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.gateway.words.lexicon import ANY_STONE, MISSPELT, NOT_MISSPELT, PHRASES, VALUES
from services.gateway.words.spelling import Phrase
from services.gateway.words.tokens import keys_of
from shared.contracts.analysis import AttributeName

Field = Literal["type", "metal", "stone", "cut", "setting", "brand", "tags"]
_LONGEST = 60
_SHORTEST_TAG = 3
_SHORTEST_MISSPELT = 5
_LONG = 8
_LEXICON_WORDS = frozenset(word for known in (*PHRASES, *ANY_STONE) for word in known)


@dataclass(frozen=True)
class Vocabulary:
    """`values`: what the shop's pieces have, by attribute. `coverage`: of how many pieces it is known, in 0..1."""

    tags: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    values: Mapping[AttributeName, frozenset[str]] = field(default_factory=dict)
    coverage: Mapping[AttributeName, float] = field(default_factory=dict)

    @cached_property
    def own(self) -> dict[Phrase, tuple[Field, str]]:
        """Phrases of the shop's own, and what they name: a value that no model tells, a brand, or a tag.

        A tag of words that say what a piece is names nothing: they are understood without it.
        """
        found: dict[Phrase, tuple[Field, str]] = {}
        for tag in sorted(self.tags):
            keys = keys_of(tag)
            if len(tag) >= _SHORTEST_TAG and not set(keys) <= _LEXICON_WORDS:
                found[keys] = ("tags", tag)
        found.update((keys_of(brand), ("brand", brand)) for brand in sorted(self.brands))
        for name, values in self.values.items():
            found.update((keys_of(value), (name, value)) for value in sorted(values - {*VALUES[name]}))
        return {keys: named for keys, named in found.items() if keys and len(named[1]) <= _LONGEST}

    @cached_property
    def longest(self) -> int:
        """So many tokens has the longest phrase."""
        return max(map(len, (*PHRASES, *self.own)))

    @cached_property
    def _known(self) -> frozenset[str]:
        return _LEXICON_WORDS | NOT_MISSPELT | {word for keys in self.own for word in keys}

    @cached_property
    def _meant(self) -> list[str]:
        brands = {word for keys, (name, _) in self.own.items() if name == "brand" for word in keys}
        return sorted(MISSPELT | {word for word in brands if len(word) > _SHORTEST_MISSPELT})

    def spelt(self, word: str) -> str:
        """The known word that a misspelt one of 5 letters or more is meant to be: one edit off, or two in 8 letters.

        An edit is a letter put in, left out or changed, or two swapped: the optimal string alignment distance. Of the
        first letter nobody is unsure.
        """
        if len(word) < _SHORTEST_MISSPELT or word in self._known:
            return word
        same_start = [known for known in self._meant if known[0] == word[0]]
        edits = 2 if len(word) >= _LONG else 1
        found = process.extractOne(word, same_start, scorer=OSA.distance, score_cutoff=edits)
        return str(found[0]) if found else word
