"""The gateway's settings, read from the environment: GATEWAY_*, and what every service shares without the prefix."""

from __future__ import annotations

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`secret` signs picture addresses, cursors and page sessions, and hashes API keys: changing it voids them all.

    With `page_tenant` set, who opens the page needs no key and sees that shop: for a stack on one's own machine, where
    `page_key` is made a key of that shop. `public_host` is the name (with port) by which browsers know this gateway.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", populate_by_name=True)

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"))
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"))
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "GATEWAY_DATABASE_URL", "DATABASE_URL"),
        description="A database of its own, shared with no other service.",
    )
    embedder_url: str = Field(validation_alias=AliasChoices("embedder_url", "EMBEDDER_URL"))
    recommender_url: str = Field(validation_alias=AliasChoices("recommender_url", "RECOMMENDER_URL"))
    secret: str = Field(min_length=16, validation_alias=AliasChoices("secret", "GATEWAY_SECRET", "SECRET"), repr=False)
    page_tenant: str | None = None
    page_key: str | None = Field(None, repr=False)
    public_host: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65_535)
    worker_threads: int = Field(4, ge=1)
    sole_worker: bool = Field(False, description="No other gateway reads this broker: take over what a dead one left.")
