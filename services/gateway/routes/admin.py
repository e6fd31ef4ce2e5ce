"""What an operator of the installation asks, for all shops together."""

from __future__ import annotations

from fastapi import APIRouter

from services.gateway.access import Gateway, Operator, problems
from shared.contracts.api import ReindexIn
from shared.contracts.models import ReindexStart, ReindexStatus
from shared.errors import InvalidInput

router = APIRouter(prefix="/v1/admin", tags=["operations"])


@router.get("/reindex", summary="The collections of the index, and how far a new one is", responses=problems(403, 503))
async def get_reindex(caller: Operator, gateway: Gateway) -> ReindexStatus:  # noqa: ARG001 - a caller is needed
    return await gateway.indexer.reindex()


@router.post(
    "/reindex", status_code=202, summary="Fill the index anew by a model", responses=problems(403, 409, 422, 503)
)
async def post_reindex(body: ReindexIn, caller: Operator, gateway: Gateway) -> ReindexStatus:  # noqa: ARG001 - a caller is needed
    """Searches and uploads go on meanwhile. The embedder must have the model loaded, beside the one in use."""
    loaded = {model.version: model for model in (await gateway.embedder.models()).models}
    if body.model not in loaded:
        raise InvalidInput(
            f"model: the embedder has no {body.model}, it has {', '.join(loaded)}. "
            "Add its folder or name to EMBEDDER_MODEL_DIRS and start the embedder again."
        )
    return await gateway.indexer.start_reindex(ReindexStart(model=loaded[body.model], hold=body.hold))


@router.post("/reindex/switch", summary="Search the new collection now", responses=problems(403, 409, 503))
async def post_switch(caller: Operator, gateway: Gateway) -> ReindexStatus:  # noqa: ARG001 - a caller is needed
    """For a reindex that is held, or has pictures that the new model cannot analyse: it goes on without these."""
    return await gateway.indexer.switch()


@router.post("/reindex/abort", summary="Give up the new collection", responses=problems(403, 409, 503))
async def post_abort(caller: Operator, gateway: Gateway) -> ReindexStatus:  # noqa: ARG001 - a caller is needed
    return await gateway.indexer.abort()
