"""Which installation a command speaks to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings

from deploy.local.home import Home
from loupe.client import Client, NoAnswer
from shared.errors import Permanent


class Settings(BaseSettings):
    """LOUPE_HOME and PORT for a stack on this machine; LOUPE_URL and LOUPE_API_KEY for one elsewhere.

    VECTOR_STORE_URL is a Qdrant server for `up --processes`; EMBEDDER_MODEL_DIRS, as the embedder has it, says where
    `train` finds the model in use.
    """

    home: Path = Field(Path(".loupe"), validation_alias=AliasChoices("LOUPE_HOME"))
    port: int = Field(8080, validation_alias=AliasChoices("PORT"))
    url: str | None = Field(None, validation_alias=AliasChoices("LOUPE_URL"))
    vector_store_url: str | None = Field(None, validation_alias=AliasChoices("VECTOR_STORE_URL"))
    api_key: str | None = Field(None, validation_alias=AliasChoices("LOUPE_API_KEY"))
    model_dirs: str = Field("", validation_alias=AliasChoices("EMBEDDER_MODEL_DIRS"))


@contextmanager
def connected(settings: Settings, *, patience: float = 0.0) -> Iterator[Client]:
    """The installation's gateway, with a key of the shop. Raises `Permanent` without one.

    `patience`: as a `Client` has it; somebody who waits at a terminal is told at once that nothing answers.
    """
    home = Home.at(settings.home)
    address = settings.url or home.running()["address"]
    if not settings.api_key and not home.api_key_file.exists():
        raise Permanent("No API key: set LOUPE_API_KEY, or LOUPE_HOME to the folder of a stack on this machine.")
    key = settings.api_key or home.api_key_file.read_text().strip()
    with Client(address, key, patience=patience) as client:
        try:
            yield client
        except NoAnswer as error:
            words = f"{error.detail} Start Loupe with `make run`, or set LOUPE_URL to where it runs."
            raise NoAnswer(words) from error
