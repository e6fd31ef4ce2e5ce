"""What the words of a query ask for, together with its filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gateway.queries import Query, both
from services.gateway.query_vectors import QueryVectors
from services.gateway.vocabularies import Vocabularies
from services.gateway.words import Understood, Vocabulary, understand
from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.internal import Filters
from shared.contracts.search import Chip
from shared.contracts.text import TextVectors


@dataclass
class Wanted:
    """`filters` None: no piece can pass them. By the number of their part, `texts` are what is left of its words, and
    `known` the attributes that were understood from them."""

    filters: Filters | None
    prefer: dict[AttributeName, list[str]] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    texts: Mapping[int, TextVectors] = field(default_factory=dict)
    known: dict[int, dict[AttributeName, str]] = field(default_factory=dict)


async def wanted_of(tenant: str, query: Query, vocabularies: Vocabularies, vectors: QueryVectors) -> Wanted:
    """Words that a piece is not to be like make no condition and no wish, and all of them are left."""
    wanted = Wanted(query.said.filters)
    words = {number: part.words for number, (_, part) in enumerate(query.parts) if part.words}
    if not words:
        return wanted
    vocabulary = await vocabularies.of(tenant)
    left: dict[int, str] = {}
    for number, text in words.items():
        understood = _understood(text, vocabulary, query)
        wanted.known[number] = _known(understood)
        if query.parts[number][1].negative:
            left[number] = text
            continue
        wanted.filters = both(wanted.filters, understood.filters) if wanted.filters else None
        for name, values in understood.prefer.items():
            wanted.prefer[name] = [*dict.fromkeys((*wanted.prefer.get(name, ()), *values))]
        wanted.chips += [chip for chip in understood.chips if chip not in wanted.chips]
        if understood.rest:
            left[number] = understood.rest
    made = await vectors.words(tenant, list(left.values()))
    wanted.texts = dict(zip(left, made, strict=True))
    return wanted


def _understood(text: str, vocabulary: Vocabulary, query: Query) -> Understood:
    """Beside tags that were asked for, none is understood from words: one list of tags cannot ask for two at once."""
    understood = understand(text, vocabulary, query.said.ignore)
    tags = [chip.id for chip in understood.chips if chip.field == "tags"]
    if tags and query.said.filters.tags is not None:
        return understand(text, vocabulary, [*query.said.ignore, *tags])
    return understood


def _known(understood: Understood) -> dict[AttributeName, str]:
    """The first value of each attribute."""
    meant = {
        name: [*(getattr(understood.filters, name) or ()), *understood.prefer.get(name, ())] for name in ATTRIBUTES
    }
    return {name: values[0] for name, values in meant.items() if values}
