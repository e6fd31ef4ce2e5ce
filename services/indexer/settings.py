"""The indexer's settings, read from the environment: INDEXER_*, and what every service shares without the prefix."""

from __future__ import annotations

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from shared.contracts.models import Model, Probability, Sameness
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Those from `model_version` to `form_dimension` tell of the model that an empty index begins with, as its
    manifest does.

    From then on the index itself knows its model, and changes it by a reindex alone.
    """

    model_config = SettingsConfigDict(env_prefix="INDEXER_")

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"), repr=False)
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"), repr=False)
    vector_store_url: str = Field(validation_alias=AliasChoices("vector_store_url", "VECTOR_STORE_URL"), repr=False)
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "INDEXER_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="A database of its own, shared with no other service.",
    )
    model_version: str = Field("loupe-wide-3", validation_alias=AliasChoices("model_version", "MODEL_VERSION"))
    dimension: int = Field(288, gt=0, validation_alias=AliasChoices("dimension", "MODEL_DIMENSION"))
    no_match_below: float = Field(0.51, ge=-1, le=1)
    look_at_least: float = Field(0.432, ge=0, lt=1)
    same: Sameness | None = Sameness(slope=12.32, offset=-9.265)
    style: Probability | None = Probability(slope=10.366, offset=-4.478)
    form_dimension: int | None = Field(256, gt=0)
    drain_seconds: float = Field(
        60, ge=2, description="How long an old collection is kept for queries that began on it."
    )
    port: int = Field(8092, ge=1, le=65_535)
    worker_threads: int = Field(4, ge=1)
    sole_worker: bool = Field(False, description="No other indexer reads this broker: take over what a dead one left.")

    @property
    def first_model(self) -> Model:
        return Model(
            version=self.model_version,
            dimension=self.dimension,
            no_match_below=self.no_match_below,
            look_at_least=self.look_at_least,
            same=self.same,
            style=self.style,
            form_dimension=self.form_dimension,
        )
