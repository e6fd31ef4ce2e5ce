"""Tables of shops as rows: CSV as programs and people save it, and JSON Lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contracts.imports import MAX_ROWS, ImportFormat
from shared.errors import Permanent
from shared.imports import tables
from shared.imports.reading import opened
from shared.imports.rows import Row


def read(folder: Path, content: bytes | str, form: ImportFormat | None = None) -> tuple[list[Row], list[str]]:
    file = folder / "file"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with opened(file, form) as source:
        return [row for group in source.groups() for row in group], source.unknown


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_however_a_program_saved_it(tmp_path: Path, mark: str, delimiter: str) -> None:
    text = '\n"SKU","Title","Price"\r\n"R-1","Ring, 18 ct; ""fine""\nsecond line",490.5\r\n"R-2",Kette Öse,12\r\n'
    first, second = read(
        tmp_path, text.lstrip().replace(",", delimiter).replace(f"Ring{delimiter}", "Ring,").encode(mark)
    )[0]
    assert first.item
    assert (first.sku, first.item.title, first.item.price) == ("R-1", 'Ring, 18 ct; "fine"\nsecond line', 490.5)
    assert second.item
    assert (second.line, second.item.title) == (4, "Kette Öse"), "a line is where its row begins"


def test_a_decimal_comma_is_understood_where_semicolons_part_cells(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, "sku;price\nR-1;12,50\n")
    assert row.item
    assert row.item.price == 12.5


def test_each_row_that_cannot_be_taken_says_why_and_harms_no_other(tmp_path: Path) -> None:
    lines = ["sku,price,title", "R-1,1,ok", "R-2,dear,x", ",,", "R/3,1,x", "R-4,1,x,y", "sku,price,title", "R-5,2,ok"]
    rows, _ = read(tmp_path, "\n".join(lines))
    told = [(row.line, row.fault.outcome, row.fault.path) for row in rows if row.fault]
    assert told == [
        (3, "rejected", "price"),
        (4, "skipped", None),
        (5, "rejected", "sku"),
        (6, "rejected", None),
        (7, "skipped", None),
    ]
    assert [row.sku for row in rows if row.item] == ["R-1", "R-5"]
    assert [row.number for row in rows] == list(range(1, 8))


def test_a_second_row_of_a_sku_goes_with_the_first_unless_it_says_something_else(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "sku,price,image\nA,1,a.jpg\nA,1,b.jpg\nA,,c.jpg\nA,2,d.jpg\n")
    assert [row.goes_with for row in rows] == [None, 1, 1, None]
    assert [[named.name for named in row.pictures] for row in rows] == [["a.jpg"], ["b.jpg"], ["c.jpg"], []]
    assert rows[3].fault
    assert "line 2" in rows[3].fault.reason


def test_a_row_that_names_nothing_but_its_item_leaves_an_item_that_is_there_as_it_is(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "sku,image\nA,a.jpg\n")
    assert [row.bare for row in rows] == [True]


def test_json_lines_are_items_with_pictures_and_unknown_keys_are_reported(tmp_path: Path) -> None:
    lines = [
        '{"sku": "R-1", "title": "Ring", "attributes": {"alloy": "585"}, "images": ["a.jpg"], "shelf": 3}',
        "",
        '{"sku": "R-2", "title": 5}',
        "not json",
        "[1]",
        '{"sku": "R-3", "title": null, "image": "b.jpg"}',
    ]
    rows, unknown = read(tmp_path, "\n".join(lines))
    assert unknown == ["shelf"]
    assert rows[0].item
    assert (rows[0].item.attributes, rows[0].pictures[0].name) == ({"alloy": "585"}, "a.jpg")
    assert [(row.line, row.fault.path) for row in rows if row.fault] == [(3, "title"), (4, None), (5, None)]
    assert (rows[-1].line, rows[-1].sku, rows[-1].bare) == (6, "R-3", True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,price\nA,1\n", "neither a `sku` nor an `images` column"),
        (b"sku,title\nA,\xff\xfe\n", "not UTF-8, after 'sku,title.*A,'"),
        (b'sku,title\nA,"' + b"x" * 1_100_000, "cannot be read as CSV near line 2"),
        (b'[{"sku": "A"}]', "one JSON list"),
        (b"", "neither a `sku`"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Permanent, match=words):
        read(tmp_path, content)


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ROWS == 200_000
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    assert len(read(tmp_path, "sku\nA\nB\nC\n")[0]) == 3
    with pytest.raises(Permanent, match="over 3 rows"):
        read(tmp_path, "sku\nA\nB\nC\nD\n")
