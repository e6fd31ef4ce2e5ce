"""Reads a shop's catalogue from a file or a folder: which items there are, and which pictures show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.contracts.api import ItemIn
from shared.errors import Permanent
from shared.imports.naming import Known
from shared.imports.reading import nobody_knows, opened, opened_folder
from shared.imports.records import Where
from shared.imports.rows import Row
from shared.imports.tables import Source


@dataclass
class Entry:
    """One item with its pictures on this machine, from line `line` on; of a folder, from a picture without a line."""

    line: int
    sku: str
    item: ItemIn
    pictures: list[Path] = field(default_factory=list)


@dataclass
class Catalogue:
    """What a file holds. `rows` are all of it, `entries` the items; `urls` by SKU the pictures that are elsewhere.

    `missing`: the line, and the picture that is named there and is not on this machine. `unused`: columns that nobody
    reads.
    """

    entries: list[Entry] = field(default_factory=list)
    missing: list[tuple[int, str]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    urls: dict[str, list[str]] = field(default_factory=dict)

    @property
    def faults(self) -> list[tuple[int, str]]:
        """The line and what is wrong with it, of all lines with something wrong."""
        of_rows = [(row.line or 0, row.fault.told) for row in self.rows if row.fault]
        return sorted(of_rows + self.missing)


def read(file: Path, pictures: Path, where: Where, known: Known = nobody_knows) -> Catalogue:
    """Read `file`: CSV, JSON Lines, Shopify's product CSV, or a folder. Paths in it are relative to `pictures`.

    Rows of the same SKU are one item with several pictures. Without a SKU the picture's path names the item. `where`
    keeps only rows whose column has one of the values. Raises `Permanent` when the file as a whole cannot be read.
    """
    with _source(file, where, known) as source:
        return _collect(source, pictures)


@contextmanager
def _source(file: Path, where: Where, known: Known) -> Iterator[Source]:
    try:
        if file.is_dir():
            with opened_folder(file, known) as folder:
                yield folder
        else:
            with opened(file, where=where) as source:
                yield source
    except OSError as error:
        raise Permanent(f"{file} cannot be read: {error.strerror or error}.") from error
    except Permanent as error:
        raise Permanent(f"{file}: {error.detail}") from error


def _collect(source: Source, folder: Path) -> Catalogue:
    found = Catalogue(unused=source.unknown)
    entries: dict[str, Entry] = {}
    for group in source.groups():
        for row in group:
            found.rows.append(row)
            if row.item and not row.fault:
                entries[row.sku] = Entry(row.line or 0, row.sku, row.item)
        for row in group:
            _show(row, folder, entries, found)
    found.entries = list(entries.values())
    return found


def _show(row: Row, folder: Path, entries: dict[str, Entry], found: Catalogue) -> None:
    for named in row.pictures:
        if "://" in named.name:
            for sku in named.skus:
                found.urls.setdefault(sku, []).append(named.name)
            continue
        picture = folder / named.name
        if not picture.is_file():
            found.missing.append((row.line or 0, f"there is no picture {picture}"))
            continue
        for entry in (entries[sku] for sku in named.skus if sku in entries):
            if picture not in entry.pictures:
                entry.pictures.append(picture)
