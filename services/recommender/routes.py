"""The recommender's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from fastapi import APIRouter

from services.recommender.search import Searcher
from services.recommender.suggest import Suggester
from shared.contracts.internal import HitList, SearchRequest, SimilarRequest, SuggestRequest


def router(searcher: Searcher, suggester: Suggester) -> APIRouter:
    api = APIRouter()

    @api.post("/search", summary="The pieces nearest to a picture's vector")
    def post_search(request: SearchRequest) -> HitList:
        return searcher.search(request)

    @api.post("/similar", summary="The pieces that look like one of the shop's")
    def post_similar(request: SimilarRequest) -> HitList:
        return searcher.similar(request)

    @api.post("/suggest", summary="What one shopper may like, each with its reason")
    def post_suggest(request: SuggestRequest) -> HitList:
        return suggester.suggest(request)

    return api
