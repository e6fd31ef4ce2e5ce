"""Search by pictures, items and words; what is like an item, and what completes it."""

from __future__ import annotations

from collections.abc import Sequence

from loupe.client.calls import Call, Form, answer, given, json_body
from loupe.client.pictures import Picture
from shared.contracts.analysis import Box
from shared.contracts.internal import Filters
from shared.contracts.search import Classification, QueryPart, Results, SearchQuery, SearchResults


def search(
    *pictures: Picture,
    words: str | None = None,
    limit: int = 20,
    filters: Filters | None = None,
    parts: Sequence[QueryPart] = (),
    box: Box | None = None,
    piece: int | None = None,
    every_piece: bool = False,
    ignore: Sequence[str] = (),
    diversity: float = 0.0,
    user_id: str | None = None,
    cursor: str | None = None,
) -> Call[SearchResults]:
    """Find pieces by up to four pictures, by words, by both, or by none of them: all that the filters allow.

    The arguments are those of `SearchQuery`. For the next page, the same call with `next_cursor` as its `cursor`.
    """
    query = SearchQuery(
        words=words,
        limit=limit,
        filters=filters or Filters(),
        parts=list(parts),
        box=box,
        piece=piece,
        every_piece=every_piece,
        ignore=list(ignore),
        diversity=diversity,
        user_id=user_id,
        cursor=cursor,
    )
    alone = json_body(query)
    body = Form("image", pictures, {"query": alone.content.decode()}) if pictures else alone
    return Call("POST", "/v1/search", answer(SearchResults), body=body, reads=True)


def classify(picture: Picture) -> Call[Classification]:
    """What the pieces in a photo are."""
    return Call("POST", "/v1/classify", answer(Classification), body=Form("image", [picture]), reads=True)


def similar(sku: str, *, limit: int = 20, cursor: str | None = None) -> Call[Results]:
    """The items that look most like one of the shop's."""
    return Call("GET", "/v1/items/{sku}/similar", answer(Results), {"sku": sku}, given(limit=limit, cursor=cursor))


def completes(sku: str, *, limit: int = 20) -> Call[Results]:
    """What makes a set with an item, and of an earring its other half."""
    return Call("GET", "/v1/items/{sku}/completes", answer(Results), {"sku": sku}, {"limit": limit})
