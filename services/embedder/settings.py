"""The embedder's settings, read from the environment: EMBEDDER_*, and what every service shares without the prefix."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from services.embedder.lone_child import Limits
from services.embedder.manifest import SHIPPED
from services.embedder.named import TOWERS
from shared.sandbox.pool import Limits as DecodingLimits
from shared.settings import ServiceSettings

_NAMES = re.compile(rf"(?:(?:{'|'.join(TOWERS)}):)?[^:]+")


class Settings(ServiceSettings):
    """On a CPU, `threads` pictures are forwarded side by side, each alone on a core: so a picture costs a fifth less
    than in batches of 8 on all cores, and a query waits for one picture. One that comes while nothing is forwarded has
    up to four cores. A GPU takes up to `gpu_batch` at once.

    `model_dirs` are the folders or names (`cbir`, `timm:NAME`, `open_clip:NETWORK/WEIGHTS`, `hf:NAME`) of the models to
    load, in the environment with a colon between two; the first is used where one is enough. There are two while the
    index is filled by a new one.
    """

    model_config = SettingsConfigDict(env_prefix="EMBEDDER_")

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"), repr=False)
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"), repr=False)
    port: int = Field(8091, ge=1, le=65_535)
    model_dirs: Annotated[list[Path | str], NoDecode] = Field([SHIPPED], min_length=1, max_length=8)
    compute: Literal["cpu", "cuda"] = "cpu"
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    gpu_batch: int = Field(32, ge=1, le=256)
    quarantine_after_kills: int = Field(
        2, ge=1, description="So many deaths of the process that has it, while alone, quarantine a picture."
    )
    decode_seconds: float = Field(10.0, gt=0, description="Time of a processor that decoding a picture may take.")
    decode_memory_mb: int = Field(1_500, ge=100, description="Memory that decoding a picture may take.")
    alone_seconds: float = Field(10.0, gt=0, description="Time that a picture analysed alone may take.")
    alone_memory_mb: int = Field(1_500, ge=100, description="Memory that it may take beyond the model's.")
    alone_idle_seconds: float = Field(30.0, gt=0, description="The child for such pictures leaves after so long.")
    compared_kept: int = Field(
        48, ge=1, le=1_000, description="Photos whose piece is kept ready to be compared again, about 2 MB each."
    )
    sole_worker: bool = Field(False, description="No other embedder reads this broker: take over what a dead one left.")

    @field_validator("model_dirs", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _NAMES.findall(value) if isinstance(value, str) else value

    @property
    def max_batch(self) -> int:
        return 1 if self.compute == "cpu" else self.gpu_batch

    @property
    def forwards(self) -> int:
        """How many run side by side."""
        return self.threads if self.compute == "cpu" else 1

    @property
    def worker_threads(self) -> int:
        """Enough to decode, read and write while all forwards run."""
        return 4 * self.forwards if self.compute == "cpu" else 2 * self.gpu_batch

    @property
    def limits_decoding(self) -> DecodingLimits:
        """What decoding one picture may use; six times as long where others use the processors, too."""
        return DecodingLimits(self.decode_seconds, 6 * self.decode_seconds, self.decode_memory_mb * 1_000_000)

    @property
    def limits_alone(self) -> Limits:
        """What a picture analysed alone may use."""
        return Limits(self.alone_seconds, self.alone_memory_mb * 1_000_000, self.alone_idle_seconds)
