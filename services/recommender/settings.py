"""The recommender's settings, from the environment: RECOMMENDER_*, and what every service shares without the prefix."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contracts.messages import EventType


class Weight(BaseModel):
    """What an event says of a shopper's taste: how much, negative for dislike, and the days after which it is half."""

    weight: float = Field(ge=-5, le=5)
    half_life_days: float = Field(gt=0)


def _weights() -> dict[EventType, Weight]:
    return {
        "viewed": Weight(weight=1, half_life_days=7),
        "clicked": Weight(weight=1.5, half_life_days=7),
        "favourited": Weight(weight=3, half_life_days=30),
        "carted": Weight(weight=4, half_life_days=14),
        "purchased": Weight(weight=5, half_life_days=60),
        "returned": Weight(weight=-2, half_life_days=60),
        "dismissed": Weight(weight=-3, half_life_days=60),
    }


class Settings(BaseSettings):
    """`model_version` and `dimension` name the model whose vectors are searched, as the indexer has them.

    `no_match_below` and `look_at_least` are cosines of that model: below the first, which is in its manifest, the best
    hit of a photo is not the piece; from the second on, two pieces may be told to look alike. Among the real shop
    pictures, pairs of different items at 0.60 to 0.65 are of one type in 39 to 58%, three times as many as at 0.5.
    """

    model_config = SettingsConfigDict(env_prefix="RECOMMENDER_", protected_namespaces=(), populate_by_name=True)

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"))
    vector_store_url: str = Field(validation_alias=AliasChoices("vector_store_url", "VECTOR_STORE_URL"))
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "RECOMMENDER_DATABASE_URL", "DATABASE_URL"),
        description="A database of its own, shared with no other service.",
    )
    model_version: str = Field("efficientnet-lite2-1", validation_alias=AliasChoices("model_version", "MODEL_VERSION"))
    dimension: int = Field(1280, gt=0, validation_alias=AliasChoices("dimension", "MODEL_DIMENSION"))
    no_match_below: float = Field(0.64, ge=-1, le=1)
    look_at_least: float = Field(0.6, ge=0, lt=1)
    weights: dict[EventType, Weight] = Field(default_factory=_weights)
    host: str = "127.0.0.1"
    port: int = Field(8093, ge=1, le=65_535)
    worker_threads: int = Field(4, ge=1)
    sole_worker: bool = Field(False, description="No other recommender reads this broker: take over from a dead one.")
