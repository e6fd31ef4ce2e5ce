"""What the words of a query ask for, together with its filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gateway.queries import Query, both
from services.gateway.query_vectors import QueryVectors
from services.gateway.vocabularies import Vocabularies
from services.gateway.words import Understood, Vocabulary, understand
from shared.contracts.analysis import AttributeName
from shared.contracts.api import Chip
from shared.contracts.internal import Filters
from shared.contracts.text import TextVectors


@dataclass
class Wanted:
    """`texts` are what is left of the words, by the number of their part. `filters` None: no piece can pass them."""

    filters: Filters | None
    prefer: dict[AttributeName, list[str]] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    texts: Mapping[int, TextVectors] = field(default_factory=dict)


async def wanted_of(tenant: str, query: Query, vocabularies: Vocabularies, vectors: QueryVectors) -> Wanted:
    """Words that a piece is not to be like are taken as they are: nothing is understood from them."""
    wanted = Wanted(query.said.filters)
    words = {number: part.words for number, (_, part) in enumerate(query.parts) if part.words}
    if not words:
        return wanted
    vocabulary = await vocabularies.of(tenant)
    left: dict[int, str] = {}
    for number, text in words.items():
        if query.parts[number][1].negative:
            left[number] = text
            continue
        understood = _understood(text, vocabulary, query)
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
