"""A table as a stream of rows, whichever of its forms it has."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from shared.contracts.imports import MAX_ROWS, ImportFormat
from shared.errors import Permanent
from shared.imports.plain import csv_rows, json_rows, names_what_loupe_reads, unknown_columns
from shared.imports.records import CsvRecords, Where, json_records
from shared.imports.rows import Once, Row
from shared.imports.shopify import ShopifyRows, is_shopify
from shared.imports.shopify import unknown_columns as unknown_to_shopify

_SHOWN = 10


class Source(Protocol):
    """A file with its rows. `unknown` grows while they are read: columns that nobody reads."""

    format: ImportFormat
    unknown: list[str]

    def groups(self) -> Iterator[Sequence[Row]]:
        """All rows in an order that is always the same; those of a group belong together.

        Raises `Permanent`, also after some, when the file cannot be read on.
        """
        ...

    def holds(self, name: str) -> bool:
        """Whether the file has this picture in itself."""
        ...

    def picture(self, name: str) -> bytes:
        """The bytes of such a picture. Raises `Permanent` when they cannot be had."""
        ...


def form_of(head: bytes) -> ImportFormat:
    """What a file is, by its first bytes."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return "jsonl" if text.startswith((b"{", b"[")) else "csv"


class TableSource:
    """A CSV, a product CSV of Shopify's, or JSON Lines."""

    def __init__(self, file: Path, form: ImportFormat, where: Where | None = None) -> None:
        """`where` keeps only rows of a CSV whose column has one of the values."""
        self._file = file
        self._where = where
        if where and form not in ("csv", "shopify"):
            raise Permanent("Only rows of a CSV can be chosen by their columns.")
        self.unknown: list[str] = []
        self.format: ImportFormat = form
        if form in ("csv", "shopify"):
            with file.open("rb") as opened_:
                records = CsvRecords(opened_, where)
                if is_shopify(records.columns):
                    self.format = "shopify"
                    self.unknown = unknown_to_shopify(records)
                elif form == "shopify" or not names_what_loupe_reads(records.columns):
                    raise Permanent(_not_named(records, form))
                else:
                    self.unknown = unknown_columns(records)

    def groups(self) -> Iterator[Sequence[Row]]:
        yield from self.groups_of(Once())

    def groups_of(self, once: Once) -> Iterator[Sequence[Row]]:
        count = 0
        with self._file.open("rb") as opened_:
            for group in self._read(opened_, once):
                count += len(group)
                if count > MAX_ROWS:
                    raise Permanent(f"The file has over {MAX_ROWS:,} rows. Split it.")
                yield group

    def _read(self, opened_: BinaryIO, once: Once) -> Iterator[Sequence[Row]]:
        if self.format == "jsonl":
            return json_rows(json_records(opened_), once, self.unknown)
        if self.format == "shopify":
            return iter(ShopifyRows(CsvRecords(opened_, self._where), once))
        return csv_rows(CsvRecords(opened_, self._where), once)

    def holds(self, name: str) -> bool:  # noqa: ARG002 - of a Source
        return False

    def picture(self, name: str) -> bytes:
        raise Permanent(f"The file has no picture {name!r}.")


def _not_named(records: CsvRecords, form: ImportFormat) -> str:
    columns = ", ".join(list(records.named.values())[:_SHOWN])[:500] or "none"
    if form == "shopify":
        return (
            f"These are not the columns of Shopify's product export: {columns}. It has Handle, Title and Variant Price."
        )
    return (
        f"The file has neither a `sku` nor an `images` column. Its columns: {columns}. The first line must name the "
        "columns, separated by commas."
    )
