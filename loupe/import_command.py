"""`loupe import`: a catalogue from a file or a folder, with progress, and what became of every row."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from loupe import importing
from loupe.catalogue_file import Catalogue, read
from loupe.client import Client
from loupe.settings import Settings, connected
from loupe.telling import err, out, told
from shared.contracts.imports import ImportRow
from shared.errors import Permanent
from shared.imports.errors_file import errors_csv
from shared.imports.records import Where

_MAX_LINES = 50
_ZIP = b"PK"


@told
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV, JSON Lines, Shopify's product CSV, a zip or a folder of pictures.", exists=True)
    ],
    pictures: Annotated[Path | None, typer.Option(help="Folder of the pictures; default: the one of FILE.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Only rows of a CSV with COLUMN=VALUE; may be given again.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="Uploads at a time.")] = 4,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    errors: Annotated[Path | None, typer.Option(help="A CSV to write of rows that were not taken, and why.")] = None,
) -> None:
    """Import a catalogue. The same file twice changes nothing."""
    kept = _conditions(where or [])
    with connected(Settings(), patience=importing.PATIENCE) as client:
        if file.is_file() and _is_zip(file):
            if kept or pictures:
                raise Permanent("A zip is imported as it is, without --where and --pictures.")
            with _Bars(0) as bars:
                outcome = importing.import_zip(client, file, bars, dry_run=dry_run)
        else:
            folder = pictures or (file if file.is_dir() else file.parent)
            catalogue = read(file, folder, kept, lambda skus: _known(client, skus))
            outcome = bring(client, catalogue, jobs, dry_run=dry_run)
    if errors:
        with errors.open("w", encoding="utf-8", newline="") as target:
            target.writelines(errors_csv(outcome.told))
    tell(outcome, dry_run=dry_run, errors=errors)
    if not outcome.good:
        raise typer.Exit(1)


def bring(client: Client, catalogue: Catalogue, jobs: int, *, dry_run: bool = False) -> importing.Outcome:
    """Import what was read, showing how far it is."""
    total = sum(len(entry.pictures) for entry in catalogue.entries)
    with _Bars(0 if dry_run else total) as bars:
        if not dry_run:
            return importing.import_catalogue(client, catalogue, jobs, bars)
        outcome = importing.import_rows(client, catalogue, bars, dry_run=True)
        outcome.pictures["to_send"] = total
        return outcome


def tell(outcome: importing.Outcome, *, dry_run: bool = False, errors: Path | None = None) -> None:
    """What became of it: the totals on standard output, what went wrong on the other."""
    lines = [_line(row) for row in outcome.told if row.outcome != "skipped"]
    lines += [f"line {line}: {fault}" for line, fault in sorted(outcome.faults)]
    for line in lines[:_MAX_LINES]:
        err.print(line, soft_wrap=True, markup=False)
    if len(lines) > _MAX_LINES:
        where = f"{errors} has all of them." if errors else "--errors FILE has all of them."
        err.print(f"… and {len(lines) - _MAX_LINES:,} more. {where}", soft_wrap=True)
    for picture, reason in outcome.rejected:
        err.print(f"rejected {picture}: {reason}", soft_wrap=True, markup=False)
    if outcome.unused:
        err.print(f"Columns not used: {', '.join(outcome.unused)}", soft_wrap=True, markup=False)
    counts = ", ".join(f"{outcome.rows[name]:,} {name}" for name in ("imported", "updated", "unchanged"))
    rest = ", ".join(f"{outcome.rows[name]:,} {name}" for name in ("rejected", "skipped"))
    would = "A dry run: " if dry_run else ""
    out.print(f"{would}{sum(outcome.rows.values()):,} rows: {counts}, {rest}", soft_wrap=True)
    out.print(_pictures(outcome, dry_run=dry_run), soft_wrap=True)


def _pictures(outcome: importing.Outcome, *, dry_run: bool) -> str:
    counts = outcome.pictures
    lost = f"{counts['not_fetched']:,} not fetched, {counts['refused'] + len(outcome.faults):,} refused"
    if dry_run:
        sent = counts["to_send"] + counts["stored"] + counts["known"]
        return f"{sent:,} pictures to send, {counts['to_fetch']:,} to fetch, {lost}"
    held = len(outcome.images) + counts["stored"] + counts["known"]
    rejected = len(outcome.rejected)
    return f"{held:,} pictures: {max(0, held - rejected):,} indexed, {rejected:,} rejected; {lost}"


def _line(row: ImportRow) -> str:
    where = row.file or f"line {row.line}"
    words = f"{row.path}: {row.reason}" if row.path and row.outcome == "rejected" else row.reason
    return f"{where}: {words}"


def _known(client: Client, skus: Collection[str]) -> set[str]:
    """Those that are items of the shop: what pictures of a folder are called depends on it."""
    return {item.sku for item in client.items()} & {*skus} if skus else set()


def _is_zip(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(2) == _ZIP


def _conditions(where: Collection[str]) -> Where:
    kept: dict[str, frozenset[str]] = {}
    for condition in where:
        column, equals, value = condition.partition("=")
        if not equals:
            raise Permanent(f"--where takes COLUMN=VALUE, not {condition!r}.")
        kept[column] = kept.get(column, frozenset()) | {value}
    return kept


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.1f}/s" if task.speed else "")


class _Bars:
    """Rows, then pictures on their way from here, then to the index: each with rate and estimated time left."""

    def __init__(self, pictures: int) -> None:
        """`pictures` that lie on this machine."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn())
        self._progress = Progress(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=out)
        self._rows = self._progress.add_task("Rows     ", total=None)
        self._pictures = pictures
        self._sent = self._progress.add_task("Uploading", total=pictures, visible=pictures > 0)
        self._found = self._progress.add_task("Indexing ", total=None, visible=False)
        self._most = pictures

    def rows(self, done: int, total: int) -> None:
        self._progress.update(self._rows, completed=done, total=total or None)

    def sent(self, pictures: int) -> None:
        self._progress.advance(self._sent, pictures)

    def waiting(self, pictures: int) -> None:
        self._most = max(self._most, pictures)
        if self._most:
            done = self._most - pictures
            self._progress.update(self._found, completed=done, total=self._most, visible=True)

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()
