"""`loupe compact`: what was erased goes from the files too, now instead of within a day. On the stores themselves."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import Field

from deploy.local.home import Home
from loupe import shops
from loupe.telling import out, told


class Settings(shops.Settings):
    """The stores of a deployment as its services have them; without them those of LOUPE_HOME's stack."""

    recommender_database_url: str | None = Field(None, repr=False)
    shop_bus_url: str | None = Field(None, repr=False)
    broker_url: str | None = Field(None, repr=False)


@told
def compact(
    databases_alone: Annotated[
        bool, typer.Option("--databases", help="Leave broker and shop bus as they are.")
    ] = False,
) -> None:
    """Write the files of databases, broker and shop bus anew, without what was erased. Loupe may run meanwhile."""
    from shared import database, messaging, shopbus

    settings = Settings()
    home = Home.at(settings.home)
    stores = settings.model_dump() if settings.of_deployment else home.running()
    history = settings.recommender_database_url
    if history is None and not settings.of_deployment and (home.path / "recommender.db").exists():
        history = home.database_url("recommender")
    with shops.catalogue() as (catalogue, _):
        catalogue.compact()
    out.print("The catalogue is compact.")
    if history:
        opened = database.open(history)
        opened.compact()
        opened.close()
        out.print("The history is compact.")
    if databases_alone:
        return
    if url := stores.get("broker_url"):
        broker = messaging.open(url, "compact")
        broker.compact()
        broker.close()
        out.print("The broker writes its files anew.")
    if url := stores.get("shop_bus_url"):
        bus = shopbus.open(url)
        bus.compact()
        bus.close()
