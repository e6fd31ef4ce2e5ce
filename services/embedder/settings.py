"""The embedder's settings, read from the environment: EMBEDDER_*, and what every service shares without the prefix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.embedder.manifest import SHIPPED


class Settings(BaseSettings):
    """`threads` are the cores that one forward uses. On a CPU a query waits for up to one batch: 8 take 0.15 s."""

    model_config = SettingsConfigDict(env_prefix="EMBEDDER_", protected_namespaces=(), populate_by_name=True)

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"))
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"))
    host: str = "127.0.0.1"
    port: int = Field(8091, ge=1, le=65_535)
    model_dir: Path = SHIPPED
    compute: Literal["cpu", "cuda"] = "cpu"
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    max_batch: int = Field(8, ge=1, le=256)
    sole_worker: bool = Field(False, description="No other embedder reads this broker: take over what a dead one left.")

    @property
    def worker_threads(self) -> int:
        """Twice the batch: while one batch is forwarded the next is decoded."""
        return 2 * self.max_batch
