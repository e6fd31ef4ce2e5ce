"""`loupe pictures`: what lies in the object store, cleaned of what tells of people, and what shoppers searched by.

On the stores themselves, as `loupe tenant`. The commands import the gateway themselves: `loupe search` should not wait.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from deploy.local.home import Home
from loupe import shops
from loupe.telling import out, told
from shared import objectstore
from shared.errors import Permanent
from shared.objectstore import ObjectStore

pictures = typer.Typer(no_args_is_help=True, help="Pictures as they are kept.")


class Settings(shops.Settings):
    """The stores of a deployment as its gateway has them; without them those of LOUPE_HOME's stack."""

    object_store_url: str | None = Field(None, repr=False)


@pictures.command("strip")
@told
def strip(tenant: Annotated[str, typer.Argument(help="The shop.")]) -> None:
    """Take off metadata of pictures stored before that was done by itself, and blur faces if the shop wants that.

    New pictures need it not. It may be stopped and begun again.
    """
    from services.gateway import tenants as catalogue_of
    from services.gateway.stored_pictures import strip_stored

    with shops.catalogue() as (opened, _):
        catalogue_of.check_tenant(opened, tenant)
        done = strip_stored(opened, _bucket("pictures"), tenant)
    out.print(
        f"{done['stripped']} stripped, {done['clean']} were clean, {done['damaged']} could not be followed. "
        f"{done['drawn again']} are drawn again by the embedder while Loupe runs.",
        soft_wrap=True,
    )


@pictures.command("searched")
@told
def searched(
    tenant: Annotated[str, typer.Argument(help="The shop.")],
    folder: Annotated[Path, typer.Argument(help="Where to write them; it is made.")],
) -> None:
    """Copy the photos that shoppers searched by, where they are kept: a file each, named after its search."""
    from services.gateway import tenants as catalogue_of
    from services.gateway.query_photos import BUCKET

    with shops.catalogue() as (opened, _):
        catalogue_of.check_tenant(opened, tenant)
    store = _bucket(BUCKET)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for key in store.keys(tenant):
        (folder / key.rpartition("/")[2]).write_bytes(store.get(tenant, key))
        count += 1
    out.print(f"{count} photos written to {folder}.", soft_wrap=True)


def _bucket(name: str) -> ObjectStore:
    settings = Settings()
    url = settings.object_store_url if settings.of_deployment else Home.at(settings.home).running()["object_store_url"]
    if url is None:
        raise Permanent("Set OBJECT_STORE_URL as the deployment's gateway has it.")
    return objectstore.open(url, name)
