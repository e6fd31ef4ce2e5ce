"""What a shop says that a piece is, in the values that models tell and searches filter by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from services.gateway.words.lexicon import PHRASES
from services.gateway.words.reading import read
from services.gateway.words.spelling import folded, phrase
from services.gateway.words.tokens import tokens_of
from services.gateway.words.vocabulary import Vocabulary
from shared.contracts.analysis import ATTRIBUTES, AttributeName

_LONGEST = 64
_NO_SHOP = Vocabulary()


def said_of(title: str, attributes: Mapping[str, str]) -> dict[AttributeName, str]:
    """Of an item's attributes those that models know too: "White gold" is the metal silver, "Studs" the type earring.

    A value that no model tells is kept as it is, without capitals. Where the attributes say nothing, a title's words
    mean what they mean in a query: of several stones the first is the main one, and two types, as of a set, say none.
    """
    said = _named_in(title)
    for name, value in attributes.items():
        known = next((one for one in ATTRIBUTES if one == folded(name).strip()), None)
        text = " ".join(folded(value).split())
        if known and text.isprintable() and 0 < len(text) <= _LONGEST:
            senses = PHRASES.get(phrase(value), [])
            said[known] = next((sense.value for sense in senses if sense.field == known), text)
    return said


def _named_in(title: str) -> dict[AttributeName, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in read(tokens_of(title), _NO_SHOP):
        if not one.negative and one.value not in found[one.field]:
            found[one.field].append(one.value)
    return {name: found[name][0] for name in ATTRIBUTES if len(found[name]) == 1 or (found[name] and name == "stone")}
