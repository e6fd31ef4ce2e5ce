"""Imports of whole catalogues."""

from __future__ import annotations

import time

from loupe.client.calls import Call, Form, Pages, Pause, Steps, answer, nothing, paged
from loupe.client.errors import NoAnswer
from loupe.client.pictures import Picture
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.imports import (
    Import,
    ImportAccepted,
    ImportFormat,
    ImportPage,
    ImportRow,
    ImportRowPage,
    RowOutcome,
)

_LOOK_SECONDS = 0.5


def start_import(file: Picture, *, format: ImportFormat | None = None, dry_run: bool = False) -> Call[ImportAccepted]:
    """Import a catalogue from a file of up to 500 MB: a path, its bytes, or an open file that can go back to its start.

    Accepted means kept; `wait_for_import` tells what becomes of it. `dry_run`: only say what would change.
    """
    texts = ({"format": format} if format else {}) | ({"dry_run": "true"} if dry_run else {})
    return Call("POST", "/v1/imports", answer(ImportAccepted), body=Form("file", [file], texts, streamed=True))


def import_status(import_id: str) -> Call[Import]:
    """How far an import is."""
    return Call("GET", "/v1/imports/{import_id}", answer(Import), {"import_id": import_id})


def wait_for_import(import_id: str, *, seconds: float = 3_600.0) -> Steps[Import]:
    """The import once it has ended: `done`, `failed` with its `problem`, or `stopped`. Raises `NoAnswer` after
    `seconds`."""
    until = time.monotonic() + seconds
    while (now := (yield import_status(import_id))).state in ("waiting", "running"):
        if time.monotonic() > until:
            raise NoAnswer(f"Import {import_id} is still {now.state} after {seconds:g} s. Ask again later.")
        yield Pause(_LOOK_SECONDS)
    ended: Import = now
    return ended


def imports(*, page: int = MAX_LIMIT) -> Pages[Import]:
    """All imports, the newest first. `page`: how many are fetched at a time."""
    return paged(ImportPage, "imports", "/v1/imports", page)


def import_rows(
    import_id: str, *, outcome: RowOutcome | None = None, troubled: bool = False, page: int = MAX_LIMIT
) -> Pages[ImportRow]:
    """What became of each row, in their order; `troubled`: only of those with a reason. `page`: how many are fetched at
    a time."""
    only = {"outcome": outcome, "troubled": "true" if troubled else None}
    return paged(ImportRowPage, "rows", "/v1/imports/{import_id}/rows", page, of={"import_id": import_id}, **only)


def import_errors(import_id: str) -> Call[bytes]:
    """What was wrong, as a CSV in UTF-8."""
    route = "/v1/imports/{import_id}/errors.csv"
    return Call("GET", route, lambda response: response.content, {"import_id": import_id})


def stop_import(import_id: str) -> Call[None]:
    """Stop an import; what it did until then stays."""
    return Call("POST", "/v1/imports/{import_id}:stop", nothing, {"import_id": import_id})
