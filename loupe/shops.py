"""`loupe tenant` and `loupe key`: shops, their keys and their users of the shop bus, on catalogue and bus themselves.

The commands import the gateway and SQLAlchemy themselves: `loupe search` should not wait for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import AliasChoices, Field, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings
from rich.console import Console
from rich.table import Table

from deploy.local.home import Home
from loupe import quotas
from loupe.telling import err, out, told
from shared.contracts.fields import KeyScope
from shared.contracts.keys import MAX_OVERLAP_HOURS, OVERLAP_HOURS, Key, KeyIn
from shared.errors import InvalidInput, Permanent

if TYPE_CHECKING:
    from shared.database import Database

tenants = typer.Typer(no_args_is_help=True, help="Shops that share this installation.")
keys = typer.Typer(no_args_is_help=True, help="The API keys of a shop.")
_WIDE = 200  # a line a key, even in a narrow terminal: an id that is cut names no key
_ONCE = "This is the only time the key is shown; Loupe keeps a hash of it."
_BUS_ONCE = "The address of the shop bus holds the shop's own password. This is the only time it is shown."
_NO_USERS = (
    "No user of the shop bus was made: set SHOP_BUS_ADMIN_URL to RabbitMQ's management API "
    "(http://user:password@host:15672), then `loupe tenant bus {name}`."
)
_Management = Annotated[
    bool, typer.Option(help="On RabbitMQ: let it into the management API, where it sees all shops' queues by name.")
]


class Settings(BaseSettings):
    """The catalogue of a deployment by its gateway's own settings; without them, that of LOUPE_HOME.

    DATABASE_URL alone, which other programs read too, names no deployment.
    """

    home: Path = Field(Path(".loupe"), validation_alias=AliasChoices("LOUPE_HOME"))
    gateway_database_url: str | None = Field(None, repr=False)
    database_url: str | None = Field(None, repr=False)
    gateway_secret: str | None = Field(None, repr=False)
    shop_bus_url: str | None = Field(None, repr=False)
    shop_bus_admin_url: str | None = Field(None, repr=False)

    @property
    def of_deployment(self) -> bool:
        return self.gateway_database_url is not None or self.gateway_secret is not None


def _bus(settings: Settings) -> tuple[str | None, str | None]:
    """The shop bus that belongs to the catalogue, and who administers it. Without a deployment, that of LOUPE_HOME.

    A shop's own programs read SHOP_BUS_URL too: alone it names no deployment.
    """
    if settings.of_deployment:
        return settings.shop_bus_url, settings.shop_bus_admin_url
    return Home.at(settings.home).shop_bus_url, None


@contextmanager
def catalogue() -> Iterator[tuple[Database, str]]:
    """The catalogue's database, brought up to date, and the secret that its gateway hashes keys with."""
    from services.gateway.tables import MIGRATIONS
    from shared import database

    settings = Settings()
    given, secret = settings.gateway_database_url, settings.gateway_secret
    url = given or (settings.database_url if secret else None)
    if url is None and secret is None:
        home = Home.at(settings.home)
        url, secret = home.catalogue_url, home.secret("gateway")
    if url is None or secret is None:
        raise Permanent("Set GATEWAY_DATABASE_URL and GATEWAY_SECRET both, as the deployment's gateway has them.")
    opened = database.open(url)
    try:
        opened.migrate(MIGRATIONS)
        yield opened, secret
    finally:
        opened.close()


@tenants.command("add")
@told
def add_tenant(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    management: _Management = False,
) -> None:
    """Make a shop. Prints, once, its first API key (for read, write and events), and its address of the shop bus."""
    from services.gateway import tenants as catalogue_of
    from shared.shopbus.users import open_users

    with catalogue() as (opened, secret):
        bus_url, admin_url = _bus(Settings())
        users = open_users(bus_url, admin_url) if bus_url else None
        if users:
            users.check(management=management)  # before the shop is there, which cannot be made twice
        key = catalogue_of.add_tenant(opened, secret, name)
    out.print(key, soft_wrap=True)
    err.print(_ONCE)
    if users:
        out.print(users.give(name, management=management), soft_wrap=True)
        err.print(_BUS_ONCE)
    elif bus_url:
        err.print(_NO_USERS.format(name=name), soft_wrap=True)


@tenants.command("bus")
@told
def give_bus_user(name: Annotated[str, typer.Argument(help="The shop.")], management: _Management = False) -> None:
    """Give a shop another password of the shop bus and print its address, once. Connections of the old one end."""
    from services.gateway import tenants as catalogue_of
    from shared.shopbus.users import open_users

    with catalogue() as (opened, _):
        catalogue_of.check_tenant(opened, name)
    bus_url, admin_url = _bus(Settings())
    if bus_url is None:
        raise Permanent("There is no shop bus: set SHOP_BUS_URL as the gateway has it.")
    users = open_users(bus_url, admin_url)
    if users is None:
        raise Permanent(_NO_USERS.format(name=name))
    out.print(users.give(name, management=management), soft_wrap=True)
    err.print(_BUS_ONCE)


@tenants.command("list")
@told
def list_tenants() -> None:
    """All shops, and how many keys each has."""
    from services.gateway import tenants as catalogue_of

    table = Table("shop", "since", "keys", box=None, pad_edge=False)
    with catalogue() as (opened, _):
        for shop in catalogue_of.list_tenants(opened):
            table.add_row(shop.tenant, _day(shop.created_at), str(shop.keys))
    out.print(table)


