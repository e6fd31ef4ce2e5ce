"""The inventory's settings, from the environment: INVENTORY_*, and what every service shares without the prefix."""

from __future__ import annotations

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="INVENTORY_")

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"), repr=False)
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"), repr=False)
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "INVENTORY_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="A database of its own, shared with no other service.",
    )
    embedder_url: str = Field(
        "http://127.0.0.1:8091",
        validation_alias=AliasChoices("embedder_url", "EMBEDDER_URL"),
        description="Asked which models there are, and what their cosines mean.",
    )
    style_hours: float = Field(24, gt=0, description="Styles are made again after so many hours.")
    style_minutes: float = Field(30, gt=0, description="Making them is given up when it takes longer.")
    lead_days: float = Field(
        21, ge=0, le=365, description="From an order to its arrival; an item's attribute `lead_days` says otherwise."
    )
    review_days: float = Field(7, gt=0, le=365, description="Orders are made so often.")
    margin: float = Field(0.5, gt=0, lt=1, description="Of the price: what a sale earns, and a missed one loses.")
    holding: float = Field(0.25, gt=0, le=10, description="A year in stock costs this share of what a piece cost.")
    service_level: float | None = Field(
        None, gt=0, lt=1, description="Hold enough for this share of the demand; unset: as many as pay."
    )
    order_cost: float = Field(
        5, ge=0, description="In the prices' currency: of ordering one piece, however many of it are ordered."
    )
    overstock_weeks: float = Field(26, gt=0, le=26, description="What would last longer is too many.")
    dead_days: float = Field(180, gt=0, description="In stock so long without a sale, a piece lies dead.")
    port: int = Field(8094, ge=1, le=65_535)
    worker_threads: int = Field(2, ge=1)
    sole_worker: bool = Field(False, description="No other inventory reads this broker: take over from a dead one.")
