"""The `loupe` command.

`up` and `doctor` import what they need themselves: `loupe search` should not wait for Celery and SQLAlchemy.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.local.home import Home
from loupe import (
    backups,
    catalogue_file,
    checking,
    compacting,
    import_command,
    importing,
    inventory,
    kept_pictures,
    letters,
    sample_sales,
    shops,
    training,
)
from loupe.settings import Settings, connected
from loupe.telling import err, out, told
from shared.contracts.internal import Context
from shared.contracts.models import ReindexStatus
from shared.contracts.search import Result
from shared.errors import LoupeError, Permanent

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Loupe finds, knows and suggests jewelry by its look."
)
reindex = typer.Typer(no_args_is_help=True, help="Fill the index anew, while searches and uploads go on.")
app.add_typer(shops.tenants, name="tenant")
app.add_typer(shops.keys, name="key")
app.add_typer(reindex, name="reindex")
app.add_typer(inventory.inventory, name="inventory")
app.add_typer(letters.letters, name="dead-letters")
app.add_typer(kept_pictures.pictures, name="pictures")
app.command("train")(training.train)
app.command("import")(import_command.import_)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("compact")(compacting.compact)
app.command("check-reference")(checking.check_reference)
app.command("check-report")(checking.check_report)
_EMPTY = "The catalogue is empty. Import one with `loupe import FILE`."


@app.command()
@told
def up(
    sample: Annotated[bool, typer.Option(help="Load the sample catalogue at the first start.")] = False,
    processes: Annotated[bool, typer.Option(help="Each service a process, on servers from Debian's packages.")] = False,
) -> None:
    """Start everything on this machine; Ctrl-C stops it."""
    from deploy.local import launch, stack
    from deploy.processes import stack as on_servers

    settings = Settings()
    home = Home.at(settings.home)
    loaded = home.path / ("sample-loaded-on-servers" if processes else "sample-loaded")

    def plan() -> launch.Plan:
        if processes:
            return on_servers.plan(home, settings.port, settings.vector_store_url)
        return stack.plan(home, settings.port)

    def welcome(address: str) -> None:
        try:
            if sample and not loaded.exists():
                with connected(settings.model_copy(update={"url": address}), patience=importing.PATIENCE) as client:
                    pieces = catalogue_file.read(stack.SAMPLE / "catalogue.csv", stack.SAMPLE / "pictures", {})
                    import_command.tell(import_command.bring(client, pieces, jobs=4))
                    sample_sales.tell(client, stack.SAMPLE / "movements.csv")
                loaded.touch()
        except LoupeError as error:
            err.print(f"The sample catalogue was not loaded: {error.detail}", soft_wrap=True)
        out.print(f"\nLoupe is ready: [bold]{address}[/bold]  (API: {address}/docs)", soft_wrap=True)
        for words in training.models_told(home):
            out.print(f"Model: {words}", soft_wrap=True)
        out.print(f"Key: {home.api_key_file}   Logs: {home.path}/logs   Ctrl-C stops it.", soft_wrap=True)

    out.print("Starting Loupe")
    launch.run(home, settings.port, plan, lambda words: err.print(words, soft_wrap=True), welcome)


@app.command()
@told
def search(
    photo: Annotated[Path | None, typer.Argument(help="A picture of the piece.")] = None,
    words: Annotated[str | None, typer.Option(help="What it is to be, as in 'rose gold ring under 500'.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Find the pieces that look most like the one in PHOTO, by WORDS, or by both."""
    if photo is None and not words:
        raise Permanent("Give a photo, --words, or both.")
    if photo is not None and not photo.is_file():
        raise Permanent(f"There is no file {photo}.")
    with connected(Settings()) as client:
        found = client.search(*([photo] if photo else []), words=words, limit=limit)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return
    if found.chips:
        out.print(f"Understood: {', '.join(chip.label for chip in found.chips)}")
    if found.no_match:
        out.print("No match: nothing in the catalogue is near enough to be this piece. The nearest:")
    _print_results(
        found.suggestions if found.no_match else found.results, none="Nothing was found." if words else _EMPTY
    )


