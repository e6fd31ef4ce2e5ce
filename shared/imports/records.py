"""The records of a table, with the lines at which they begin: CSV as programs and people save it, and JSON Lines."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from shared.errors import Permanent
from shared.imports.rows import Fault

Where = Mapping[str, frozenset[str]]
_MAX_FIELD = 1_000_000
_MAX_LINE = 2_000_000
_MAX_COLUMNS = 500
_MAX_HEADER = 200_000
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Record:
    """`cells` by column, trimmed; of JSON Lines the object. `fault`: why nothing can be made of it."""

    line: int
    cells: Mapping[str, Any]
    fault: Fault | None = None


class CsvRecords:
    """A CSV with a header. `columns` are its names in lower case; `named` as they are written, by those.

    Commas, semicolons or tabs; UTF-8 with or without a byte order mark, or UTF-16 with one. `where` keeps only records
    whose column has one of the values. Raises `Permanent` for what cannot be read, also in its middle.
    """

    def __init__(self, file: BinaryIO, where: Where | None = None) -> None:
        csv.field_size_limit(_MAX_FIELD)
        text = _text(file)
        with _told(None):
            header = text.readline(_MAX_HEADER)
            self.delimiter = max(_DELIMITERS, key=_outside_quotes(header).count)
            lines = itertools.chain([header], iter(lambda: text.readline(_MAX_LINE), ""))
            self._reader = csv.reader(lines, delimiter=self.delimiter)
            self._header = next(self._reader, [])
        if len(self._header) > _MAX_COLUMNS:
            raise Permanent(f"The file has {len(self._header):,} columns; Loupe takes up to {_MAX_COLUMNS}.")
        names = [name.strip() for name in self._header]
        self.named = {name.lower(): name for name in names if name}
        self.columns = list(self.named)
        self._where = {name.strip().lower(): allowed for name, allowed in (where or {}).items()}
        missing = sorted(set(self._where) - set(self.columns))
        if missing:
            columns = ", ".join(self.named.values())
            raise Permanent(f"The file has no column {', '.join(missing)}. Its columns: {columns[:500]}.")
        self._places = [(place, name.lower()) for place, name in enumerate(names) if name]

    def __iter__(self) -> Iterator[Record]:
        width = len(self._header)
        while True:
            line = self._reader.line_num + 1
            with _told(self._reader):
                row = next(self._reader, None)
            if row is None:
                return
            if not row or (self._where and not self._wanted(row)):  # a blank line is no row
                continue
            if any(cell.strip() for cell in row[width:]):
                words = f"The row has {len(row)} cells for {width} columns. Is a cell with a comma not in quotes?"
                yield Record(line, {}, Fault(words))
            elif row == self._header:
                yield Record(line, {}, Fault("The row is the header again.", outcome="skipped"))
            elif not any(cell.strip() for cell in row):
                yield Record(line, {}, Fault("The row is empty.", outcome="skipped"))
            else:
                yield Record(line, self._cells(row))

    def _wanted(self, row: list[str]) -> bool:
        cells = self._cells(row)
        return all(cells.get(name, "") in allowed for name, allowed in self._where.items())

    def _cells(self, row: list[str]) -> dict[str, str]:
        cells: dict[str, str] = {}
        for place, name in self._places:
            if place < len(row) and (value := row[place].replace("\0", "").strip()):
                cells[name] = value
        return cells


def json_records(file: BinaryIO) -> Iterator[Record]:
    """One JSON object a line; blank lines are no records."""
    text = _text(file)
    for line in itertools.count(1):
        with _told(None):
            said = text.readline(_MAX_LINE)
        if not said:
            return
        if line == 1 and said.lstrip().startswith("["):
            raise Permanent("The file is one JSON list. Loupe reads JSON Lines: one object a line, with no commas.")
        if len(said) == _MAX_LINE:
            raise Permanent(f"Line {line} is over {_MAX_LINE:,} characters. Write one item a line.")
        if said.strip():
            yield _json_record(line, said)


def _json_record(line: int, said: str) -> Record:
    try:
        value = json.loads(said)
    except ValueError as error:
        told = f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
        return Record(line, {}, Fault(f"The line is no JSON: {told}."))
    except RecursionError:
        return Record(line, {}, Fault("The line is no JSON that can be read: it is nested too deep."))
    if "\\u0000" in said or ("\\ud" in said.lower() and not _is_text(value)):
        return Record(line, {}, Fault("The line has characters that no text has: half of a pair, or zero."))
    if not isinstance(value, dict):
        return Record(line, {}, Fault("The line is no JSON object. Write {...}, one item a line."))
    return Record(line, value)


def _is_text(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(file: BinaryIO) -> io.TextIOWrapper:
    head = file.read(2)
    file.seek(0)
    encoding = "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def _outside_quotes(header: str) -> str:
    return "".join(header.split('"')[::2])


class _told:  # noqa: N801 - used as a statement
    """Tells what is wrong with a table in words, and where."""

    def __init__(self, reader: Any) -> None:
        self._where = f" near line {reader.line_num + 1}" if reader else ""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, UnicodeError):
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            before = error.object[max(0, start - 30) : start] if isinstance(error, UnicodeDecodeError) else b""
            told = f", after {before.decode('utf-8', 'replace')!r}" if before else ""
            raise Permanent(
                f"The file is not UTF-8{told}. Save it as 'CSV UTF-8', or convert it with iconv, and import it again."
            ) from error
        if isinstance(error, csv.Error):
            raise Permanent(
                f"The file cannot be read as CSV{self._where}: {error}. Is a quote opened there and not closed?"
            ) from error
