"""A board as a query."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from services.gateway.queries import Query, query_of
from services.gateway.query_vectors import Photo
from shared.contracts.boards import BoardEntry, BoardSearch
from shared.contracts.internal import MAX_PARTS
from shared.contracts.search import MAX_QUERY_PICTURES, QueryPart, SearchQuery
from shared.errors import Conflict, NotFound

_NOTHING = (
    "There is nothing on this board to search by: give it a picture, a piece that is in the shop, or words, of which "
    "one is not negative."
)


def query_of_board(
    entries: Sequence[BoardEntry], asked: BoardSearch, picture: Callable[[str], bytes], there: Callable[[str], bool]
) -> tuple[Query, list[int]]:
    """What to search by, and the numbers of the entries that are it, the heaviest first; of equals the first.

    `picture` gives an uploaded picture's bytes, or raises `NotFound`; `there`: whether an item is in the shop with a
    picture. Raises `Conflict` where nothing is left to search by.
    """
    parts: list[QueryPart] = []
    photos: list[Photo] = []
    used: list[int] = []
    for number in sorted(range(len(entries)), key=lambda place: (-entries[place].weight, place)):
        entry = entries[number]
        how = {"weight": entry.weight, "negative": entry.negative}
        if len(parts) == MAX_PARTS:
            break
        if entry.sku is not None:
            if not there(entry.sku):
                continue
            parts.append(QueryPart(sku=entry.sku, **how))
        elif entry.words is not None:
            parts.append(QueryPart(words=entry.words, **how))
        elif entry.picture_id is not None and len(photos) < MAX_QUERY_PICTURES:
            try:
                data = picture(entry.picture_id)
            except NotFound:
                continue
            parts.append(QueryPart(image=len(photos), **how))
            photos.append(Photo(hashlib.sha256(data).hexdigest(), data))
        else:
            continue
        used.append(number)
    if all(part.negative for part in parts):
        raise Conflict(_NOTHING)
    said = SearchQuery(
        limit=asked.limit, filters=asked.filters, cursor=asked.cursor, diversity=asked.diversity, parts=parts
    )
    return query_of(said, photos, "board"), used
