"""The `loupe` command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer
from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from deploy.local import stack
from deploy.local.home import Home
from loupe import catalogue_file, doctor, importing
from loupe.client import Client
from shared.contracts.api import Result, SearchQuery
from shared.errors import LoupeError, Permanent

_P = ParamSpec("_P")
app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Loupe finds, knows and suggests jewelry by its look."
)
tenants = typer.Typer(no_args_is_help=True, help="Shops that share this installation.")
app.add_typer(tenants, name="tenant")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Settings(BaseSettings):
    """LOUPE_HOME and PORT for a stack on this machine; LOUPE_URL and LOUPE_API_KEY for one elsewhere."""

    home: Path = Field(Path(".loupe"), validation_alias=AliasChoices("LOUPE_HOME"))
    port: int = Field(8080, validation_alias=AliasChoices("PORT"))
    url: str | None = Field(None, validation_alias=AliasChoices("LOUPE_URL"))
    api_key: str | None = Field(None, validation_alias=AliasChoices("LOUPE_API_KEY"))


def _told(command: Callable[_P, None]) -> Callable[_P, None]:
    """Errors that a person can act on are told in their words, with exit status 1; all others keep their trace."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LoupeError as error:
            err.print(f"[red]loupe:[/red] {error.detail}", soft_wrap=True)
            raise typer.Exit(1) from error

    return run


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    home = Home.at(settings.home)
    address = settings.url or home.running()["address"]
    if not settings.api_key and not home.api_key_file.exists():
        raise Permanent("No API key: set LOUPE_API_KEY, or LOUPE_HOME to the folder of a stack on this machine.")
    client = Client(address, settings.api_key or home.api_key_file.read_text().strip())
    try:
        yield client
    finally:
        client.close()


@app.command()
@_told
def up(sample: Annotated[bool, typer.Option(help="Load the sample catalogue at the first start.")] = False) -> None:
    """Start everything on this machine; Ctrl-C stops it."""
    settings = Settings()
    home = Home.at(settings.home)

    def welcome(address: str) -> None:
        loaded = home.path / "sample-loaded"
        try:
            if sample and not loaded.exists():
                with _client(settings.model_copy(update={"url": address})) as client:
                    _import(
                        client, catalogue_file.read(stack.SAMPLE / "catalogue.csv", stack.SAMPLE / "pictures", {}), 4
                    )
                loaded.touch()
        except LoupeError as error:
            err.print(f"The sample catalogue was not loaded: {error.detail}", soft_wrap=True)
        out.print(f"\nLoupe is ready: [bold]{address}[/bold]  (API: {address}/docs)", soft_wrap=True)
        out.print(f"Key: {home.api_key_file}   Logs: {home.path}/logs   Ctrl-C stops it.", soft_wrap=True)

    out.print("Starting Loupe")
    stack.run(home, settings.port, lambda words: err.print(words, soft_wrap=True), welcome)


@tenants.command("add")
@_told
def add_tenant(name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]) -> None:
    """Make a shop and print its API key, once."""
    home = Home.at(Settings().home)
    out.print(stack.add_tenant(home, name), soft_wrap=True)
    err.print("This is the only time the key is shown; Loupe keeps a hash of it.")


@app.command("import")
@_told
def import_catalogue(
    file: Annotated[Path, typer.Argument(help="CSV with a header: sku, title, price, …, images (separated by |).")],
    pictures: Annotated[Path | None, typer.Option(help="Folder of the pictures; default: the one of FILE.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Only rows with COLUMN=VALUE; may be given again.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="Uploads at a time.")] = 4,
) -> None:
    """Import a catalogue from CSV and a folder of pictures. The same file twice changes nothing."""
    kept: dict[str, frozenset[str]] = {}
    for condition in where or []:
        column, equals, value = condition.partition("=")
        if not equals:
            raise Permanent(f"--where takes COLUMN=VALUE, not {condition!r}.")
        kept[column] = kept.get(column, frozenset()) | {value}
    catalogue = catalogue_file.read(file, pictures or file.parent, kept)
    with _client(Settings()) as client:
        if not _import(client, catalogue, jobs):
            raise typer.Exit(1)


def _import(client: Client, catalogue: catalogue_file.Catalogue, jobs: int) -> bool:
    total = sum(len(entry.pictures) for entry in catalogue.entries)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=out) as progress:
        sent = progress.add_task("Uploading", total=total)
        found = progress.add_task("Indexing ", total=total)
        outcome = importing.upload(client, catalogue.entries, jobs, lambda n: progress.advance(sent, n))
        importing.await_indexed(
            client, outcome, lambda waiting: progress.update(found, completed=max(0, total - waiting))
        )
    faults = sorted(catalogue.faults + outcome.faults)
    for line, fault in faults:
        err.print(f"line {line}: {fault}", soft_wrap=True)
    for picture, reason in outcome.rejected:
        err.print(f"rejected {picture}: {reason}", soft_wrap=True)
    if catalogue.unused:
        err.print(f"Columns not used: {', '.join(catalogue.unused)}", soft_wrap=True)
    indexed = len(outcome.images) - len(outcome.rejected)
    out.print(
        f"{outcome.items} items, {len(outcome.images)} pictures: {indexed} indexed, {len(outcome.rejected)} rejected; "
        f"{len(faults)} faulty rows"
    )
    return not faults


@app.command()
@_told
def search(
    photo: Path,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Find the pieces that look most like the one in PHOTO."""
    if not photo.is_file():
        raise Permanent(f"There is no file {photo}.")
    with _client(Settings()) as client:
        results = client.search(photo, SearchQuery(limit=limit))
    if as_json:
        sys.stdout.write(results.model_dump_json(indent=2) + "\n")
        return
    if results.no_match:
        out.print("Nothing in the catalogue looks like this piece. The nearest:")
    _print_results(results.results)


@app.command()
@_told
def suggest(
    user: str,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What Loupe would show to the shopper USER, and why."""
    with _client(Settings()) as client:
        suggestions = client.suggestions(user, limit)
    if as_json:
        sys.stdout.write(suggestions.model_dump_json(indent=2) + "\n")
        return
    if suggestions.cold:
        out.print("Nothing is known of this shopper yet: what is popular and new.")
    _print_results(suggestions.suggestions)


def _print_results(results: list[Result]) -> None:
    table = Table("score", "sku", "title", "price", "why", box=None, pad_edge=False)
    for result in results:
        price = f"{result.item.price:.2f} {result.item.currency or ''}" if result.item.price is not None else ""
        table.add_row(f"{result.score:.3f}", result.sku, result.item.title, price, result.reason)
    out.print(table if results else "The catalogue is empty. Import one with `loupe import FILE`.")


@app.command()
@_told
def status() -> None:
    """How many items and pictures there are, and what waits."""
    with _client(Settings()) as client:
        now = client.status()
    table = Table("what", "count", box=None, pad_edge=False)
    rows: dict[str, Any] = {"items": now.items, **{f"pictures {k}": v for k, v in now.images.items()}}
    rows |= {"waiting for an outcome": now.outbox, **{f"queue {k}": v for k, v in now.queues.items()}}
    for what, count in rows.items():
        table.add_row(what, str(count))
    out.print(table)


@app.command("doctor")
@_told
def examine() -> None:
    """Check each part, and say what to do about those that fail."""
    settings = Settings()
    findings = doctor.examine(Home.at(settings.home), settings.url)
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.ok else "[red]FAIL[/red]"
        out.print(f"{mark} {finding.part}: {finding.words}", soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
