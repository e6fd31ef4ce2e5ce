"""The recommender's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.recommender.cache import Answers
from services.recommender.completes import Completer
from services.recommender.index import Index
from services.recommender.search import Searcher
from services.recommender.suggest import Suggester
from services.recommender.vocabulary import vocabulary
from shared.contracts.internal import (
    CompletesRequest,
    HitList,
    SearchRequest,
    SimilarRequest,
    SuggestRequest,
    ValueCounts,
    VocabularyRequest,
)


def router(index: Index, answers: Answers, searcher: Searcher, completer: Completer, suggester: Suggester) -> APIRouter:
    api = APIRouter()

    @api.post("/search", summary="The pieces that fit pictures, pieces and words", response_model=HitList)
    def post_search(request: SearchRequest) -> Response:
        return _json(answers.json(request, searcher.search))

    @api.post("/similar", summary="The pieces that look like one of the shop's", response_model=HitList)
    def post_similar(request: SimilarRequest) -> Response:
        return _json(answers.json(request, searcher.similar))

    @api.post("/completes", summary="What goes with a piece: its other half, a set", response_model=HitList)
    def post_completes(request: CompletesRequest) -> Response:
        return _json(answers.json(request, completer.completes))

    @api.post("/vocabulary", summary="The values that a shop's pieces have")
    def post_vocabulary(request: VocabularyRequest) -> ValueCounts:
        return vocabulary(request, index)

    @api.post("/suggest", summary="What one shopper may like, each with its reason")
    def post_suggest(request: SuggestRequest) -> HitList:
        return suggester.suggest(request)

    return api


def _json(answer: bytes) -> Response:
    return Response(answer, media_type="application/json")