@tenants.command("usage")
@told
def show_usage(name: Annotated[str, typer.Argument(help="The shop.")]) -> None:
    """What a shop has, and may have."""
    from services.gateway import tenants as catalogue_of
    from services.gateway.quotas import Quotas

    with catalogue() as (opened, _):
        catalogue_of.check_tenant(opened, name)
        kept = Quotas(opened)
        quotas.show(kept.uses(name), kept.max_requests(name))


@tenants.command("set")
@told
def set_tenant(
    name: str,
    suggestions_changed: Annotated[
        bool | None, typer.Option(help="Tell it by queue when what is suggested to a shopper is another list.")
    ] = None,
    blur_faces: Annotated[
        bool | None, typer.Option(help="Blur faces in pictures that come from now on; `loupe pictures strip`: all.")
    ] = None,
    keep_query_photos: Annotated[
        int | None, typer.Option(min=0, max=365, help="Keep shoppers' photos so many days, without faces; 0: never.")
    ] = None,
    max_items: quotas.MaxItems = None,
    max_pictures: quotas.MaxPictures = None,
    max_storage: quotas.MaxStorage = None,
    max_requests: quotas.MaxRequests = None,
) -> None:
    """Choose what a shop hears, what is kept of its shoppers' photos, and how much it may have. The rest stays."""
    from services.gateway import tenants as catalogue_of
    from services.gateway.quotas import Quotas

    limits = quotas.chosen(items=max_items, pictures=max_pictures, storage_bytes=max_storage, requests=max_requests)
    if suggestions_changed is None and blur_faces is None and keep_query_photos is None and not limits:
        raise InvalidInput("Say what to choose; `loupe tenant set --help` names all.")
    with catalogue() as (opened, _):
        catalogue_of.check_tenant(opened, name)
        if suggestions_changed is not None:
            catalogue_of.set_suggestions_changed(opened, name, wanted=suggestions_changed)
            out.print(f"{name} {'hears' if suggestions_changed else 'does not hear'} of loupe.suggestions.changed.")
        if blur_faces is not None:
            catalogue_of.set_blur_faces(opened, name, wanted=blur_faces)
            out.print(f"Faces in pictures of {name} are {'blurred' if blur_faces else 'left'} from now on.")
        if keep_query_photos is not None:
            catalogue_of.set_query_photo_days(opened, name, keep_query_photos)
            days = f"kept for {keep_query_photos} days" if keep_query_photos else "not kept"
            out.print(f"Photos that shoppers of {name} search by are {days}.")
        if limits:
            kept = Quotas(opened)
            kept.set(name, limits)
            quotas.show(kept.uses(name), kept.max_requests(name))


@keys.command("add")
@told
def add_key(
    tenant: str,
    scope: Annotated[list[str], typer.Option(help="read, write, events, admin or operator; may be given again.")],
    name: Annotated[str, typer.Option(help="What the key is for.")],
    rate_limit: Annotated[int | None, typer.Option(min=1, help="Its own limit, in requests a second.")] = None,
    days: Annotated[float | None, typer.Option(min=0.001, max=36_500, help="It ends by itself after so long.")] = None,
) -> None:
    """Make a key of a shop and print it, once."""
    from services.gateway.api_keys import ApiKeys

    try:
        asked = KeyIn(name=name, scopes=TypeAdapter(set[KeyScope]).validate_python(scope))
    except ValidationError as error:
        raise InvalidInput("; ".join(f"{entry['input']!r}: {entry['msg']}" for entry in error.errors())) from error
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with catalogue() as (opened, secret):
        made = ApiKeys(opened, secret).add(tenant, asked.name, asked.scopes, rate_limit, expires_at)
    out.print(made.key, soft_wrap=True)
    err.print(f"Its id is {made.key_id}. {_ONCE}")


@keys.command("rotate")
@told
def rotate_key(
    key_id: Annotated[str, typer.Argument(help="As `loupe key list` shows it.")],
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=MAX_OVERLAP_HOURS, help="So long the old key works beside the new one.")
    ] = OVERLAP_HOURS,
) -> None:
    """Print, once, a new key that does what one does, which then ends by itself."""
    from services.gateway.api_keys import ApiKeys

    with catalogue() as (opened, secret):
        kept = ApiKeys(opened, secret)
        made, ends = kept.rotate(kept.owner(key_id), key_id, timedelta(hours=overlap_hours))
    out.print(made.key, soft_wrap=True)
    err.print(f"Its id is {made.key_id}; {key_id} works until {_day(ends)} UTC. {_ONCE}", soft_wrap=True)


@keys.command("list")
@told
def list_keys(tenant: str) -> None:
    """The keys of a shop: never the keys themselves, which are kept nowhere."""
    from services.gateway.api_keys import ApiKeys

    table = Table(
        "id", "name", "scopes", "requests/s", "made", "last used", "ends", "revoked", box=None, pad_edge=False
    )
    with catalogue() as (opened, secret):
        for key in ApiKeys(opened, secret).list(tenant):
            table.add_row(*_row(key))
    Console(width=_WIDE, highlight=False).print(table)


@keys.command("revoke")
@told
def revoke_key(key_id: Annotated[str, typer.Argument(help="As `loupe key list` shows it.")]) -> None:
    """End a key: within 5 seconds it works nowhere."""
    from services.gateway.api_keys import ApiKeys

    with catalogue() as (opened, secret):
        kept = ApiKeys(opened, secret)
        tenant = kept.owner(key_id)
        kept.revoke(tenant, key_id)
    out.print(f"{key_id} of {tenant} is revoked.")


def _row(key: Key) -> tuple[str, ...]:
    limit = "" if key.rate_limit is None else str(key.rate_limit)
    times = (key.created_at, key.last_used_at, key.expires_at, key.revoked_at)
    return (key.key_id, key.name, " ".join(key.scopes), limit, *(_day(time) for time in times))


def _day(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else ""
