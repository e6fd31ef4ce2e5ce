"""Movements as a CSV: a line a movement, the same columns in and out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, BinaryIO

from pydantic import ValidationError

from services.gateway.inventory.movements import Movements
from services.gateway.told_events import no_such_item
from shared.contracts.fields import FROM_TEXT
from shared.contracts.inventory import (
    MAX_CSV_ERRORS,
    MAX_CSV_MOVEMENTS,
    MOVEMENT_COLUMNS,
    MovementRowRefused,
    MovementShown,
    MovementsImported,
)
from shared.contracts.stock import Movement
from shared.errors import InvalidInput
from shared.imports.records import CsvRecords, Record

_NEEDED = ("sku", "kind", "quantity", "occurred_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TEXTS = ("id", "sku", "location", "to_location", "reason", "order_id")


def take_file(movements: Movements, tenant: str, file: BinaryIO) -> MovementsImported:
    """Keep each row that is a movement of an item of the shop.

    A row without an id is known by all that it says, and by how many say the same before it: the same file again
    changes nothing. Raises `InvalidInput` for a file that is no such table, or a too long one, and `Permanent` for one
    that cannot be read.
    """
    records = CsvRecords(file)
    missing = [name for name in _NEEDED if name not in records.columns]
    if missing:
        raise _refused(f"The file has no column {', '.join(missing)}. It needs {', '.join(_NEEDED)}.")
    told: list[tuple[int, Movement]] = []
    errors: list[MovementRowRefused] = []
    seen: Counter[str] = Counter()
    rows = 0
    for record in records:
        if record.fault is not None and record.fault.outcome == "skipped":
            continue
        rows += 1
        if rows > MAX_CSV_MOVEMENTS:
            raise _refused(f"The file has over {MAX_CSV_MOVEMENTS:,} movements. Split it; nothing of it was kept.")
        found = _movement(record, seen)
        if isinstance(found, Movement):
            told.append((record.line, found))
        else:
            errors.append(found)
    for place in movements.accept(tenant, [movement for _, movement in told]):
        line, movement = told[place]
        errors.append(MovementRowRefused(line=line, id=movement.id, column="sku", reason=no_such_item(movement.sku)))
    errors.sort(key=lambda one: one.line)
    return MovementsImported(accepted=rows - len(errors), rejected=len(errors), errors=errors[:MAX_CSV_ERRORS])


async def file_of(pages: AsyncIterator[Sequence[MovementShown]]) -> AsyncIterator[str]:
    """The file, after a byte order mark its header first. A cell that a spreadsheet would run begins with `'`."""
    yield "\ufeff" + _line(MOVEMENT_COLUMNS)
    async for page in pages:
        yield "".join(_line([_cell(movement, name) for name in MOVEMENT_COLUMNS]) for movement in page)


def _movement(record: Record, seen: Counter[str]) -> Movement | MovementRowRefused:
    if record.fault is not None:
        return MovementRowRefused(line=record.line, reason=str(record.fault.reason))
    given: dict[str, Any] = {
        name: _plain(name, record.cells[name]) for name in MOVEMENT_COLUMNS if record.cells.get(name)
    }
    if given.get("kind") == "counted":
        given.setdefault("quantity", None)
    if "id" not in given:
        given["id"] = _name(given, seen)
    try:
        return Movement.model_validate(given, context=FROM_TEXT)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return MovementRowRefused(
            line=record.line,
            id=str(given["id"])[:128],
            column=str(first["loc"][0]) if first["loc"] else None,
            reason=first["msg"].removeprefix("Value error, "),
        )


def _name(given: Mapping[str, Any], seen: Counter[str]) -> str:
    said = "\n".join(f"{name}={given[name]}" for name in sorted(given))
    seen[said] += 1
    digest = sha256(f"{said}\n{seen[said]}".encode()).hexdigest()
    return f"csv:{digest[:40]}"


def _plain(name: str, cell: str) -> str:
    """As it was before `file_of` made it harmless."""
    harmless = name in _TEXTS and cell.startswith("'") and cell[1:].startswith(_FORMULA)
    return cell[1:] if harmless else cell


def _cell(movement: MovementShown, name: str) -> str:
    value = getattr(movement, name)
    if value is None:
        return ""
    if name == "occurred_at":
        return str(value.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    text = str(value)
    return f"'{text}" if name in _TEXTS and text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _refused(words: str) -> InvalidInput:
    return InvalidInput(words, errors=[{"path": "file", "message": words}])
