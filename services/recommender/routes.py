"""The recommender's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.recommender.cache import Answers
from services.recommender.completes import Completer
from services.recommender.experiments import Experiments
from services.recommender.index import Index
from services.recommender.map.gaps import GapFinder
from services.recommender.map.telling import Maps
from services.recommender.palette import PaletteSearcher
from services.recommender.search import Searcher
from services.recommender.suggest import Suggester
from services.recommender.telling import Telling
from services.recommender.vocabulary import vocabulary
from shared.contracts.catalogue_map import CatalogueMap, Gaps, PaletteRequest
from shared.contracts.fields import TenantId
from shared.contracts.internal import (
    CompletesRequest,
    ExperimentOf,
    HitList,
    HitLists,
    SearchRequest,
    SimilarRequest,
    SuggestBatchRequest,
    SuggestRequest,
    ValueCounts,
    VocabularyRequest,
)
from shared.contracts.kept import KeptOf, KeptPage, ShopperNames


def router(
    index: Index,
    answers: Answers,
    searcher: Searcher,
    completer: Completer,
    suggester: Suggester,
    experiments: Experiments,
) -> APIRouter:
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

    @api.post("/suggest-batch", summary="What each of many shoppers may like")
    def post_suggest_batch(request: SuggestBatchRequest) -> HitLists:
        return suggester.batch(request)

    @api.get("/experiment", summary="The ways to rank suggestions that the shop compares")
    def get_experiment(tenant: TenantId) -> ExperimentOf:
        return ExperimentOf(tenant=tenant, experiment=experiments.of(tenant))

    @api.put("/experiment", summary="Compare ways to rank suggestions, or stop it")
    def put_experiment(told: ExperimentOf) -> ExperimentOf:
        experiments.put(told.tenant, told.experiment)
        return told

    return api


def map_router(maps: Maps, gaps: GapFinder, palette: PaletteSearcher) -> APIRouter:
    """The map of the catalogue, and what goes with it."""
    api = APIRouter()

    @api.get("/map", summary="Where each item lies on the map of the catalogue", response_model=CatalogueMap)
    def get_map(tenant: TenantId) -> Response:
        return _json(maps.json(tenant))

    @api.get("/map/gaps", summary="Where people search and the catalogue is thin")
    def get_gaps(tenant: TenantId) -> Gaps:
        return gaps.gaps(tenant)

    @api.post("/palette", summary="The items of these colours, whatever their shape")
    def post_palette(request: PaletteRequest) -> HitList:
        return palette.search(request)

    return api


def kept_router(telling: Telling) -> APIRouter:
    """What is kept of shoppers, for exports and for who was erased before a backup came back."""
    api = APIRouter()

    @api.post("/kept", summary="What is kept of a shopper")
    def post_kept(asked: KeptOf) -> KeptPage:
        return telling.page(asked)

    @api.get("/shoppers", summary="Of whom anything is kept")
    def get_shoppers(tenant: TenantId, after: Annotated[str, Query(max_length=130)] = "") -> ShopperNames:
        return telling.names(tenant, after)

    return api


def _json(answer: bytes) -> Response:
    return Response(answer, media_type="application/json")
