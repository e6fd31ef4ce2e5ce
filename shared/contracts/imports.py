"""Imports of whole catalogues: jobs, what became of each row, and the limits of a file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from shared.contracts.api import Problem
from shared.contracts.fields import Timestamp

MAX_IMPORT_BYTES = 500_000_000
MAX_ROWS = 200_000
MAX_UNFINISHED = 20
"""Imports of one shop that wait or run."""

ImportId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
ImportFormat = Literal["csv", "jsonl", "shopify", "zip"]
ImportState = Literal["waiting", "running", "done", "failed", "stopped"]
RowOutcome = Literal["imported", "updated", "unchanged", "rejected", "skipped"]


class PictureCounts(BaseModel):
    """Pictures that the rows name, each counted once an item.

    `stored` are new and will be indexed, `known` were there; `not_fetched` are addresses that Loupe did not get, or may
    not, `refused` such as are no pictures or not in the file. Of a dry run, what would become of them, and `to_fetch`
    are addresses that would be asked.
    """

    stored: int = 0
    known: int = 0
    to_fetch: int = 0
    not_fetched: int = 0
    refused: int = 0


class ImportAccepted(BaseModel):
    import_id: ImportId
    status_url: str


class Import(BaseModel):
    """How far an import is. Once it is `done`, `imported` to `skipped` add up to `rows`.

    `rows` is None until the file was looked through. `unknown_columns` are those that nobody reads.
    """

    import_id: ImportId
    status_url: str
    state: ImportState
    format: ImportFormat | None = None
    file: str
    dry_run: bool
    rows: int | None = None
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0
    pictures: PictureCounts = Field(default_factory=PictureCounts)
    unknown_columns: list[str] = Field(default_factory=list)
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    problem: Problem | None = None


class ImportPage(BaseModel):
    imports: list[Import]
    next_cursor: str | None = None


class ImportRow(BaseModel):
    """What became of one row, counted from 1. `line` is where it begins in the table, `file` its name in an archive.

    A row that was taken has a `reason` too when something of it was not, such as a picture; `path` names the field.
    """

    row: int
    line: int | None = None
    file: str | None = None
    sku: str | None = None
    outcome: RowOutcome
    reason: str | None = None
    path: str | None = None


class ImportRowPage(BaseModel):
    rows: list[ImportRow]
    next_cursor: str | None = None
