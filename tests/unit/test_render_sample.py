"""The sample catalogue: what is shipped is whole, and a render can be had again."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "deploy/local/sample"
QUERIES = ROOT / "tests/fixtures/query_photos"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (SAMPLE / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_has_its_three_pictures_and_no_picture_is_left_over(rows: list[dict[str, str]]) -> None:
    named = [name for row in rows for name in row["images"].split("|")]
    assert len(named) == len(set(named)) == 3 * len(rows)
    assert set(named) == {path.name for path in (SAMPLE / "pictures").iterdir()}


def test_every_shipped_picture_is_a_jpeg_of_256_to_320_pixels_and_none_is_blank() -> None:
    for path in [*(SAMPLE / "pictures").iterdir(), *QUERIES.glob("*.jpg")]:
        with Image.open(path) as picture:
            assert picture.format == "JPEG"
            assert picture.width == picture.height
            assert 256 <= picture.width <= 320
            assert np.asarray(picture.convert("L")).std() > 5, path.name


def test_the_sample_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in (SAMPLE / "pictures").iterdir()) <= 2_000_000
    assert max(path.stat().st_size for path in QUERIES.glob("*.jpg")) <= 25_000


def test_the_sample_has_thirty_pieces_of_five_types_and_four_kinds_of_four(rows: list[dict[str, str]]) -> None:
    assert len({row["sku"] for row in rows}) == len(rows) >= 30
    assert len({row["type"] for row in rows}) >= 5
    kinds = Counter(tag for row in rows for tag in row["tags"].split("|"))
    assert sum(kinds[kind] >= 4 for kind in ("emerald ring", "pearl earrings", "gold hoops", "tennis bracelet")) == 4


def test_rows_carry_what_a_shop_needs(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert all(row[column] for column in ("title", "description", "tags", "metal", "stone")), row["sku"]
        assert float(row["price"]) > 0
        assert row["currency"] == "EUR"
        assert int(row["stock"]) >= 1


def test_query_photos_show_twelve_pieces_of_the_sample_and_three_other_things(rows: list[dict[str, str]]) -> None:
    names = {path.stem for path in QUERIES.glob("*.jpg")}
    others = {name for name in names if name.startswith("OTHER-")}
    assert len(others) == 3
    assert len(names - others) == 12
    assert names - others <= {row["sku"] for row in rows}
