"""Reads tokens from left to right: at each the longest phrase that says something of a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.gateway.words.lexicon import (
    ANY_STONE,
    COLOURS_ALONE,
    CUT_BEFORE_A_STONE,
    OF_OTHER_THINGS,
    PHRASES,
    STONE_NAMES,
    VALUES,
    Sense,
)
from services.gateway.words.prices import price_at
from services.gateway.words.spelling import Phrase
from services.gateway.words.tokens import Token, begins
from services.gateway.words.vocabulary import Vocabulary

_NOT = tuple(
    said.split()
    for said in ("without any", "other than", "free of", "without", "no", "not", "non", "w/o", "except", "excluding")
)
_BETWEEN = frozenset(["a", "an", "any", "the", "of", "in", "with", "made", "from"])
_IN_STOCK = tuple(map(str.split, ("in stock", "on stock", "available", "ready to ship")))


@dataclass(frozen=True, slots=True)
class Found:
    """Something that the tokens from `first` to `last` say. `values` are those of the index; `value` is the one shown.

    `stays`: its words say more than that. `negative`: it is not wanted. `wish`: it hides no piece.
    """

    first: int
    last: int
    field: str
    value: str
    values: tuple[str, ...] = ()
    stays: bool = False
    weak: bool = False
    negative: bool = False
    wish: bool = False
    low: float | None = None
    high: float | None = None
    said: str = ""

    @property
    def id(self) -> str:
        return f"{self.field}:{self.shown}"

    @property
    def shown(self) -> str:
        return f"not {self.value}" if self.negative and self.value != "none" else self.value

    @property
    def label(self) -> str:
        if self.said:
            return self.said
        named = self.value.replace("loose-stone", "loose stone")
        if self.field == "stone" and self.value not in ("pearl", "none") and self.value in VALUES["stone"]:
            named = f"{self.value} stone"
        elif self.field in ("cut", "setting"):
            named = f"{self.value} {self.field}"
        return f"not {named}" if self.negative else named

    @property
    def places(self) -> range:
        return range(self.first, self.last + 1)


def read(tokens: Sequence[Token], vocabulary: Vocabulary) -> list[Found]:
    """All that is understood, in order. A phrase that means two things is there twice.

    Weak senses are left out beside a strong one of the type; of tags only the first is understood, since a list of them
    asks for any and not for all.
    """
    reader = _Reader([replace(token, key=vocabulary.spelt(token.key)) for token in tokens], vocabulary)
    found = reader.all()
    wanted = [one for one in found if not one.negative]
    if any(one.field == "type" and not one.weak for one in wanted):
        found = [one for one in found if not one.weak]
    tags = [one for one in wanted if one.field == "tags"]
    return [one for one in found if one not in tags or one.value == tags[0].value]


class _Reader:
    def __init__(self, tokens: Sequence[Token], vocabulary: Vocabulary) -> None:
        self._tokens = tokens
        self._vocabulary = vocabulary

    def all(self) -> list[Found]:
        found: list[Found] = []
        at = 0
        while at < len(self._tokens):
            here, at = self._at(at)
            found += here
        return found

    def _at(self, at: int) -> tuple[list[Found], int]:
        """What is said there, and where to go on."""
        if price := price_at(self._tokens, at):
            found = Found(at, price.end - 1, "price", price.value, low=price.low, high=price.high, said=price.label)
            return [found], price.end
        if end := self._phrase_of(_IN_STOCK, at):
            return [Found(at, end - 1, "in_stock", "yes", said="in stock")], end
        if end := self._phrase_of(_NOT, at):
            return self._not(at, end)
        said = self._said(at)
        return said, said[0].last + 1 if said else at + 1

    def _not(self, at: int, end: int) -> tuple[list[Found], int]:
        """What is not wanted, from the word that says so; nothing of it is understood where no filter can say it."""
        found: list[Found] = []
        first = at
        while True:
            start = self._past(end)
            said = self._without(first, start)
            if said is None:
                break
            found += said
            end = self._end(start)
            if not any(begins(self._tokens, end, (word,)) for word in ("or", "nor", "and")):
                break
            if begins(self._tokens, end, ("and",)) and not self._goes_on(found, end + 1):
                break
            first, end = end, end + 1
        if found:
            return found, found[-1].last + 1
        return [], max(self._end(self._past(end)), end)

    def _without(self, first: int, start: int) -> list[Found] | None:
        if any(begins(self._tokens, start, any_stone) for any_stone in ANY_STONE):
            values = (*VALUES["stone"], *self._vocabulary.values.get("stone", ()))
            stones = tuple(dict.fromkeys(value for value in values if value != "none"))
            return [Found(first, start, "stone", "none", stones, negative=True, said="no stones")]
        unwanted = [
            replace(one, first=first, negative=True, stays=False)
            for one in self._said(start)
            if not one.weak and not (one.stays and one.field != "stone")
        ]
        return unwanted or None

    def _goes_on(self, found: Sequence[Found], at: int) -> bool:
        """After "and": whether what follows is of the same kind as what is not wanted."""
        said = self._without(at, self._past(at))
        return said is not None and said[0].field == found[-1].field

    def _past(self, at: int) -> int:
        """Past up to two little words."""
        for _ in range(2):
            at += at < len(self._tokens) and self._tokens[at].key in _BETWEEN
        return at

    def _end(self, at: int) -> int:
        """Where what is said there ends."""
        if price := price_at(self._tokens, at):
            return price.end
        if end := self._phrase_of((*_IN_STOCK, *ANY_STONE), at):
            return end
        said = self._said(at)
        return said[0].last + 1 if said else at

    def _phrase_of(self, phrases: Sequence[Sequence[str]], at: int) -> int | None:
        """Where the first of these phrases that begins there ends."""
        return next((at + len(words) for words in phrases if begins(self._tokens, at, words)), None)

    def _said(self, at: int) -> list[Found]:
        """What the longest phrase says that begins there; our own words before the shop's."""
        for length in range(min(self._vocabulary.longest, len(self._tokens) - at), 0, -1):
            keys = tuple(token.key for token in self._tokens[at : at + length])
            named = self._vocabulary.own.get(keys)
            senses = list(PHRASES.get(keys, ()))
            if keys in COLOURS_ALONE and self._key(at + length) in OF_OTHER_THINGS:
                senses = []
            if not senses and keys in CUT_BEFORE_A_STONE and self._stone_at(at + length):
                senses = [Sense("cut", " ".join(keys))]
            if senses:
                return [self._meant(at, at + length - 1, sense, named) for sense in senses]
            if named:
                return [Found(at, at + length - 1, *named, values=(named[1],))]
        return []

    def _meant(self, first: int, last: int, sense: Sense, named: tuple[str, str] | None) -> Found:
        own = (named[1],) if named and named[0] == sense.field else ()
        return Found(first, last, sense.field, sense.value, (sense.value, *own), stays=sense.stays, weak=sense.weak)

    def _key(self, at: int) -> str:
        return self._tokens[at].key if at < len(self._tokens) else ""

    def _stone_at(self, at: int) -> bool:
        longest = min(3, len(self._tokens) - at)
        ahead: list[Phrase] = [tuple(t.key for t in self._tokens[at : at + n]) for n in range(1, longest + 1)]
        return any(keys in STONE_NAMES or keys in ANY_STONE for keys in ahead)