@app.command()
@told
def suggest(
    user: str,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    item: Annotated[str, typer.Option(help="On the page of this item (its SKU).")] = "",
    cart: Annotated[
        list[str] | None, typer.Option(help="Beside a cart with this SKU in it; may be given again.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What Loupe would show to the shopper USER, and why."""
    if item and cart:
        raise typer.BadParameter("say either --item or --cart")
    context: Context = "item" if item else "cart" if cart else "home"
    with connected(Settings()) as client:
        suggestions = client.suggestions(user, limit=limit, context=context, skus=[item] if item else cart or [])
    if as_json:
        sys.stdout.write(suggestions.model_dump_json(indent=2) + "\n")
        return
    if suggestions.cold:
        out.print("Nothing is known of this shopper yet: what is popular and new.")
    _print_results(suggestions.suggestions, none=_EMPTY)


def _print_results(results: list[Result], none: str) -> None:
    table = Table("score", "sku", "title", "price", "why", box=None, pad_edge=False)
    for result in results:
        price = f"{result.item.price:.2f} {result.item.currency or ''}" if result.item.price is not None else ""
        table.add_row(f"{result.score:.3f}", result.sku, result.item.title, price, result.reason)
    out.print(table if results else none)


@app.command()
@told
def status() -> None:
    """How many items and pictures there are, and what waits."""
    with connected(Settings()) as client:
        now = client.status()
    table = Table("what", "count", box=None, pad_edge=False)
    rows: dict[str, Any] = {"items": now.items, **{f"pictures {k}": v for k, v in now.images.items()}}
    rows |= {"waiting for an outcome": now.outbox, **{f"queue {k}": _depth(v) for k, v in now.queues.items()}}
    for what, count in rows.items():
        table.add_row(what, str(count))
    out.print(table)


def _depth(queue: dict[str, Any]) -> str:
    """A queue in words. RabbitMQ does not tell what is in work, nor how old the oldest is."""
    words = [f"{queue['waiting']} waiting"]
    if queue["working"] is not None:
        words.append(f"{queue['working']} in work")
    if queue["oldest_seconds"]:
        words.append(f"the oldest for {queue['oldest_seconds']:.0f} s")
    return ", ".join(words)


@app.command()
@told
def reconcile() -> None:
    """Compare catalogue, object store and index, repair what differs, and say what that was."""
    with connected(Settings()) as client:
        report = client.reconcile()
        while report.finished_at is None:
            time.sleep(0.5)
            report = client.reconcile_report()
    seconds = (report.finished_at - report.started_at).total_seconds()
    for kind, count in sorted(report.found.items()):
        out.print(f"{count} {kind}")
    out.print(f"{sum(report.found.values())} found and repaired; {report.pages} pages, {seconds:.1f} s")


@reindex.command("start")
@told
def start_reindex(
    model: Annotated[str, typer.Option(help="The version of a model that the embedder has loaded.")],
    hold: Annotated[bool, typer.Option(help="When all is filled, wait for `loupe reindex switch`.")] = False,
) -> None:
    """Begin to fill a new collection by MODEL; it is searched once it holds every picture."""
    with connected(Settings()) as client:
        _print_reindex(client.start_reindex(model, hold=hold))


@reindex.command("status")
@told
def show_reindex() -> None:
    """The collections of the index, and how far a new one is filled."""
    with connected(Settings()) as client:
        _print_reindex(client.reindex())


@reindex.command("switch")
@told
def switch_reindex() -> None:
    """Search the new collection now: after --hold, or without pictures that the new model cannot analyse."""
    with connected(Settings()) as client:
        _print_reindex(client.switch_reindex())


@reindex.command("abort")
@told
def abort_reindex() -> None:
    """Give up the new collection; searches never saw it."""
    with connected(Settings()) as client:
        _print_reindex(client.abort_reindex())


def _print_reindex(now: ReindexStatus) -> None:
    table = Table("collection", "model", "numbers", "state", "since", box=None, pad_edge=False)
    for each in now.collections:
        since = each.retired_at or each.activated_at or each.created_at
        table.add_row(each.name, each.model_version, str(each.dimension), each.state, f"{since:%Y-%m-%d %H:%M:%S}")
    out.print(table)
    out.print(now.words, soft_wrap=True)


@app.command("doctor")
@told
def examine() -> None:
    """Check each part, and say what to do about those that fail."""
    from loupe import doctor

    settings = Settings()
    findings = doctor.examine(Home.at(settings.home), settings.url, settings.api_key)
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.ok else "[red]FAIL[/red]"
        out.print(f"{mark} {finding.part}: {finding.words}", soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
