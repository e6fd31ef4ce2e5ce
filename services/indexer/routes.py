"""The indexer's HTTP API. Asked by the gateway for an operator, not reachable by shops."""

from __future__ import annotations

from fastapi import APIRouter

from services.indexer.reindex import Reindex
from shared.contracts.models import ReindexStart, ReindexStatus


def router(reindex: Reindex) -> APIRouter:
    api = APIRouter()

    @api.get("/reindex", summary="The collections of the index, and how far a new one is filled")
    def get_reindex() -> ReindexStatus:
        return reindex.status()

    @api.post("/reindex", status_code=202, summary="Begin to fill a new collection by a model")
    def post_reindex(asked: ReindexStart) -> ReindexStatus:
        return reindex.start(asked)

    @api.post("/reindex/switch", summary="Search the new collection now")
    def post_switch() -> ReindexStatus:
        return reindex.switch()

    @api.post("/reindex/abort", summary="Give up the new collection")
    def post_abort() -> ReindexStatus:
        return reindex.abort()

    return api
