"""Reads a shop's catalogue from a CSV file: which items there are, and which pictures show them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shared.contracts.api import ItemIn
from shared.contracts.fields import FROM_TEXT, Sku
from shared.errors import Permanent

_SKU = ("sku", "item_id")
_PICTURES = ("images", "image", "pictures", "picture", "path", "file")
_FIELDS = ("title", "description", "price", "currency", "stock", "url", "brand")
_ATTRIBUTES = ("type", "metal", "stone", "cut", "setting", "class")
_CHECK_SKU = TypeAdapter(Sku)


@dataclass
class Entry:
    """One item with its pictures, from line `line` on."""

    line: int
    sku: str
    item: ItemIn
    pictures: list[Path] = field(default_factory=list)


@dataclass
class Catalogue:
    """What a file holds. `faults`: line and what is wrong with it; `unused`: columns that nobody reads."""

    entries: list[Entry]
    faults: list[tuple[int, str]]
    unused: list[str]


def read(file: Path, pictures: Path, where: Mapping[str, frozenset[str]]) -> Catalogue:
    """Read `file`; picture paths in it are relative to `pictures`.

    Rows of the same SKU are one item with several pictures. Without a SKU the picture's path names the item. `where`
    keeps only rows whose column has one of the values. Raises `Permanent` when the file as a whole cannot be read.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows = csv.DictReader(opened, restkey="", restval="")
            columns = [name for name in rows.fieldnames or [] if name]
            missing = sorted(set(where) - set(columns))
            if missing:
                raise Permanent(f"{file} has no column {', '.join(missing)}. Its columns: {', '.join(columns)}.")
            if not set(columns) & {*_SKU, *_PICTURES}:
                raise Permanent(
                    f"{file} has neither a `sku` nor an `images` column. Its columns: {', '.join(columns) or 'none'}. "
                    "The first line must name the columns, separated by commas."
                )
            kept = (
                (rows.line_num, row) for row in rows if all(row[name] in allowed for name, allowed in where.items())
            )
            return _collect(kept, columns, pictures)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Permanent(f"{file} cannot be read as CSV in UTF-8: {error}.") from error


def _collect(rows: Iterable[tuple[int, Mapping[str, str]]], columns: list[str], pictures: Path) -> Catalogue:
    entries: dict[str, Entry] = {}
    faults: list[tuple[int, str]] = []
    for line, row in rows:
        try:
            entry = _entry(line, row, pictures)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "sku"
            faults.append((line, f"{name}: {first['msg']}"))
            continue
        missing = [picture for picture in entry.pictures if not picture.is_file()]
        faults.extend((line, f"there is no picture {picture}") for picture in missing)
        entry.pictures = [picture for picture in entry.pictures if picture not in missing]
        known = entries.setdefault(entry.sku, entry)
        known.pictures.extend(picture for picture in entry.pictures if picture not in known.pictures)
    used = {*_SKU, *_PICTURES, *_FIELDS, *_ATTRIBUTES, "tags"}
    return Catalogue(list(entries.values()), faults, [name for name in columns if name not in used])


def _entry(line: int, row: Mapping[str, str], pictures: Path) -> Entry:
    named = [name.strip() for column in _PICTURES for name in row.get(column, "").split("|") if name.strip()]
    sku = next((row[column].strip() for column in _SKU if row.get(column, "").strip()), "")
    if not sku and named:
        sku = "-".join(Path(named[0]).with_suffix("").parts)
    _CHECK_SKU.validate_python(sku)
    values: dict[str, object] = {name: row[name].strip() for name in _FIELDS if row.get(name, "").strip()}
    values.setdefault("title", sku)
    values["tags"] = [tag.strip() for tag in row.get("tags", "").split("|") if tag.strip()]
    values["attributes"] = {name: row[name].strip() for name in _ATTRIBUTES if row.get(name, "").strip()}
    return Entry(line, sku, ItemIn.model_validate(values, context=FROM_TEXT), [pictures / name for name in named])
