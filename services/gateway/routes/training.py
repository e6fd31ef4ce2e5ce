"""The catalogue as something to learn from, for `loupe train`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.access import Admin, Gateway, Parts, problems
from services.gateway.tables import Image
from shared.contracts.analysis import ATTRIBUTES, Analysis, analysis_key
from shared.contracts.fields import MAX_LIMIT, ModelVersion
from shared.contracts.training import TrainingPage, TrainingPicture
from shared.errors import NotFound

router = APIRouter(prefix="/v1/admin", tags=["operations"])


@router.get(
    "/training",
    summary="The shop's pictures with their vectors, labels and corrections",
    response_model_exclude_none=True,
    responses=problems(400),
)
def get_training(
    caller: Admin,
    gateway: Gateway,
    model: Annotated[ModelVersion, Query(description="Whose analyses: most often the model that is searched by")],
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> TrainingPage:
    """Indexed pictures in order of id."""
    scope = ("training", caller.tenant, model)
    after = gateway.signer.position(cursor, *scope) if cursor else ""
    rows = gateway.listing.indexed(caller.tenant, after, limit + 1)
    page = [_picture(gateway, row, said, model) for row, said in rows[:limit]]
    return TrainingPage(
        tenant=caller.tenant,
        model_version=model,
        pictures=[picture for picture in page if picture],
        lacking=page.count(None),
        next_cursor=gateway.signer.cursor(rows[limit - 1][0].image_id, *scope) if len(rows) > limit else None,
    )


def _picture(gateway: Parts, row: Image, said: dict[str, str], model: str) -> TrainingPicture | None:
    """None where the model has not analysed the picture."""
    try:
        data = gateway.analyses.get(row.tenant, analysis_key(row.sha256, model))
    except NotFound:
        return None
    return TrainingPicture(
        sku=row.sku,
        image_id=row.image_id,
        sha256=row.sha256,
        said={name: said[name] for name in ATTRIBUTES if said.get(name)},
        corrected=row.corrected,
        piece=Analysis.model_validate_json(data).pieces[0],
    )
