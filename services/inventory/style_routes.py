"""Styles over HTTP: asked by the gateway."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.inventory.styles.telling import Telling
from services.inventory.styles.turns import Turns
from shared.contracts.fields import MAX_LIMIT, TenantId
from shared.contracts.styles import Dimension, DimensionName, StyleDetail, StyleId, StylePage, StylesAsked

_After = Annotated[str, Query(max_length=200, description="next_cursor of the page before")]
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


def style_router(telling: Telling, turns: Turns) -> APIRouter:
    api = APIRouter()

    @api.get("/styles", summary="The styles of a shop, the largest first")
    def get_styles(tenant: TenantId, after: _After = "", limit: _Limit = 20) -> StylePage:
        return telling.styles(tenant, after, limit)

    @api.get("/styles/{style_id}", summary="One style with its pieces")
    def get_style(style_id: StyleId, tenant: TenantId, after: _After = "", limit: _Limit = 20) -> StyleDetail:
        return telling.style(tenant, style_id, after, limit)

    @api.post("/styles/refresh", summary="Make the styles of a shop again")
    def post_refresh(tenant: TenantId) -> StylesAsked:
        return StylesAsked(asked_at=turns.ask(tenant))

    @api.get("/dimensions/{by}", summary="The pieces of a shop by one dimension")
    def get_dimension(by: DimensionName, tenant: TenantId) -> Dimension:
        return telling.dimension(tenant, by)

    return api
