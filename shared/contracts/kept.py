"""What the gateway asks the recommender of what is kept of shoppers. Not reachable by shops."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from shared.contracts.fields import SessionId, TenantId, UserId

KeptStore = Literal["visits", "events", "impressions"]


class KeptOf(BaseModel):
    """Asks for some of what is kept of a user, or of a visit; `after` is `next` of what was told before."""

    tenant: TenantId
    user_id: UserId | None = None
    session_id: SessionId | None = None
    store: KeptStore
    after: str = ""


class KeptPage(BaseModel):
    """`next`: where to go on; None when there is no more."""

    kept: list[dict[str, Any]]
    next: str | None = None


class ShopperNames(BaseModel):
    """Some of the shoppers of whom anything is kept, in order: "u:" and a user's name, or "s:" and a visit's.

    `last`: there are no more.
    """

    shoppers: list[str]
    last: bool
