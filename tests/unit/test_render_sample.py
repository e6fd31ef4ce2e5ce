"""The sample catalogue: what is shipped is whole, and a render can be had again."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.render.catalogue import pieces
from lab.render.queries import write_queries
from lab.render.sample import write_sample

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
    assert sum(path.stat().st_size for path in (SAMPLE / "pictures").iterdir()) <= 6_000_000
    assert max(path.stat().st_size for path in QUERIES.glob("*.jpg")) <= 25_000


def test_the_sample_has_120_pieces_of_seven_types_and_four_kinds_of_four(rows: list[dict[str, str]]) -> None:
    assert len({row["sku"] for row in rows}) == len(rows) >= 120
    assert len({row["type"] for row in rows}) >= 7
    kinds = Counter(tag for row in rows for tag in row["tags"].split("|"))
    assert sum(kinds[kind] >= 4 for kind in ("emerald ring", "pearl earrings", "gold hoops", "tennis bracelet")) == 4


def test_rows_carry_what_a_shop_needs(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert all(row[column] for column in ("title", "description", "tags", "metal", "stone")), row["sku"]
        assert float(row["price"]) > 0
        assert row["currency"] == "EUR"
        assert int(row["stock"]) >= 1


def test_query_photos_show_twelve_or_more_pieces_of_the_sample_and_three_other_things(
    rows: list[dict[str, str]],
) -> None:
    names = {path.stem for path in QUERIES.glob("*.jpg")}
    others = {name for name in names if name.startswith("OTHER-")}
    assert len(others) == 3
    assert len(names - others) >= 12
    assert names - others <= {row["sku"] for row in rows}


def test_rendering_again_gives_the_same_bytes_and_keeps_what_is_there(tmp_path: Path) -> None:
    for run in ("first", "second"):
        write_sample(tmp_path / run, pieces()[:1], size=48, samples=3)
        write_queries(5, tmp_path / run / "queries", count=1, size=48, samples=3)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / run).rglob("*.*")} for run in ("first", "second"))
    assert len(first) == 5
    assert first == second
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "first/pictures").iterdir()}
    write_sample(tmp_path / "first", pieces()[:1], size=48, samples=3)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_another_seed_gives_another_photo(tmp_path: Path) -> None:
    for seed in (5, 6):
        write_queries(seed, tmp_path / str(seed), shop=pieces()[:1], size=48, samples=3)
    name = f"{pieces()[0].sku}.jpg"
    assert (tmp_path / "5" / name).read_bytes() != (tmp_path / "6" / name).read_bytes()
