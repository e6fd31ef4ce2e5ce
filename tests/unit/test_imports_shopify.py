"""Shopify's product CSV as items, pictures, and rows that are not taken."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from shared.imports.html_text import text_of_html
from shared.imports.reading import opened
from shared.imports.rows import Row
from tests.support.shopify_export import export


def read(folder: Path, content: bytes) -> list[Row]:
    file = folder / "products_export.csv"
    file.write_bytes(content)
    with opened(file) as source:
        assert source.format == "shopify"
        return [row for group in source.groups() for row in group]


def product(folder: Path, *rows: dict[str, str]) -> list[Row]:
    """What is read of rows with these cells."""
    names = dict.fromkeys(["Handle", "Title", "Variant Price", *(name for row in rows for name in row)])
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return read(folder, out.getvalue().encode())


def test_every_row_of_a_generated_export_has_the_outcome_it_must_have(tmp_path: Path) -> None:
    made = export(60)
    rows = read(tmp_path, made.csv())
    assert sorted(row.number for row in rows) == list(range(1, len(made.rows) + 1))
    taken = {row.sku: row.item for row in rows if row.item}
    assert taken.keys() == made.items.keys()
    faults = Counter(row.fault.outcome for row in rows if row.fault)
    assert faults == {name: count for name, count in made.expected.items() if name != "imported"}
    assert sum(len(named.skus) for row in rows for named in row.pictures) == made.pictures


def test_variants_are_items_with_the_title_options_and_stock_of_each(tmp_path: Path) -> None:
    first = {
        "Handle": "halo",
        "Title": "Halo ring",
        "Body (HTML)": "<p>Fine<br>gold &amp; more</p>",
        "Vendor": "Lune",
        "Type": "Rings",
        "Tags": "gold, halo, gold",
        "Option1 Name": "Size",
        "Option1 Value": "52",
        "Option2 Name": "Metal",
        "Option2 Value": "Rose gold",
        "Variant SKU": "'0052",
        "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": "-3",
        "Variant Inventory Policy": "deny",
        "Variant Price": "490.00",
    }
    second = {
        "Handle": "halo",
        "Option1 Value": "54",
        "Option2 Value": "White gold",
        "Variant Inventory Policy": "continue",
    }
    (one, two) = product(tmp_path, first, second)
    assert one.item
    assert one.sku == "0052"
    assert one.item.model_dump(exclude_defaults=True) == {
        "title": "Halo ring - 52 / Rose gold",
        "description": "Fine\ngold & more",
        "price": 490.0,
        "stock": 0,
        "brand": "Lune",
        "tags": ["gold", "halo"],
        "attributes": {"type": "Rings", "size": "52", "metal": "Rose gold"},
    }
    assert two.item
    assert (two.sku, two.item.stock) == ("halo-54-White-gold", None)


def test_a_variant_with_its_own_picture_is_shown_by_that_one_and_others_by_the_products(tmp_path: Path) -> None:
    rows = product(
        tmp_path,
        {"Handle": "h", "Title": "T", "Variant SKU": "A", "Image Src": "1.jpg", "Variant Image": "a.jpg"},
        {"Handle": "h", "Variant SKU": "B", "Image Src": "2.jpg"},
        {"Handle": "h", "Variant SKU": "C"},
        {"Handle": "h", "Image Src": "1.jpg"},
    )
    named = [(picture.name, picture.skus) for row in rows for picture in row.pictures]
    assert named == [("1.jpg", ("B", "C")), ("a.jpg", ("A",)), ("2.jpg", ("B", "C"))]
    assert [row.goes_with for row in rows] == [None, None, None, 1]


@pytest.mark.parametrize(
    ("cells", "outcome", "path"),
    [
        ({"Status": "draft"}, "skipped", "Status"),
        ({"Status": "archived"}, "skipped", "Status"),
        ({"Published": "false"}, "skipped", "Published"),
        ({"Title": ""}, "rejected", "Title"),
        ({"Handle": ""}, "rejected", "Handle"),
        ({"Variant Price": "on request"}, "rejected", "Variant Price"),
        ({"Variant Inventory Qty": "some"}, "rejected", "Variant Inventory Qty"),
        ({"Variant SKU": "A/B"}, "rejected", "Variant SKU"),
    ],
)
def test_what_is_not_taken_names_the_column(tmp_path: Path, cells: dict[str, str], outcome: str, path: str) -> None:
    (row,) = product(tmp_path, {"Handle": "h", "Title": "T", "Variant SKU": "A", "Variant Price": "1"} | cells)
    assert row.fault
    assert (row.fault.outcome, row.fault.path) == (outcome, path)


def test_what_is_too_long_for_loupe_is_cut_and_told(tmp_path: Path) -> None:
    (row,) = product(
        tmp_path, {"Handle": "h", "Title": "T", "Body (HTML)": "<p>x</p>" * 6_000, "Tags": f"short, {'long' * 30}"}
    )
    assert row.item
    assert (len(row.item.description), row.item.tags) == (10_000, ["short"])
    assert len(row.notes) == 2


def test_the_columns_of_exports_since_2024_are_known(tmp_path: Path) -> None:
    header = "Title,URL handle,Description,Status,SKU,Price,Inventory tracker,Inventory quantity,Product image URL"
    (row,) = read(tmp_path, f"{header}\nRing,ring,<p>Fine</p>,Active,R-1,12.5,shopify,4,https://x/1.jpg\n".encode())
    assert row.item
    assert (row.sku, row.item.price, row.item.stock, row.item.description) == ("R-1", 12.5, 4, "Fine")
    assert row.pictures[0].name == "https://x/1.jpg"


def test_rows_torn_from_their_product_say_where_it_is(tmp_path: Path) -> None:
    rows = product(
        tmp_path,
        {"Handle": "a", "Title": "A", "Variant SKU": "A"},
        {"Handle": "b", "Title": "B", "Variant SKU": "B"},
        {"Handle": "a", "Variant SKU": "A-2", "Image Src": "x.jpg"},
    )
    assert rows[2].fault
    assert "line 2" in rows[2].fault.reason


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ul><li>One</li><li>Two &amp; three</li></ul>", "One\nTwo & three"),
        ("plain\n text", "plain text"),
        ("<script>alert('<p>')</script><style>p{}</style>seen", "seen"),
        ("4&quot; &lt;b&gt; 5 < 6", '4" <b> 5 < 6'),
        ("<p>Unclosed <b>tag", "Unclosed tag"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("", ""),
    ],
)
def test_html_becomes_the_text_that_a_reader_sees(html: str, text: str) -> None:
    assert text_of_html(html) == text
