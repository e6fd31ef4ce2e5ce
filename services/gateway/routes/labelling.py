"""Pictures to be looked at by a person, the least certain first, and what people said as a manifest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.gateway.access import Gateway, Reader, problems
from services.gateway.labelling import Doubt
from shared.contracts.analysis import AttributeName
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.labelling import LabellingPage

router = APIRouter(prefix="/v1/labelling", tags=["images"])


@router.get(
    "", summary="Pictures to be looked at by a person", response_model_exclude_none=True, responses=problems(400)
)
def get_labelling(
    caller: Reader,
    gateway: Gateway,
    attribute: AttributeName = "type",
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> LabellingPage:
    """Those of which the model is least sure first. `PATCH /v1/images/{image_id}/analysis` says what a picture shows:
    then it is in the list no more."""
    scope = ("labelling", caller.tenant, attribute)
    found = gateway.labelling.doubtful(caller.tenant, attribute, _doubt(gateway, cursor, scope), limit + 1)
    left, pictures = gateway.labelling.counts(caller.tenant, attribute)
    last, more = (found[limit - 1][0], True) if len(found) > limit else (None, False)
    return LabellingPage(
        attribute=attribute,
        classes=gateway.labelling.classes(caller.tenant, attribute),
        images=[image for _, image in found[:limit]],
        left=left,
        pictures=pictures,
        next_cursor=gateway.signer.cursor(f"{last.confidence!r}|{last.image_id}", *scope) if more and last else None,
    )


def _doubt(gateway: Gateway, cursor: str | None, scope: tuple[str, ...]) -> Doubt | None:
    if cursor is None:
        return None
    confidence, _, image_id = gateway.signer.position(cursor, *scope).partition("|")
    return Doubt(float(confidence), image_id)


@router.get(
    "/manifest.csv",
    summary="What people said of pictures, to train on",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "A line a picture"}, **problems()},
)
def get_labelling_manifest(caller: Reader, gateway: Gateway) -> Response:
    """A line for each picture of the shop that somebody corrected or confirmed, as `lab.datasets` reads it: with the
    pictures of `GET /v1/images/{image_id}/content` as `pictures/{image_id}` beside it, it is a set to train on."""
    headers = {"Content-Disposition": 'attachment; filename="manifest.csv"'}
    told = gateway.labelling.manifest(caller.tenant)
    return StreamingResponse(told, media_type="text/csv; charset=utf-8", headers=headers)
