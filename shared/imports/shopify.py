"""Shopify's product CSV, as its admin exports it: a product over several rows, a variant or a picture in each.

Each variant is an item. Columns are known by their names of before 2024 and by those since.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.imports.html_text import text_of_html
from shared.imports.records import CsvRecords
from shared.imports.rows import Fault, Named, Once, Refused, Row, check_sku, item_of

_NAMES = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "body": ("body (html)", "description"),
    "vendor": ("vendor",),
    "type": ("type",),
    "tags": ("tags",),
    "status": ("status",),
    "published": ("published", "published on online store"),
    "sku": ("variant sku", "sku"),
    "price": ("variant price", "price"),
    "stock": ("variant inventory qty", "inventory quantity"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "policy": ("variant inventory policy", "continue selling when out of stock"),
    "image": ("image src", "product image url"),
    "variant_image": ("variant image", "variant image url"),
    **{f"option{n}": (f"option{n} value",) for n in (1, 2, 3)},
    **{f"option{n}_name": (f"option{n} name",) for n in (1, 2, 3)},
}
_VARIANT = ("sku", "price", "option1", "option2", "option3")
_OF_ITEM = {"title": "title", "description": "body", "price": "price", "stock": "stock", "brand": "vendor"}
_MAX_ROWS = 3_000
_MAX_TITLE, _MAX_TEXT, _MAX_WORD, _MAX_TAGS = 300, 10_000, 64, 50
_NO_OPTION = "Default Title"
_NOT_SOLD = {"draft": "The product is a draft.", "archived": "The product is archived."}
_UNPUBLISHED = "The product is not published in the shop."


def is_shopify(columns: Collection[str]) -> bool:
    """Whether these columns, in lower case, are those of a product export."""
    known = set(columns)
    return (
        bool(known & {"handle", "url handle"})
        and "title" in known
        and bool(known & {*_NAMES["price"], *_NAMES["body"]})
    )


def unknown_columns(records: CsvRecords) -> list[str]:
    """Columns that nobody reads, as they are written."""
    used = {name for names in _NAMES.values() for name in names}
    return [records.named[name][:100] for name in records.columns if name not in used]


@dataclass
class _Product:
    """The rows of one handle that stand together."""

    handle: str
    line: int
    rows: list[tuple[int, int, dict[str, str]]] = field(default_factory=list)


class ShopifyRows:
    """Groups of rows, one a product."""

    def __init__(self, records: CsvRecords, once: Once) -> None:
        self._records = records
        self._once = once
        self._columns = {
            field_: next((name for name in names if name in records.named), names[0])
            for field_, names in _NAMES.items()
        }
        self._shown = {field_: records.named.get(name, name) for field_, name in self._columns.items()}
        self._item_columns = {name: self._shown[of] for name, of in _OF_ITEM.items()} | {"tags": self._shown["tags"]}
        self._handles: dict[str, int] = {}

    def __iter__(self) -> Iterator[list[Row]]:
        product: _Product | None = None
        for number, record in enumerate(self._records, 1):
            cells = {of: record.cells[name] for of, name in self._columns.items() if name in record.cells}
            fault = record.fault or (
                None if cells.get("handle") else Fault("The row has no handle.", self._shown["handle"])
            )
            if fault:
                yield [Row(number, record.line, fault=fault)]
                continue
            if product is None or product.handle != cells["handle"]:
                if product:
                    yield self._rows_of(product)
                product = _Product(cells["handle"], record.line)
            if len(product.rows) == _MAX_ROWS:
                fault = Fault(f"The product has more than {_MAX_ROWS:,} rows.", self._shown["handle"])
                yield [Row(number, record.line, fault=fault)]
                continue
            product.rows.append((number, record.line, cells))
        if product:
            yield self._rows_of(product)

    def _rows_of(self, product: _Product) -> list[Row]:
        first = product.rows[0][2]
        fault = self._fault_of(product, first)
        self._handles.setdefault(product.handle, product.line)
        if fault:
            return [Row(number, line, fault=fault) for number, line, _ in product.rows]
        shared = _Shared.of(first)
        rows = [self._row(product, shared, place) for place in range(len(product.rows))]
        return _with_pictures(rows, [cells for _, _, cells in product.rows])

    def _fault_of(self, product: _Product, first: Mapping[str, str]) -> Fault | None:
        """What holds for the whole product."""
        if not first.get("title"):
            before = self._handles.get(product.handle)
            told = f" Those of line {before} have one: put the rows of a product together." if before else ""
            return Fault(
                f"The first row of the product {product.handle[:200]!r} has no title.{told}", self._shown["title"]
            )
        if (status := first.get("status", "active").lower()) in _NOT_SOLD:
            return Fault(_NOT_SOLD[status], self._shown["status"], "skipped")
        if first.get("published", "true").lower() == "false":
            return Fault(_UNPUBLISHED, self._shown["published"], "skipped")
        return None

    def _row(self, product: _Product, shared: _Shared, place: int) -> Row:
        number, line, cells = product.rows[place]
        if place and not any(cells.get(name) for name in _VARIANT):
            if not cells.get("image"):
                return Row(
                    number, line, fault=Fault("The row names neither a variant nor a picture.", outcome="skipped")
                )
            return Row(number, line)  # its pictures and what it goes with are known once its variants are
        sku = cells.get("sku", "").lstrip("'")  # Shopify's own guard for numbers
        try:
            path = self._shown["sku"]
            if not sku:
                sku, path = _made_sku(product.handle, cells), self._shown["handle"]
            check_sku(sku, path)
            item = item_of(self._values(shared, cells), self._item_columns)
        except Refused as refused:
            return Row(number, line, sku=sku[:128], fault=refused.fault)
        return self._once.place(Row(number, line, sku=sku, item=item, notes=shared.notes), path)

    def _values(self, shared: _Shared, cells: Mapping[str, str]) -> dict[str, Any]:
        chosen = [(shared.options[n], value) for n in (1, 2, 3) if (value := _option(cells, n))]
        title = f"{shared.title} - {' / '.join(value for _, value in chosen)}" if chosen else shared.title
        attributes = {**shared.attributes, **{(name or "option").lower()[:64]: value for name, value in chosen}}
        values: dict[str, Any] = {**shared.values, "title": title[:_MAX_TITLE], "attributes": attributes}
        if "price" in cells:
            values["price"] = cells["price"]
        stock = self._stock(cells)
        return values if stock is None else {**values, "stock": stock}

    def _stock(self, cells: Mapping[str, str]) -> int | None:
        """Pieces on hand; None where they are not counted, or sold beyond what is there. Oversold is 0."""
        counted = cells.get("tracker") or self._columns["tracker"] not in self._records.named
        if not counted or "stock" not in cells or cells.get("policy", "deny").lower() in ("continue", "true"):
            return None
        try:
            return max(0, int(cells["stock"]))
        except ValueError:
            raise Refused("The quantity is no whole number.", self._shown["stock"]) from None


@dataclass(frozen=True)
class _Shared:
    """What the first row says for all variants. `notes` tell of what is too long for Loupe and was left out."""

    title: str
    options: Mapping[int, str]
    values: Mapping[str, Any]
    attributes: Mapping[str, str]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, cells: Mapping[str, str]) -> _Shared:
        notes = []
        values: dict[str, Any] = {}
        text = text_of_html(cells.get("body", ""))
        if text:
            values["description"] = text[:_MAX_TEXT]
        if len(text) > _MAX_TEXT:
            notes.append(f"The description was cut to {_MAX_TEXT:,} characters.")
        brand = " ".join(cells.get("vendor", "").split())
        if brand:
            values["brand"] = brand[:_MAX_WORD]
        tags = list(dict.fromkeys(" ".join(tag.split()) for tag in cells.get("tags", "").split(",") if tag.strip()))
        fitting = [tag for tag in tags if len(tag) <= _MAX_WORD and tag.isprintable()][:_MAX_TAGS]
        if fitting:
            values["tags"] = fitting
        if len(fitting) < len(tags):
            notes.append(
                f"{len(tags) - len(fitting)} of {len(tags)} tags were left out: too long, or over {_MAX_TAGS}."
            )
        type_ = " ".join(cells.get("type", "").split())
        options = {n: " ".join(cells.get(f"option{n}_name", "").split()) for n in (1, 2, 3)}
        return cls(
            title=" ".join(cells["title"].split()),
            options=options,
            values=values,
            attributes={"type": type_} if type_ else {},
            notes=tuple(notes),
        )


def _option(cells: Mapping[str, str], n: int) -> str:
    value = " ".join(cells.get(f"option{n}", "").split())
    return "" if value == _NO_OPTION else value


def _made_sku(handle: str, cells: Mapping[str, str]) -> str:
    parts = [handle, *(_option(cells, n) for n in (1, 2, 3))]
    return "-".join(re.sub(r"[^\w.]+", "-", part).strip("-") for part in parts if part)[:128].strip("-")


def _with_pictures(rows: list[Row], cells: list[dict[str, str]]) -> list[Row]:
    """A variant with a picture of its own is shown by that one alone, all others by the pictures of the product.

    Where all have their own, the product's are the first one's. A row that is not taken may name a picture of others.
    """
    taken = [place for place, row in enumerate(rows) if row.item]
    own = {place for place in taken if cells[place].get("variant_image")}
    if not taken and not any(row.goes_with for row in rows):
        fault = Fault("Of its product no variant was taken.")
        return [row if row.fault else replace(row, fault=fault) for row in rows]
    first = rows[taken[0]].number if taken else next(row.goes_with for row in rows if row.goes_with)
    shown = tuple(rows[place].sku for place in taken if place not in own) or tuple(
        rows[place].sku for place in taken[:1]
    )
    told: set[tuple[str, str]] = set()
    finished = []
    for place, row in enumerate(rows):
        named = []
        for source, skus in (
            (cells[place].get("image"), shown),
            (cells[place].get("variant_image"), (row.sku,) if place in own else ()),
        ):
            new = tuple(sku for sku in skus if source and (source, sku) not in told)
            if source and new:
                told |= {(source, sku) for sku in new}
                named.append(Named(source, new))
        goes_with = None if row.item or row.fault else row.goes_with or first
        finished.append(replace(row, pictures=tuple(named), goes_with=goes_with))
    return finished
