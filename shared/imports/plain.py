"""Tables of Loupe's own form: CSV and JSON Lines, one item a row, or several rows with a picture each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from shared.contracts.api import ItemIn
from shared.imports.records import CsvRecords, Record
from shared.imports.rows import Named, Once, Refused, Row, check_sku, item_of

_SKU = ("sku", "item_id")
_PICTURES = ("images", "image", "pictures", "picture", "path", "file")
_FIELDS = ("title", "description", "price", "currency", "stock", "url", "model_url", "brand")
_ATTRIBUTES = ("type", "metal", "stone", "cut", "setting", "class")
USED = frozenset({*_SKU, *_PICTURES, *_FIELDS, *_ATTRIBUTES, "tags"})
_JSON_USED = frozenset({*_SKU, *_PICTURES, *ItemIn.model_fields})
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_MAX_PICTURES = 250
_MAX_UNKNOWN = 100


def names_what_loupe_reads(columns: Iterable[str]) -> bool:
    """Whether a table with these columns says of which item, or which picture, its rows are."""
    return not set(columns).isdisjoint({*_SKU, *_PICTURES})


def csv_rows(records: CsvRecords, once: Once) -> Iterator[list[Row]]:
    """Each row as a group of its own."""
    decimal_commas = records.delimiter == ";"
    for number, record in enumerate(records, 1):
        yield [
            once.place(_row(number, record, _csv_values(record.cells, decimal_commas=decimal_commas), records.named))
        ]


def json_rows(records: Iterable[Record], once: Once, unknown: list[str]) -> Iterator[list[Row]]:
    """Each line as a group of its own; keys that nobody reads are added to `unknown`."""
    for number, record in enumerate(records, 1):
        for key in record.cells:
            if key not in _JSON_USED and key[:100] not in unknown and len(unknown) < _MAX_UNKNOWN:
                unknown.append(key[:100])
        values = {key: value for key, value in record.cells.items() if key in ItemIn.model_fields and value is not None}
        yield [once.place(_row(number, record, values, None))]


def unknown_columns(records: CsvRecords) -> list[str]:
    """Columns that nobody reads, as they are written."""
    return [records.named[name][:100] for name in records.columns if name not in USED][:_MAX_UNKNOWN]


def _csv_values(cells: Mapping[str, str], *, decimal_commas: bool) -> dict[str, Any]:
    values: dict[str, Any] = {name: cells[name] for name in _FIELDS if name in cells}
    if decimal_commas and _DECIMAL_COMMA.fullmatch(values.get("price", "")):
        values["price"] = values["price"].replace(",", ".")
    if tags := [tag.strip() for tag in cells.get("tags", "").split("|") if tag.strip()]:
        values["tags"] = tags
    if attributes := {name: cells[name] for name in _ATTRIBUTES if name in cells}:
        values["attributes"] = attributes
    return values


def _row(number: int, record: Record, values: dict[str, Any], columns: Mapping[str, str] | None) -> Row:
    if record.fault:
        return Row(number, record.line, fault=record.fault)
    sku = ""
    try:
        pictures = _pictures(record.cells)
        column = next((name for name in _SKU if record.cells.get(name)), "sku")
        said = record.cells.get(column, "")
        if isinstance(said, list | dict):
            raise Refused("Write the SKU as text.", (columns or {}).get(column, column))
        sku = str(said)
        if not sku and pictures:
            sku = sku_of_path(pictures[0])
        check_sku(sku, (columns or {}).get(column, column))
        item = item_of({"title": sku} | values, columns)
    except Refused as refused:
        return Row(number, record.line, sku=sku[:128], fault=refused.fault)
    named = tuple(Named(name, (sku,)) for name in pictures)
    return Row(number, record.line, sku=sku, item=item, bare=not values, pictures=named)


def sku_of_path(name: str) -> str:
    """What an item is called that has no SKU: by the whole path of its picture."""
    return "-".join(PurePosixPath(name.replace("\\", "/")).with_suffix("").parts)


def _pictures(cells: Mapping[str, Any]) -> list[str]:
    names: list[str] = []
    for column in _PICTURES:
        said = cells.get(column)
        if said is None:
            continue
        several = said.split("|") if isinstance(said, str) else said
        if not isinstance(several, list) or not all(isinstance(name, str) for name in several):
            raise Refused("Name pictures as text, or as a list of texts.", column)
        names += [name.strip() for name in several if name.strip()]
    if len(names) > _MAX_PICTURES:
        raise Refused(f"The row names {len(names)} pictures; Loupe takes up to {_MAX_PICTURES} a row.")
    return list(dict.fromkeys(names))
