"""What words ask for: filters, wishes, and what is left to be looked for by meaning and terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from services.gateway.words.reading import Found, read
from services.gateway.words.tokens import Token, tokens_of
from services.gateway.words.vocabulary import Vocabulary
from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.internal import Filters
from shared.contracts.search import Chip

KNOWN_OF_MOST = 0.8
"""An attribute known of so many of a shop's pieces is a filter: it hides those that nobody knows it of."""
_LITTLE_WORDS = """
    a an the with and or of in for to on by at from that is it as me my i we want need show find please looking
"""
_EDGES = frozenset(_LITTLE_WORDS.split())


@dataclass(frozen=True)
class Understood:
    """`rest`: what no filter stands for. `prefer`: attribute values that count for a piece and hide none."""

    filters: Filters
    prefer: dict[AttributeName, list[str]] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    rest: str = ""


def understand(text: str, vocabulary: Vocabulary, ignore: Collection[str] = ()) -> Understood:
    """What is asked for by words, in a shop with this vocabulary; `ignore` are ids of chips to be taken away.

    Filters are: the type, a price, stock, a brand, a tag, and what is not wanted. A metal, stone, cut or setting is one
    where it is known of most of the shop's pieces, else it is a wish: as a filter it would hide the pieces of which it
    is not known. What is not wanted hides only pieces of which it is known.

    A value says less than some words: an emerald is a green stone, platinum a metal of silver's colour, hoops are
    earrings. Such words, and those of wishes, stay in `rest`. Nothing is taken for a fineness or a real stone.
    """
    tokens = tokens_of(text)
    found = [_judged(one, vocabulary) for one in read(tokens, vocabulary)]
    kept = [one for one in found if one.id not in ignore]
    chips: dict[str, Chip] = {}
    for one in kept:
        said = text[tokens[one.first].start : tokens[one.last].end]
        chips.setdefault(
            one.id,
            Chip(id=one.id, label=one.label, text=said, field=one.field, value=one.shown, filter=not one.wish),
        )
    staying = {n for one in kept if one.stays or one.wish for n in one.places}
    gone = {n for one in kept for n in one.places} - staying
    held = {n for one in found for n in one.places} - gone
    return Understood(_filters(kept), _wishes(kept), [*chips.values()], _rest(text, tokens, gone, held))


def _judged(found: Found, vocabulary: Vocabulary) -> Found:
    of_few = {name for name in ATTRIBUTES if vocabulary.coverage.get(name, 0) < KNOWN_OF_MOST} - {"type"}
    return replace(found, wish=True) if found.field in of_few and not found.negative else found


def _filters(kept: Iterable[Found]) -> Filters:
    wanted: dict[str, list[str]] = defaultdict(list)
    without: dict[str, list[str]] = defaultdict(list)
    more: dict[str, Any] = {}
    for one in kept:
        if one.field == "price":
            lows = (one.low, more.get("price_min"))
            highs = (one.high, more.get("price_max"))
            more["price_min"] = max((low for low in lows if low is not None), default=None)
            more["price_max"] = min((high for high in highs if high is not None), default=None)
        elif one.field == "in_stock":
            more["in_stock"] = True
        elif not one.wish:
            (without if one.negative else wanted)[one.field] += one.values
    lists = {name: [*dict.fromkeys(values)] for name, values in wanted.items()}
    return Filters(**lists, **more, without={name: [*dict.fromkeys(values)] for name, values in without.items()})


def _wishes(kept: Iterable[Found]) -> dict[AttributeName, list[str]]:
    wishes: dict[AttributeName, list[str]] = {}
    for one in kept:
        for name in ATTRIBUTES:
            if one.wish and name == one.field:
                wishes[name] = [*dict.fromkeys((*wishes.get(name, ()), *one.values))]
    return wishes


def _rest(text: str, tokens: Sequence[Token], gone: Collection[int], held: Collection[int]) -> str:
    """What is left, a comma where something was: so words that it stood between do not become a phrase."""
    if not gone:
        return text.strip()
    return ", ".join(part for part in _parts(text, tokens, gone, held) if part)


def _parts(text: str, tokens: Sequence[Token], gone: Collection[int], held: Collection[int]) -> Iterator[str]:
    """Stretches between what is gone, without the signs and little words that led to it. `held` words stay."""

    def little(place: int) -> bool:
        key = tokens[place].key
        return place not in held and (key in _EDGES or not key[:1].isalnum())

    edges = [-1, *sorted(gone), len(tokens)]
    for before, after in pairwise(edges):
        places = list(range(before + 1, after))
        while places and before >= 0 and little(places[0]):
            places.pop(0)
        while places and after < len(tokens) and little(places[-1]):
            places.pop()
        if places:
            yield text[tokens[places[0]].start : tokens[places[-1]].end]
