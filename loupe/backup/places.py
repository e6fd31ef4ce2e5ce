"""What is backed up and where it is restored to: a state folder on this machine, or a deployment by its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings

from deploy.local.home import Home
from deploy.processes import stack
from shared.errors import NotFound, Permanent

DATABASES = ("indexer", "gateway", "recommender", "inventory", "authenticity")
"""In the order in which they are copied. The index may be older than the catalogue, which repairs it, and never newer:
its revisions would be ahead. History and ledger may be newer: what the catalogue then sends again is known there."""


class Settings(BaseSettings):
    """A deployment by all six addresses, as its services have them; without any of them, LOUPE_HOME."""

    home: Path = Field(Path(".loupe"), validation_alias=AliasChoices("LOUPE_HOME"))
    gateway_database_url: str | None = Field(None, repr=False)
    indexer_database_url: str | None = Field(None, repr=False)
    recommender_database_url: str | None = Field(None, repr=False)
    inventory_database_url: str | None = Field(None, repr=False)
    authenticity_database_url: str | None = Field(None, repr=False)
    object_store_url: str | None = Field(None, repr=False)


@dataclass(frozen=True)
class Place:
    """The URLs of its databases by service, and of its objects; `home` is None for a deployment."""

    databases: Mapping[str, str]
    objects: str
    home: Home | None


def place(settings: Settings, *, new: bool = False) -> Place:
    """Where the state is or, when `new`, is to be. Raises `Permanent` for a deployment that is named in part."""
    named = {service: getattr(settings, f"{service}_database_url") for service in DATABASES}
    objects = settings.object_store_url
    if any(named.values()):
        if objects is None or not all(named.values()):
            wanted = ", ".join(f"{service.upper()}_DATABASE_URL" for service in DATABASES)
            raise Permanent(f"Set {wanted} and OBJECT_STORE_URL, all of them, as the deployment's services have them.")
        return Place(named, objects, None)
    home = Home.at(settings.home)
    of_home = {service: home.database_url(service) for service in DATABASES}
    if new:
        return Place(of_home, home.objects_url, home)
    facts = home.running()
    catalogue = str(facts["catalogue_url"])
    if not catalogue.startswith("sqlite"):
        of_home = {service: f"{catalogue.rpartition('/')[0]}/{service}" for service in DATABASES}
    if not Path(home.path / "api-key").exists():
        raise NotFound(f"There is no stack in {home.path}.")
    return Place(of_home, str(facts["object_store_url"]), home)


@contextmanager
def on_servers(home: Home) -> Iterator[Place]:
    """Where the stack of processes over this home keeps its state, on its servers, which run until it is left."""
    with stack.stores(home) as (objects, catalogue):
        yield Place({service: f"{catalogue}/{service}" for service in DATABASES}, objects, home)
