"""`loupe inventory`: the night's run when it is wanted, and what it advises."""

from __future__ import annotations

import time
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table

from loupe.settings import Settings, connected
from loupe.telling import out, told
from shared.contracts.advice import AdviceKind
from shared.errors import Permanent

inventory = typer.Typer(no_args_is_help=True, help="What will sell, and what to order.")
_LOOK_SECONDS = 2.0


@inventory.command()
@told
def run(
    minutes: Annotated[float, typer.Option(help="Wait no longer than this for its end.", min=0)] = 15.0,
) -> None:
    """Make styles, forecasts and advice now, and wait until they are made."""
    with connected(Settings()) as client:
        asked_at = client.refresh_styles().asked_at
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            made_at = client.advice_page(limit=1).made_at
            if made_at and made_at >= asked_at:
                out.print("Styles, forecasts and advice are made.")
                return
            time.sleep(_LOOK_SECONDS)
    raise Permanent(f"It is not done after {minutes:g} minutes. It goes on; `loupe inventory advice` tells when it is.")


@inventory.command()
@told
def advice(
    kind: Annotated[AdviceKind | None, typer.Option(help="Advice of this kind alone.")] = None,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1)] = 20,
) -> None:
    """What to do, what weighs most first."""
    with connected(Settings()) as client:
        found = list(islice(client.advice(kind=kind), limit))
    if not found:
        out.print("Nothing need be done, or nothing is advised yet: `loupe inventory run` has it made.")
        return
    table = Table("item", "", "pieces", "why", box=None)
    for one in found:
        table.add_row(one.sku or one.name, one.kind or "", "" if one.quantity is None else str(one.quantity), one.why)
    out.print(table)
