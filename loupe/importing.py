"""Imports a catalogue through the HTTP API: the same file twice changes nothing.

The rows go as one import, which tells what became of each; pictures that lie on this machine go beside it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from loupe.catalogue_file import Catalogue, Entry
from loupe.client import Client, Refused
from shared.contracts.api import Image
from shared.contracts.fields import MAX_BATCH_PICTURES, MAX_PICTURE_BYTES
from shared.contracts.imports import MAX_IMPORT_BYTES, Import, ImportRow
from shared.errors import LoupeError, Permanent
from shared.imports.rows import Row

_POLL_SECONDS = 0.25
PATIENCE = 320.0
"""Seconds for the client of an import: a gateway that was killed is back by then, one with too much to do has room."""
_OUTCOMES = ("imported", "updated", "unchanged", "rejected", "skipped")


class Progress(Protocol):
    """Who is told how far an import is."""

    def rows(self, done: int, total: int) -> None: ...

    def sent(self, pictures: int) -> None:
        """So many more pictures were dealt with."""
        ...

    def waiting(self, pictures: int) -> None:
        """So many of the whole shop are on their way to the index."""
        ...


@dataclass
class Outcome:
    """What became of an import. The counts of `rows` by outcome add up to all rows.

    `images`: picture by image id, of those on this machine; `stored` and `known` count those that the gateway got.
    `told`: what is to be said of rows; `faults` of pictures; `rejected`: a picture or its item, and why.
    """

    rows: Counter[str] = field(default_factory=Counter)
    told: list[ImportRow] = field(default_factory=list)
    images: dict[str, Path] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    pictures: Counter[str] = field(default_factory=Counter)
    unused: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all was taken."""
        lost = self.pictures["not_fetched"] + self.pictures["refused"]
        return not (self.rows["rejected"] or self.faults or lost)


def import_catalogue(client: Client, catalogue: Catalogue, jobs: int, progress: Progress) -> Outcome:
    """Send rows and pictures, `jobs` uploads at a time, and wait until every picture is indexed or rejected.

    Raises `Retryable` when the gateway stays away; what was accepted until then is not lost.
    """
    before = {image.image_id for image in _rejected(client)}
    outcome = import_rows(client, catalogue, progress)
    outcome.faults = list(catalogue.missing)
    add_pictures(client, catalogue.entries, jobs, outcome, progress)
    _await_indexed(client, outcome, before, progress)
    return outcome


def import_rows(client: Client, catalogue: Catalogue, progress: Progress, *, dry_run: bool = False) -> Outcome:
    """The rows alone. A dry run changes nothing."""
    outcome = Outcome(unused=catalogue.unused)
    for row in catalogue.rows:
        if row.fault:
            outcome.rows[row.fault.outcome] += 1
            outcome.told.append(_told(row))
    good = [row for row in catalogue.rows if not row.fault]
    if not good:
        return outcome
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(line) + "\n" for line in _lines(good, catalogue))
        done = _follow(client, _begin(client, file, dry_run=dry_run), progress)
    _count(outcome, done)
    for told in _troubled(client, done):
        here = good[told.row - 1]
        outcome.told.append(told.model_copy(update={"row": here.number, "line": here.line, "file": here.file}))
    outcome.told.sort(key=lambda row: row.row)
    return outcome


def import_zip(client: Client, file: Path, progress: Progress, *, dry_run: bool = False) -> Outcome:
    """A zip as it is, with its pictures."""
    size = file.stat().st_size
    if size > MAX_IMPORT_BYTES:
        raise Permanent(f"{file} is over {MAX_IMPORT_BYTES // 1_000_000} MB. Unpack it, and import the folder.")
    before = {image.image_id for image in _rejected(client)}
    done = _follow(client, _begin(client, file, dry_run=dry_run), progress)
    outcome = Outcome(unused=done.unknown_columns)
    _count(outcome, done)
    outcome.told = _troubled(client, done)
    if not dry_run:
        _await_indexed(client, outcome, before, progress)
    return outcome


