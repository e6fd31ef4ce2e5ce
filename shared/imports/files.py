"""Pictures in a zip or a folder as a stream of rows, with the rows of a table that names them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from shared.contracts.imports import MAX_ROWS, ImportFormat
from shared.errors import Permanent
from shared.imports.naming import Known, is_noise, is_picture, skus_of
from shared.imports.rows import Fault, Named, Once, Refused, Row, check_sku, item_of
from shared.imports.tables import TableSource, form_of

_TABLES = {".csv", ".tsv", ".jsonl", ".ndjson"}


class Files(Protocol):
    """Files by name, with `/` between folders."""

    names: Sequence[str]

    def fault(self, name: str) -> str | None: ...

    def read(self, name: str) -> bytes: ...

    def table(self, name: str, folder: Path) -> Path:
        """Where a table of them can be read; `folder` is for one that has to be unpacked."""
        ...


class Folder:
    """A folder of this machine, with all below it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        self.names: Sequence[str] = sorted(name for name in found if not is_noise(name))
        self._odd = frozenset(name for name in self.names if not name.isprintable())

    def fault(self, name: str) -> str | None:
        return "The name of the file cannot be shown. Give it another." if name in self._odd else None

    def read(self, name: str) -> bytes:
        try:
            return (self._root / name).read_bytes()
        except OSError as error:
            raise Permanent(f"{name} cannot be read: {error.strerror}.") from error

    def table(self, name: str, folder: Path) -> Path:  # noqa: ARG002 - of Files
        return self._root / name


class FilesSource:
    """Pictures named by SKU, with or without one table that names them."""

    format: ImportFormat = "zip"

    def __init__(self, files: Files, folder: Path, known: Known) -> None:
        """`folder`: where a table may be unpacked."""
        if not files.names:
            raise Permanent("There are no files in it.")
        self._files = files
        self._known = known
        self._names = frozenset(files.names)
        self.unknown: list[str] = []
        tables = [name for name in files.names if PurePosixPath(name).suffix.lower() in _TABLES]
        if len(tables) > 1:
            raise Permanent(f"There are {len(tables)} tables in it: {', '.join(tables[:3])[:300]}. Leave one.")
        self._table: TableSource | None = None
        self._table_name = tables[0] if tables else ""
        if tables:
            table = files.table(tables[0], folder)
            with table.open("rb") as head:
                form = form_of(head.read(4_096))
            self._table = TableSource(table, form)
            self.unknown = self._table.unknown

    def groups(self) -> Iterator[Sequence[Row]]:
        """The rows of the table, then one for each file that it does not name."""
        once = Once()
        named: set[str] = set()
        count = 0
        for group in self._table.groups_of(once) if self._table else ():
            count += len(group)
            named |= {inner for row in group for picture in row.pictures if (inner := self._inner(picture.name))}
            yield group
        others = [name for name in self._files.names if name != self._table_name and name not in named]
        if count + len(others) > MAX_ROWS:
            raise Permanent(f"There are over {MAX_ROWS:,} rows and pictures in it. Split it.")
        pictures = [name for name in others if is_picture(name)]
        skus = dict(zip(pictures, skus_of(pictures, lambda asked: self._all_known(asked, once)), strict=True))
        for number, name in enumerate(others, count + 1):
            yield [self._row(number, name, skus.get(name), once)]

    def _all_known(self, asked: Collection[str], once: Once) -> Collection[str]:
        here = {sku for sku in asked if sku in once}
        return here | {*self._known([sku for sku in asked if sku not in here])}

    def _row(self, number: int, name: str, sku: str | None, once: Once) -> Row:
        shown = name[:300].encode("utf-8", "replace").decode()
        if sku is None:
            return Row(
                number, file=shown, fault=Fault("The file is neither a picture nor the table.", outcome="skipped")
            )
        fault = self._files.fault(name)
        if fault:
            return Row(number, file=shown, fault=Fault(fault, "file"))
        try:
            check_sku(sku, "file")
        except Refused as refused:
            return Row(number, file=shown, sku=sku[:128], fault=refused.fault)
        pictures = (Named(name, (sku,)),)
        return once.place(Row(number, file=shown, sku=sku, item=item_of({"title": sku}), bare=True, pictures=pictures))

    def holds(self, name: str) -> bool:
        return self._inner(name) is not None

    def picture(self, name: str) -> bytes:
        inner = self._inner(name)
        if inner is None:
            raise Permanent(f"There is no picture {name[:300]!r} in it.")
        return self._files.read(inner)

    def _inner(self, name: str) -> str | None:
        """The file that the table, or a row of its own, calls so: from the table's folder, or from the top."""
        path = name.replace("\\", "/").removeprefix("./")
        here = (PurePosixPath(self._table_name).parent / path).as_posix()
        return next((each for each in (here, path) if each in self._names), None)
