"""The recommender's settings, from the environment: RECOMMENDER_*, and what every service shares without the prefix."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, Field
from pydantic_settings import SettingsConfigDict

from shared.contracts.user_events import EventType
from shared.settings import ServiceSettings


class Weight(BaseModel):
    """What an event says of a shopper's taste: how much, negative for dislike, and the days after which it is half."""

    weight: float = Field(ge=-5, le=5)
    half_life_days: float = Field(gt=0)


def _weights() -> dict[EventType, Weight]:
    return {
        "viewed": Weight(weight=1, half_life_days=7),
        "searched": Weight(weight=1, half_life_days=3),
        "clicked": Weight(weight=1.5, half_life_days=7),
        "favourited": Weight(weight=3, half_life_days=30),
        "carted": Weight(weight=4, half_life_days=14),
        "purchased": Weight(weight=5, half_life_days=60),
        "returned": Weight(weight=-2, half_life_days=60),
        "dismissed": Weight(weight=-3, half_life_days=60),
    }


class Settings(ServiceSettings):
    """The model whose vectors are searched, and what its cosines mean, is told by the index itself."""

    model_config = SettingsConfigDict(env_prefix="RECOMMENDER_")

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"), repr=False)
    vector_store_url: str = Field(validation_alias=AliasChoices("vector_store_url", "VECTOR_STORE_URL"), repr=False)
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "RECOMMENDER_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="A database of its own, shared with no other service.",
    )
    weights: dict[EventType, Weight] = Field(default_factory=_weights)
    history_days: float = Field(730, gt=0, description="Events of shoppers are kept so long after they came in.")
    shown_days: float = Field(30, gt=0, description="What shoppers were shown is kept so long.")
    lesson_events: int = Field(1_000, ge=1, description="A shop's models are learned again after so many more events.")
    lesson_hours: float = Field(24, gt=0, description="And after so many hours, if there were any more events at all.")
    lesson_minutes: float = Field(30, gt=0, description="A lesson that takes longer is given up.")
    explore: float = Field(
        0.05, ge=0, le=0.5, description="Share of suggested places given to one at random of the pieces that come next."
    )
    diversity: float = Field(0.1, ge=0, le=1, description="Of suggestions: how much a look shown before counts.")
    port: int = Field(8093, ge=1, le=65_535)
    worker_threads: int = Field(4, ge=1)
    sole_worker: bool = Field(False, description="No other recommender reads this broker: take over from a dead one.")
