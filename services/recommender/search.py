"""Items by pictures, items and words, page by page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import orjson

from services.recommender import metrics
from services.recommender.candidates import Reader
from services.recommender.composing import Query, compose
from services.recommender.facets import facets_of
from services.recommender.index import Index, Pinned
from services.recommender.matching import is_no_match
from services.recommender.ordering import DEEPEST, TOP, Order, Ranker
from services.recommender.pins import Pins
from services.recommender.presenting import Presenting, Shown
from services.recommender.ranked import Ranked, Ranking
from services.recommender.scoring import Scoring
from shared import vectorstore
from shared.contracts.internal import Hit, HitList, QueryPart, SearchRequest, SimilarRequest
from shared.errors import InvalidInput

RANKING = "search-1"


class Searcher:
    """Reads the index: one collection from the start of a request to its end."""

    def __init__(self, index: Index, ranker: Ranker, pins: Pins) -> None:
        self._index = index
        self._ranker = ranker
        self._pins = pins

    def search(self, request: SearchRequest) -> HitList:
        """A page of the items that the filters allow, each at its best piece, best first.

        Raises `InvalidInput` for vectors that no model of ours made and for a cursor that is over or of another
        request, and `NotFound` for an item without an indexed picture.
        """
        with self._index.pin() as pinned:
            if request.cursor is None:
                return self._first_page(request, pinned)
            return self._next_page(request, request.cursor, pinned)

    def similar(self, request: SimilarRequest) -> HitList:
        """Items like this one, without it, by any of their pieces and the main one of each of its pictures."""
        return self.search(
            SearchRequest(
                tenant=request.tenant,
                parts=[QueryPart(sku=request.sku)],
                filters=request.filters,
                limit=request.limit,
                cursor=request.cursor,
            )
        )

    def _first_page(self, request: SearchRequest, pinned: Pinned) -> HitList:
        query = compose(request, pinned)
        reader = Reader(pinned.vectors, request.tenant, query)
        order = self._ranker.first(request.tenant, query, pinned, request.limit + 1, request.diversity)
        ranking = _beginning(request, query, pinned, order, reader)
        presenting = Presenting(query, pinned.model, Scoring(query, pinned.model, ranking.rivals))
        shown = order.placed[: request.limit]
        with metrics.stage("explain"):
            pieces: Mapping[str, Sequence[vectorstore.Hit]] = {}
            if presenting.by_pieces and shown:
                pieces = reader.pieces([one.ranked.sku for one in shown])
            hits = presenting.hits(
                [Shown(one.ranked, one.shown.payload, pieces.get(one.ranked.sku, ())) for one in shown]
            )
        more = len(order.placed) > request.limit
        name = self._pins.keep(request.tenant, ranking) if more else ""
        if hits:
            metrics.BEST.observe(hits[0].score)
        metrics.SEARCHES.labels("no_match" if ranking.no_match else "found" if hits else "nothing").inc()
        return _page(ranking, hits, pinned, _cursor(name, len(shown)) if more else None)

    def _next_page(self, request: SearchRequest, cursor: str, pinned: Pinned) -> HitList:
        name, position = _read(cursor)
        ranking = self._pins.find(request.tenant, name)
        if ranking is None:
            raise InvalidInput("cursor: its ranking is kept for 10 minutes, and they are over. Ask without the cursor.")
        if ranking.fingerprint != _fingerprint(request):
            raise InvalidInput("cursor: it is of another request. Send what the first page was asked with.")
        query = compose(request, pinned, going_on=True)
        presenting = Presenting(query, pinned.model, Scoring(query, pinned.model, ranking.rivals))
        reader = Reader(pinned.vectors, request.tenant, query)
        hits: list[Hit] = []
        while len(hits) < request.limit:
            chunk = ranking.items[position : position + request.limit - len(hits)]
            if chunk:
                hits += _still_there(chunk, reader, presenting)
                position += len(chunk)
            elif ranking.complete:
                break
            else:
                ranking = self._completed(request, query, pinned, name, ranking)
        more = position < len(ranking.items) or not ranking.complete
        return _page(ranking, hits, pinned, _cursor(name, position) if more else None)

    def _completed(self, request: SearchRequest, query: Query, pinned: Pinned, name: str, begun: Ranking) -> Ranking:
        rest = self._ranker.beyond(request.tenant, query, pinned, begun)
        whole = Ranking(
            fingerprint=begun.fingerprint,
            items=[*begun.items, *rest],
            complete=True,
            found=begun.found,
            capped=begun.capped,
            no_match=begun.no_match,
            rivals=begun.rivals,
            facets=begun.facets,
        )
        return self._pins.complete(request.tenant, name, whole) or whole


def _beginning(request: SearchRequest, query: Query, pinned: Pinned, order: Order, reader: Reader) -> Ranking:
    items = [one.ranked for one in order.placed]
    return Ranking(
        fingerprint=_fingerprint(request),
        items=items[:TOP],
        complete=not order.more and len(items) <= TOP,
        found=len(items),
        capped=order.more,
        no_match=is_no_match(query, items, pinned.model, reader),
        rivals=order.rivals,
        facets=facets_of(one.shown.payload for one in order.placed),
    )


def _still_there(ranked: Sequence[Ranked], reader: Reader, presenting: Presenting) -> list[Hit]:
    """Those that are in the index and allowed by the filters as of now."""
    pieces = reader.pieces([one.sku for one in ranked])
    return presenting.hits(
        [Shown(one, presenting.standing_for(own).payload, own) for one in ranked if (own := pieces.get(one.sku))]
    )


def _page(ranking: Ranking, hits: list[Hit], pinned: Pinned, following: str | None) -> HitList:
    return HitList.model_construct(
        hits=hits,
        no_match=ranking.no_match,
        next=following,
        facets=ranking.facets,
        found=ranking.found,
        capped=ranking.capped,
        ranking=f"{RANKING}:{pinned.model.version}",
    )


def _fingerprint(request: SearchRequest) -> str:
    """Without vectors: the same picture's differ in their last digits from one analysis to the next."""
    asked = request.model_dump(
        mode="json", exclude={"cursor": True, "limit": True, "parts": {"__all__": {"vectors", "text"}}}
    )
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _cursor(name: str, position: int) -> str:
    return f"{name}.{position}"


def _read(cursor: str) -> tuple[str, int]:
    name, _, position = cursor.rpartition(".")
    if not name or not position.isdecimal() or int(position) > DEEPEST:
        raise InvalidInput("cursor: it is none of ours. Send the `next` of an answer as it is, or ask without it.")
    return name, int(position)
