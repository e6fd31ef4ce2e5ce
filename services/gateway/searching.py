"""A search, start to end: see the photos, understand the words, ask the recommender, join with the catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from services.gateway import metrics
from services.gateway.access import Parts
from services.gateway.cursors import Place, cursor_of
from services.gateway.impressions import Whose, shown
from services.gateway.pieces import pieces_of, values_of, vectors_of
from services.gateway.queries import Query
from services.gateway.reasons import matching
from services.gateway.results import results_of
from services.gateway.understanding import Wanted, wanted_of
from shared.contracts.analysis import Analysis, Box
from shared.contracts.internal import HitList, QueryPart, SearchRequest
from shared.contracts.references import Language
from shared.contracts.search import PieceResults, Result, SearchResults
from shared.errors import LoupeError, Retryable

_LONGEST_SECONDS = 25.0
_Seen = Mapping[int, Sequence[Analysis]]


async def search(gateway: Parts, tenant: str, query: Query, place: Place, language: Language) -> SearchResults:
    """Raises what the embedder and the recommender refuse it for, and `Retryable` when it takes too long."""
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            return await _search(gateway, tenant, query, place, language)
    except TimeoutError as error:
        raise Retryable(
            f"The search took longer than {_LONGEST_SECONDS:g} seconds: Loupe has too much to do at this moment. "
            "Try again, with fewer pictures if there are several."
        ) from error


async def _search(gateway: Parts, tenant: str, query: Query, place: Place, language: Language) -> SearchResults:
    with metrics.stage("embedder"):
        seen, wanted = await asyncio.gather(
            _seen(gateway, tenant, query), wanted_of(tenant, query, gateway.vocabularies, gateway.vectors)
        )
    answer = SearchResults(results=[], chips=wanted.chips, search_id=place.search_id)
    if seen:
        first = next(iter(seen))
        answer.pieces, answer.piece = pieces_of(seen[first][0]), query.parts[first][1].piece or 0
    numbers = list(range(len(answer.pieces))) if query.said.every_piece else [answer.piece or 0]
    asked = [_request(tenant, query, place, seen, wanted, number) for number in numbers]
    with metrics.stage("recommender"):
        found = await asyncio.gather(*(_hits(gateway, request) for request in asked))
    with metrics.stage("join"):
        lists = await asyncio.to_thread(_joined, gateway, tenant, numbers, found, language)
    if labels := _alone(wanted, asked):
        for result in (result for one in lists for result in one.results):
            result.reason = matching(labels, language)
    for hits, one in zip(found, lists, strict=True):
        metrics.count_search(len(one.results), no_match=one.no_match)
        gateway.impressions.note(
            tenant,
            shown(
                place,
                "suggestions" if one.no_match else "results",
                _listed(one),
                hits,
                Whose(user_id=query.said.user_id),
                one.piece,
            ),
        )
    main, hits = lists[0], found[0]
    answer.results, answer.suggestions, answer.no_match = main.results, main.suggestions, main.no_match
    answer.facets, answer.found, answer.capped = hits.facets, hits.found, hits.capped
    if query.said.every_piece:
        answer.by_piece = lists
    else:
        answer.next_cursor = cursor_of(
            gateway.signer, place, len(_listed(main)), hits.next, "search", tenant, *query.scope
        )
    return answer


async def _seen(gateway: Parts, tenant: str, query: Query) -> _Seen:
    """The analyses of each part that is a picture, by its number; what two parts share is looked at once."""
    wanted: dict[tuple[int, Box | None], str] = {}
    for path, part in query.parts:
        if part.image is not None:
            wanted.setdefault((part.image, part.box), path)

    async def look(image: int, box: Box | None, path: str) -> Sequence[Analysis]:
        try:
            return await gateway.vectors.photo(tenant, query.photos[image], box)
        except LoupeError as error:
            error.errors = [{**entry, "path": _at(path, entry["path"])} for entry in error.errors]
            raise

    made = await asyncio.gather(*(look(*key, path) for key, path in wanted.items()))
    analyses = dict(zip(wanted, made, strict=True))
    return {
        number: analyses[part.image, part.box] for number, (_, part) in enumerate(query.parts) if part.image is not None
    }


def _at(path: str, told: str) -> str:
    """The embedder knows of one picture alone: what it calls `query.box` is in the part at `path`."""
    return f"{path}{told.removeprefix('query')}" if told.startswith("query.") else told


def _request(tenant: str, query: Query, place: Place, seen: _Seen, wanted: Wanted, number: int) -> SearchRequest | None:
    """None when no piece can pass the filters. `number` is the piece to search by, where every piece is."""
    if wanted.filters is None:
        return None
    said = query.said
    parts = []
    for index, (path, part) in enumerate(query.parts):
        how = {"weight": part.weight, "negative": part.negative}
        if part.sku is not None:
            parts.append(QueryPart(sku=part.sku, **how))
        elif index in seen:
            piece = number if said.every_piece else part.piece or 0
            vectors = vectors_of(seen[index], piece, f"{path}.piece")
            parts.append(QueryPart(vectors=vectors, known=values_of(seen[index][0].pieces[piece]), **how))
        elif index in wanted.texts:
            parts.append(QueryPart(text=wanted.texts[index], known=wanted.known[index], **how))
    return SearchRequest(
        tenant=tenant,
        user_id=said.user_id,
        parts=parts,
        filters=wanted.filters,
        prefer=wanted.prefer,
        diversity=said.diversity,
        limit=said.limit,
        cursor=place.cursor,
    )


async def _hits(gateway: Parts, request: SearchRequest | None) -> HitList:
    return HitList(hits=[]) if request is None else await gateway.recommender.search(request)


def _joined(
    gateway: Parts, tenant: str, numbers: Sequence[int], found: Sequence[HitList], language: Language
) -> list[PieceResults]:
    lists = []
    for number, hits in zip(numbers, found, strict=True):
        listed = results_of(gateway.listing, tenant, hits.hits, language)
        results, suggestions = ([], listed) if hits.no_match else (listed, [])
        lists.append(PieceResults(piece=number, results=results, suggestions=suggestions, no_match=hits.no_match))
    return lists


def _alone(wanted: Wanted, asked: Sequence[SearchRequest | None]) -> list[str]:
    """What words asked for, where it is filters and nothing else."""
    if any(request.parts for request in asked if request):
        return []
    return [chip.label for chip in wanted.chips if chip.filter]


def _listed(found: PieceResults) -> list[Result]:
    return found.suggestions if found.no_match else found.results
