"""The settings of the authenticity service: AUTHENTICITY_*, and what every service shares without the prefix."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from services.authenticity.deciding import MODEL
from shared.settings import ServiceSettings


def _entries(given: object) -> object:
    return [entry.strip() for entry in given.split(",") if entry.strip()] if isinstance(given, str) else given


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="AUTHENTICITY_")

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"), repr=False)
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"), repr=False)
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "AUTHENTICITY_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="A database of its own, shared with no other service.",
    )
    embedder_url: str = Field(
        "http://127.0.0.1:8091",
        validation_alias=AliasChoices("embedder_url", "EMBEDDER_URL"),
        description="Asked what pictures show, and to compare them.",
    )
    signing_key: str = Field(
        repr=False,
        description="32 random bytes in base64url, by which records of references and reports are signed (Ed25519).",
    )
    retired_keys: Annotated[list[str], NoDecode, BeforeValidator(_entries)] = Field(
        default_factory=list,
        description="Public keys (`x` of the JWK) that signed before, with commas between: still told, so that what "
        "they signed can be checked.",
    )
    verification_days: float = Field(
        90, gt=0, description="A verification, its photos and its report's data are kept so long."
    )
    decision: Path = Field(
        MODEL,
        description="Coefficients by which comparisons become a verdict, as `make fit-authenticity` writes them.",
    )
    port: int = Field(8095, ge=1, le=65_535)
    worker_threads: int = Field(2, ge=1)
    sole_worker: bool = Field(False, description="No other authenticity service reads this broker: take over from it.")