def add_pictures(client: Client, entries: Sequence[Entry], jobs: int, outcome: Outcome, progress: Progress) -> None:
    """Upload what lies on this machine."""
    with ThreadPoolExecutor(jobs) as pool:
        try:
            _send(client, pool, entries, outcome, progress)
        except LoupeError:
            pool.shutdown(cancel_futures=True)
            raise


def _begin(client: Client, file: Path, *, dry_run: bool) -> str:
    return client.start_import(file, dry_run=dry_run).import_id


def _follow(client: Client, import_id: str, progress: Progress) -> Import:
    """The import once it has ended. Raises `Permanent` when it failed or was stopped."""
    while True:
        now = client.import_status(import_id)
        done = sum(getattr(now, name) for name in _OUTCOMES)
        progress.rows(done, now.rows or 0)
        if now.state == "done":
            return now
        if now.state in ("failed", "stopped"):
            why = now.problem.detail if now.problem else "Somebody stopped it."
            raise Permanent(f"The import ended after {done:,} rows. {why}")
        time.sleep(_POLL_SECONDS)


def _troubled(client: Client, done: Import) -> list[ImportRow]:
    return list(client.import_rows(done.import_id, troubled=True))


def _count(outcome: Outcome, done: Import) -> None:
    outcome.rows.update({name: getattr(done, name) for name in _OUTCOMES})
    outcome.pictures.update(done.pictures.model_dump())


def _lines(rows: Sequence[Row], catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Each row as JSON Lines have it, with the pictures that are elsewhere."""
    skus = {row.number: row.sku for row in rows}
    for row in rows:
        if row.item is None:
            yield {"sku": row.sku or skus[row.goes_with or row.number]}
            continue
        said = {} if row.bare else row.item.model_dump(mode="json", exclude_defaults=True)
        urls = catalogue.urls.get(row.sku)
        yield {"sku": row.sku, **said, **({"images": urls} if urls else {})}


def _told(row: Row) -> ImportRow:
    told = ImportRow(row=row.number, line=row.line, file=row.file, sku=row.sku or None, outcome="rejected")
    if row.fault:
        told.outcome, told.reason, told.path = row.fault.outcome, row.fault.reason, row.fault.path
    return told


def _send(client: Client, pool: Executor, entries: Sequence[Entry], outcome: Outcome, progress: Progress) -> None:
    send = {
        pool.submit(client.add_images, [(entry.sku, picture) for entry, picture in batch]): batch
        for batch in _batches([(entry, picture) for entry in entries for picture in entry.pictures])
    }
    for done in as_completed(send):
        batch = send[done]
        try:
            sent = done.result()
        except Refused as error:
            sent = [error] * len(batch)
        for (entry, picture), image in zip(batch, sent, strict=True):
            if isinstance(image, LoupeError):
                outcome.faults.append((entry.line, f"{picture}: {image.detail}"))
            else:
                outcome.images[image] = picture
        progress.sent(len(batch))


def _batches(pictures: Sequence[tuple[Entry, Path]]) -> Iterator[list[tuple[Entry, Path]]]:
    """Neighbours that one request takes together; a picture that is too large goes alone, to be told so by itself."""
    batch: list[tuple[Entry, Path]] = []
    size = 0
    for entry, picture in pictures:
        more = picture.stat().st_size
        if batch and (len(batch) == MAX_BATCH_PICTURES or size + more > MAX_PICTURE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((entry, picture))
        size += more
    if batch:
        yield batch


def _await_indexed(client: Client, outcome: Outcome, before: set[str], progress: Progress) -> None:
    """Wait until every picture is indexed or rejected, and note the rejected ones with their reasons."""
    while waiting := _on_their_way(client):
        progress.waiting(waiting)
        time.sleep(_POLL_SECONDS)
    progress.waiting(0)
    for image in _rejected(client):
        if image.image_id in outcome.images or image.image_id not in before:
            shown = str(outcome.images.get(image.image_id, f"a picture of {image.sku}"))
            outcome.rejected.append((shown, image.reason or "no reason given"))


def _rejected(client: Client) -> list[Image]:
    return list(client.images(state="rejected"))


def _on_their_way(client: Client) -> int:
    counts = client.status().images
    return counts.get("stored", 0) + counts.get("analysed", 0)
