"""What a row of a shop's file says: an item, pictures of one, or something that cannot be taken and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from shared.contracts.api import ItemIn
from shared.contracts.fields import FROM_TEXT, Sku

_SKU: TypeAdapter[str] = TypeAdapter(Sku)
_SKU_TOLD = "Use 1 to 128 characters without a slash, a backslash or a space at an end."


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is not taken. `skipped`: nothing is wrong with it, it is only not to be sold."""

    reason: str
    path: str | None = None
    outcome: Literal["rejected", "skipped"] = "rejected"

    @property
    def told(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class Refused(Exception):
    """Raised while a row is read."""

    def __init__(self, reason: str, path: str | None = None) -> None:
        super().__init__(reason)
        self.fault = Fault(reason, path)


@dataclass(frozen=True, slots=True)
class Named:
    """A picture as a row names it, an address or a file, and the items that it shows."""

    name: str
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row, `number` counted from 1. `line` is where it begins in its table; a picture's own row has a `file`.

    With an `item` it says what the item is; with `bare` only that there is one, so one that is there stays as it is.
    With `goes_with` it adds to what another row said, and its outcome is that row's. `notes` tell what was left out.
    """

    number: int
    line: int | None = None
    file: str | None = None
    sku: str = ""
    item: ItemIn | None = None
    bare: bool = False
    goes_with: int | None = None
    pictures: tuple[Named, ...] = ()
    fault: Fault | None = None
    notes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return self.file or f"line {self.line}"


def check_sku(sku: str, path: str) -> str:
    """Raises `Refused` for what cannot be a SKU."""
    try:
        return _SKU.validate_python(sku)
    except ValidationError:
        shown = sku if len(sku) <= 140 and sku.isprintable() else sku[:140].encode("unicode_escape").decode()
        raise Refused(f"{shown!r} cannot be a SKU. {_SKU_TOLD}" if sku else "The row has no SKU.", path) from None


def item_of(values: Mapping[str, Any], columns: Mapping[str, str] | None = None) -> ItemIn:
    """The item that has these fields. Raises `Refused` for the first bad one.

    `columns` are their names in a table, where all is text; without it, values have the types of JSON.
    """
    try:
        return ItemIn.model_validate(values, context=FROM_TEXT if columns is not None else None)
    except ValidationError as error:
        first = error.errors()[0]
        name, *below = (str(part) for part in first["loc"]) if first["loc"] else ("row",)
        path = ".".join([(columns or {}).get(name, name), *below])
        raise Refused(str(first["msg"]), path[:200]) from None


@dataclass
class Once:
    """Each item is said once in a file: a second row that says the same goes with the first, one that differs is
    refused. Without pictures and SKUs alone it holds some 150 bytes an item."""

    _seen: dict[str, tuple[int, str, bytes | None]] = field(default_factory=dict)

    def place(self, row: Row, column: str = "sku") -> Row:
        """The row as it counts after those before it; `column` is where its SKU stands."""
        if row.item is None or row.fault:
            return row
        said = None if row.bare else blake2b(row.item.model_dump_json().encode(), digest_size=8).digest()
        before = self._seen.get(row.sku)
        if before is None or (before[2] is None and said is not None):
            self._seen[row.sku] = (row.number, row.where, said)
            return row
        if said is None or said == before[2]:
            return replace(row, item=None, bare=False, goes_with=before[0])
        reason = f"The SKU {row.sku!r} is taken by {before[1]}, which says something else of it. Keep one of them."
        return replace(row, item=None, pictures=(), fault=Fault(reason, column))

    def __contains__(self, sku: str) -> bool:
        return sku in self._seen

    def first(self, sku: str) -> int | None:
        """The number of the row that said what the item is."""
        return self._seen[sku][0] if sku in self._seen else None
