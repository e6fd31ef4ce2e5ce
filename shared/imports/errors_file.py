"""What was wrong with an import, as a CSV that a spreadsheet opens without running anything of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from shared.contracts.imports import ImportRow

_HEADER = ("row", "line", "file", "sku", "outcome", "path", "reason")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def errors_csv(rows: Iterable[ImportRow]) -> Iterator[str]:
    """A line a row, after a byte order mark and the header. A cell that a spreadsheet would run begins with `'`."""
    yield "\ufeff" + _line(_HEADER)
    for row in rows:
        yield _line([_safe(getattr(row, name)) for name in _HEADER])


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
