"""API keys, as the public HTTP API makes and lists them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import NO_TEXT, KeyId, KeyName, KeyScope, TenantId, Timestamp

MAX_OVERLAP_HOURS = 30 * 24
OVERLAP_HOURS = 24.0


class Holder(BaseModel):
    """Who asks: the shop, and what they may do there. `key_id` is absent where our page asks without a key."""

    tenant: TenantId
    scopes: list[KeyScope]
    key_id: KeyId | None = None


class KeyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: KeyName = Field(description="What the key is for.", examples=["web shop"])
    scopes: set[KeyScope] = Field(
        min_length=1, examples=[["read", "events"]], description="`operator` is given by a key that has it."
    )
    expires_at: Timestamp | None = Field(None, description="When it ends by itself; absent for never.")


class KeyRotation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    overlap_hours: Annotated[float, Field(ge=0, le=MAX_OVERLAP_HOURS), NO_TEXT] = Field(
        OVERLAP_HOURS, description="So long the old key works beside the new one."
    )


class Key(BaseModel):
    """An API key as it is listed. `last_used_at` is right to about a minute; `rate_limit` is in requests a second,
    absent when it is the gateway's. It works until `expires_at`, where it has one; `replaced_by` is the key that it was
    rotated to."""

    key_id: KeyId
    name: str
    scopes: list[KeyScope]
    rate_limit: int | None = None
    created_at: Timestamp
    last_used_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    replaced_by: KeyId | None = None
    revoked_at: Timestamp | None = None


class KeyMade(Key):
    key: str = Field(repr=False, description="The key itself, shown here and never again.")


class KeyRotated(KeyMade):
    """`replaces` is the old key, which works until `old_expires_at`."""

    replaces: KeyId
    old_expires_at: Timestamp


class KeyList(BaseModel):
    keys: list[Key]
