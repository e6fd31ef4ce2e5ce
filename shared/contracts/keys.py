"""API keys, as the public HTTP API makes and lists them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import KeyId, KeyName, KeyScope, Timestamp


class KeyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: KeyName = Field(description="What the key is for.", examples=["web shop"])
    scopes: set[KeyScope] = Field(min_length=1, examples=[["read", "events"]])


class Key(BaseModel):
    """An API key as it is listed. `last_used_at` is right to about a minute; `rate_limit` is in requests a second,
    absent when it is the gateway's."""

    key_id: KeyId
    name: str
    scopes: list[KeyScope]
    rate_limit: int | None = None
    created_at: Timestamp
    last_used_at: Timestamp | None = None
    revoked_at: Timestamp | None = None


class KeyMade(Key):
    key: str = Field(repr=False, description="The key itself, shown here and never again.")


class KeyList(BaseModel):
    keys: list[Key]
