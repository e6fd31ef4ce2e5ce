"""`loupe dead-letters`: what could not be handled, looked at, handled again or dropped.

On the stores themselves, as `loupe tenant`. The commands import the gateway themselves: `loupe search` should not wait.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import orjson
import typer
from pydantic import Field
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local.home import Home
from loupe import shops
from loupe.telling import err, out, told
from shared.errors import Permanent

if TYPE_CHECKING:
    from services.gateway.dead_letters import DeadLetters, Letter
    from shared.messaging import Publisher

letters = typer.Typer(no_args_is_help=True, help="What could not be handled: events of shops, and messages in between.")
_WIDE = 200
_ID = 12
_REASON = 90
_Tenant = Annotated[str | None, typer.Option(help="Of this shop alone.")]
_Ids = Annotated[list[str] | None, typer.Argument(help="As `list` shows them.")]
_All = Annotated[bool, typer.Option("--all", help="All that there are now, with --tenant those of one shop.")]


class Settings(shops.Settings):
    """The stores of a deployment as its gateway has them; without them those of LOUPE_HOME's stack."""

    shop_bus_url: str | None = Field(None, repr=False)
    broker_url: str | None = Field(None, repr=False)
    object_store_url: str | None = Field(None, repr=False)


@letters.command("list")
@told
def list_letters(
    tenant: _Tenant = None, limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100
) -> None:
    """What could not be handled, and why: events of shops first, then messages, each the oldest first."""
    table = Table("id", "when", "shop", "what", "where", "why", box=None, pad_edge=False)
    found = 0
    with _opened() as kept:
        for letter in kept.all(tenant):
            found += 1
            if found <= limit:
                row = (letter.id[:_ID], f"{letter.at:%Y-%m-%d %H:%M:%S}", letter.tenant, letter.source, letter.queue)
                table.add_row(*(escape(cell) for cell in (*row, _why(letter))))
    if found:
        Console(width=_WIDE, highlight=False).print(table)
    if found > limit:
        out.print(f"{found - limit} more")
    if not found:
        out.print("There are no dead letters.")


@letters.command("show")
@told
def show_letter(letter_id: Annotated[str, typer.Argument(help="The beginning of an id, as `list` shows it.")]) -> None:
    """One of them whole: why it died, and what came."""
    with _opened() as kept:
        letter = kept.named(letter_id)
    for name in ("id", "tenant", "at", "source", "queue", "reason", "path"):
        sys.stdout.write(f"{name}: {getattr(letter, name) or ''}\n")
    sys.stdout.write(f"\n{_pretty(letter.original)}\n")
    if len(letter.original.encode()) < letter.bytes:
        err.print(f"These are the first characters of {letter.bytes:,} bytes.")


@letters.command("replay")
@told
def replay_letters(ids: _Ids = None, every: _All = False, tenant: _Tenant = None) -> None:
    """Have them handled again, as if they came anew. What is done already is not done twice."""
    _do("replay", ids or [], every, tenant)


@letters.command("drop")
@told
def drop_letters(ids: _Ids = None, every: _All = False, tenant: _Tenant = None) -> None:
    """Throw them away."""
    _do("drop", ids or [], every, tenant)


def _do(what: Literal["replay", "drop"], ids: list[str], every: bool, tenant: str | None) -> None:
    if bool(ids) == every:
        raise Permanent("Say which: the ids that `loupe dead-letters list` shows, or --all.")
    counts = {True: 0, False: 0}
    with _opened() as kept:
        named = {kept.named(name).id for name in ids}
        for done in kept.do(what, lambda letter: every or letter.id in named, tenant):
            counts[done.problem is None] += 1
            if done.problem:
                err.print(f"{done.letter.id[:_ID]}: {escape(done.problem)}", soft_wrap=True)
    out.print(f"{counts[True]} {'replayed' if what == 'replay' else 'dropped'}, {counts[False]} left")
    if counts[False]:
        raise typer.Exit(1)


@contextmanager
def _opened() -> Iterator[DeadLetters]:
    from services.gateway.dead_letters import DeadLetters
    from services.gateway.originals import BUCKET, Originals
    from shared import messaging, objectstore

    settings = Settings()
    elsewhere = settings.gateway_database_url or settings.gateway_secret
    stores = settings.model_dump() if elsewhere else Home.at(settings.home).running()
    broker_url, objects_url = stores.get("broker_url"), stores.get("object_store_url")

    with ExitStack() as stack:

        def broker() -> Publisher:
            if broker_url is None:
                raise Permanent("This one goes by the broker: set BROKER_URL as the deployment's gateway has it.")
            opened = messaging.open(broker_url, "letters")
            stack.callback(opened.close)
            return opened

        catalogue, _ = stack.enter_context(shops.catalogue())
        originals = Originals(objectstore.open(objects_url, BUCKET)) if objects_url else None
        yield DeadLetters(catalogue, stores.get("shop_bus_url"), originals, broker)


def _why(letter: Letter) -> str:
    """The reason, and the path of the bad field unless the reason says it, in a line."""
    path = f"{letter.path}: " if letter.path and letter.path not in letter.reason else ""
    line = " ".join(f"{path}{letter.reason}".split())
    return line if len(line) <= _REASON else line[: _REASON - 1] + "…"


def _pretty(original: str) -> str:
    try:
        return orjson.dumps(orjson.loads(original), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        return original
