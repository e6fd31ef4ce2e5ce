"""The indexer's settings, read from the environment: INDEXER_*, and what every service shares without the prefix."""

from __future__ import annotations

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`model_version` and `dimension` name the model whose vectors this index holds; the embedder must run the same."""

    model_config = SettingsConfigDict(env_prefix="INDEXER_", protected_namespaces=(), populate_by_name=True)

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"))
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"))
    vector_store_url: str = Field(validation_alias=AliasChoices("vector_store_url", "VECTOR_STORE_URL"))
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "INDEXER_DATABASE_URL", "DATABASE_URL"),
        description="A database of its own, shared with no other service.",
    )
    model_version: str = Field("efficientnet-lite2-1", validation_alias=AliasChoices("model_version", "MODEL_VERSION"))
    dimension: int = Field(1280, gt=0, validation_alias=AliasChoices("dimension", "MODEL_DIMENSION"))
    host: str = "127.0.0.1"
    port: int = Field(8092, ge=1, le=65_535)
    worker_threads: int = Field(4, ge=1)
    sole_worker: bool = Field(False, description="No other indexer reads this broker: take over what a dead one left.")
