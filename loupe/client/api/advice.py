"""What pieces will sell, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from loupe.client.calls import Call, Pages, answer, given
from shared.contracts.advice import Advice, AdviceKind, AdviceOf, AdvicePage, Forecast
from shared.contracts.fields import MAX_LIMIT


def advice(*, of: AdviceOf = "piece", kind: AdviceKind | None = None, page: int = MAX_LIMIT) -> Pages[Advice]:
    """What to order, what will run out and what lies, what weighs most first. `page`: fetched at a time."""

    def read(response: httpx.Response) -> tuple[Sequence[Advice], str | None]:
        found = answer(AdvicePage)(response)
        return found.advice, found.next_cursor

    def fetched(cursor: str | None) -> Call[tuple[Sequence[Advice], str | None]]:
        asked = given(of=of, kind=kind, limit=page, cursor=cursor)
        return Call("GET", "/v1/inventory/advice", read, params=asked)

    return Pages(fetched)


def advice_page(*, of: AdviceOf = "piece", kind: AdviceKind | None = None, limit: int = MAX_LIMIT) -> Call[AdvicePage]:
    """The first of it, with how many there are of each kind, the terms, and when it was made."""
    asked = given(of=of, kind=kind, limit=limit)
    return Call("GET", "/v1/inventory/advice", answer(AdvicePage), params=asked)


def advice_of(sku: str) -> Call[Advice]:
    """What is advised of one piece, with its numbers."""
    return Call("GET", "/v1/inventory/advice/{sku}", answer(Advice), {"sku": sku})


def advice_csv(*, kind: AdviceKind | None = None) -> Call[bytes]:
    """The advice of all pieces, as a CSV."""
    return Call("GET", "/v1/inventory/advice.csv", lambda response: response.content, params=given(kind=kind))


def forecast(*, sku: str | None = None, style: str | None = None, type: str | None = None) -> Call[Forecast]:
    """What a piece, a style (by its id), a type, or without any of them the shop, will sell."""
    asked = given(sku=sku, style=style, type=type)
    return Call("GET", "/v1/inventory/forecasts", answer(Forecast), params=asked)
