"""Reading a shop's catalogue from CSV."""

from __future__ import annotations

from pathlib import Path

import pytest

from loupe.catalogue_file import Catalogue, read
from shared.errors import Permanent


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "ring/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"picture")
    return tmp_path


def parse(shop: Path, text: str, **where: str) -> Catalogue:
    file = shop / "catalogue.csv"
    file.write_text(text, encoding="utf-8-sig")
    return read(file, shop, {column: frozenset({value}) for column, value in where.items()})


def test_a_full_row_becomes_an_item_with_its_pictures(shop: Path) -> None:
    header = "sku,title,description,price,currency,stock,brand,tags,metal,setting,images"
    row = 'R-1,"Halo ring, small",Very fine,490.5,EUR,3,Lune,ring|halo,gold,halo,a.jpg|b.jpg'
    (entry,) = parse(shop, f"{header}\n{row}\n").entries
    assert entry.sku == "R-1"
    assert entry.item.title == "Halo ring, small"
    assert (entry.item.price, entry.item.currency, entry.item.stock) == (490.5, "EUR", 3)
    assert (entry.item.brand, entry.item.tags) == ("Lune", ["ring", "halo"])
    assert entry.item.attributes == {"metal": "gold", "setting": "halo"}
    assert entry.pictures == [shop / "a.jpg", shop / "b.jpg"]


def test_rows_of_one_sku_are_one_item_with_several_pictures(shop: Path) -> None:
    catalogue = parse(shop, "item_id,path\nX,a.jpg\nX,b.jpg\nX,a.jpg\n")
    assert [(entry.sku, len(entry.pictures)) for entry in catalogue.entries] == [("X", 2)]


def test_without_a_sku_the_whole_path_of_the_picture_names_the_item(shop: Path) -> None:
    (entry,) = parse(shop, "path\nring/c.jpg\n").entries
    assert entry.sku == entry.item.title == "ring-c"


def test_faulty_rows_are_told_by_line_and_the_others_kept(shop: Path) -> None:
    catalogue = parse(shop, "sku,price,images\nOK,1,a.jpg\nDEAR,cheap,\nA/B,1,\nLOST,1,gone.jpg\n")
    assert [entry.sku for entry in catalogue.entries] == ["OK", "LOST"]
    assert [line for line, _ in catalogue.faults] == [3, 4, 5]
    assert "price" in catalogue.faults[0][1]
    assert "gone.jpg" in catalogue.faults[2][1]


def test_columns_that_nobody_reads_are_reported(shop: Path) -> None:
    assert parse(shop, "sku,shelf\nA,3\n").unused == ["shelf"]


def test_conditions_keep_only_matching_rows(shop: Path) -> None:
    catalogue = parse(shop, "sku,set\nA,one\nB,two\n", set="two")
    assert [entry.sku for entry in catalogue.entries] == ["B"]
    with pytest.raises(Permanent, match="no column missing"):
        parse(shop, "sku\nA\n", missing="x")


def test_a_file_without_usable_columns_is_refused_in_words(shop: Path) -> None:
    with pytest.raises(Permanent, match="neither a `sku` nor an `images` column"):
        parse(shop, "name;price\nA;1\n")
    with pytest.raises(Permanent, match="cannot be read"):
        read(shop / "missing.csv", shop, {})
