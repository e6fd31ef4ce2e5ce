"""What a shop says that a piece is, in the values that models tell and searches filter by."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateway.words.lexicon import PHRASES
from services.gateway.words.spelling import folded, phrase
from shared.contracts.analysis import ATTRIBUTES, AttributeName

_LONGEST = 64


def said_of(attributes: Mapping[str, str]) -> dict[AttributeName, str]:
    """Of an item's attributes those that models know too: "White gold" is the metal silver, "Studs" the type earring.

    A value that no model tells is kept as it is, without capitals.
    """
    said: dict[AttributeName, str] = {}
    for name, value in attributes.items():
        known = next((one for one in ATTRIBUTES if one == folded(name).strip()), None)
        text = " ".join(folded(value).split())
        if known and text.isprintable() and 0 < len(text) <= _LONGEST:
            senses = PHRASES.get(phrase(value), [])
            said[known] = next((sense.value for sense in senses if sense.field == known), text)
    return said
