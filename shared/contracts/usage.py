"""What a shop has, and may have."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Timestamp

QuotaName = Literal["items", "pictures", "storage_bytes"]


class Use(BaseModel):
    """`limit` is absent where there is none."""

    used: int = Field(ge=0)
    limit: int | None = Field(None, ge=0)


class RequestsUse(BaseModel):
    """Requests with any key of the shop on this day, in UTC. They are counted while there is a `limit`."""

    used: int | None = Field(None, ge=0)
    limit: int | None = Field(None, ge=0)
    resets_at: Timestamp


class Usage(BaseModel):
    """`storage_bytes`: of the pictures as the shop sent them, those of each item counted."""

    items: Use
    pictures: Use
    storage_bytes: Use
    requests: RequestsUse


class QuotaTold(BaseModel):
    """Which quota a request would have passed. `name` is items, pictures or storage_bytes."""

    name: str
    used: int
    limit: int
