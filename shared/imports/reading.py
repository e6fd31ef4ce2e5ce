"""A shop's file as a stream of rows, whatever form it has."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from shared.contracts.imports import ImportFormat
from shared.imports.archive import Archive
from shared.imports.files import FilesSource, Folder
from shared.imports.naming import Known
from shared.imports.records import Where
from shared.imports.tables import Source, TableSource, form_of


def nobody_knows(_skus: Collection[str]) -> Collection[str]:
    """A `Known` for who cannot ask the shop."""
    return ()


@contextmanager
def opened(
    file: Path, format: ImportFormat | None = None, known: Known = nobody_knows, where: Where | None = None
) -> Iterator[Source]:
    """The source that `file` is, by its first bytes unless `format` says it. Raises `Permanent` for none of them.

    `where` keeps only rows of a CSV whose column has one of the values.
    """
    with file.open("rb") as head:
        form = format or form_of(head.read(4_096))
    if form != "zip":
        yield TableSource(file, form, where)
        return
    with file.open("rb") as zipped, tempfile.TemporaryDirectory() as folder, closing(Archive(zipped)) as archive:
        yield FilesSource(archive, Path(folder), known)


@contextmanager
def opened_folder(folder: Path, known: Known = nobody_knows) -> Iterator[FilesSource]:
    """A folder of pictures, with or without a table in it."""
    yield FilesSource(Folder(folder), folder, known)
