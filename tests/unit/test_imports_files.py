"""Zips and folders of pictures named by SKU, and zips that mean harm."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from shared.errors import Permanent
from shared.imports.naming import skus_of
from shared.imports.reading import opened, opened_folder
from shared.imports.rows import Row


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def read(folder: Path, content: bytes, *known: str) -> list[Row]:
    file = folder / "shop.zip"
    file.write_bytes(content)
    with opened(file, known=lambda skus: {*skus} & {*known}) as source:
        return [row for group in source.groups() for row in group]


@pytest.mark.parametrize(
    ("names", "known", "skus"),
    [
        (["RING-1.jpg", "RING-2.jpg"], [], ["RING-1", "RING-2"]),
        (["RING-1.jpg", "RING-2.jpg"], ["RING"], ["RING", "RING"]),
        (["RING.jpg", "RING-2.jpg", "RING_3.png", "RING (4).webp"], [], ["RING"] * 4),
        (["RING_1.jpg", "RING_2.jpg", "BAND_1.jpg"], [], ["RING", "RING", "BAND_1"]),
        (["all/RING-1/front.jpg", "all/RING-1/2.jpg"], ["RING-1"], ["RING-1", "RING-1"]),
        (["RING-1/1.jpg", "RING-1/2.jpg", "BAND/1.jpg"], [], ["RING-1", "RING-1", "BAND"]),
        (["RING-1-2.jpg"], ["RING-1-2", "RING-1"], ["RING-1-2"]),
    ],
)
def test_a_picture_is_of_the_item_that_its_name_says(names: list[str], known: list[str], skus: list[str]) -> None:
    def shop(asked: Collection[str]) -> Collection[str]:
        return {*asked} & {*known}

    assert skus_of(names, shop) == skus


def test_a_zip_has_the_rows_of_its_table_and_one_for_each_file_that_it_does_not_name(tmp_path: Path) -> None:
    files = {
        "shop/items.csv": b"sku,title,images\nRING,A ring,pictures/a.jpg\nBAND,A band,\n",
        "shop/pictures/a.jpg": b"a",
        "shop/pictures/BAND-1.jpg": b"b",
        "shop/NEW.jpg": b"c",
        "shop/read me.txt": b"d",
        "__MACOSX/shop/._a.jpg": b"e",
        "shop/.DS_Store": b"f",
    }
    rows = read(tmp_path, zipped(files))
    told = [(row.file, row.sku, row.bare, row.goes_with, row.fault and row.fault.outcome) for row in rows]
    assert told == [
        (None, "RING", False, None, None),
        (None, "BAND", False, None, None),
        ("shop/NEW.jpg", "NEW", True, None, None),
        ("shop/pictures/BAND-1.jpg", "BAND", False, 2, None),
        ("shop/read me.txt", "", False, None, "skipped"),
    ]


def test_a_folder_is_read_like_a_zip(tmp_path: Path) -> None:
    (tmp_path / "RING-1").mkdir()
    for name in ("RING-1/1.jpg", "RING-1/2.jpg", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"x")
    with opened_folder(tmp_path) as source:
        rows = [row for group in source.groups() for row in group]
        assert [(row.sku, row.goes_with) for row in rows] == [("RING-1", None), ("RING-1", 1)]
        assert source.picture("RING-1/2.jpg") == b"x"


@pytest.mark.parametrize("name", ["../RING.jpg", "/etc/RING.jpg", "a/../../RING.jpg", "C:\\RING.jpg", "a\nRING.jpg"])
def test_a_name_that_leads_out_of_the_zip_is_rejected(tmp_path: Path, name: str) -> None:
    bad, good = read(tmp_path, zipped({name: b"x", "ok.jpg": b"y"}))
    assert bad.fault
    assert bad.fault.outcome == "rejected"
    assert good.item


def test_a_file_that_unpacks_to_far_more_than_its_size_is_not_unpacked(tmp_path: Path) -> None:
    (row,) = read(tmp_path, zipped({"RING.jpg": b"\0" * 15_000_000}))
    assert row.fault
    assert "200 times" in row.fault.reason
    with pytest.raises(Permanent, match="200 times"):
        read(tmp_path, zipped({"items.csv": b"\0" * 15_000_000}))


def test_a_picture_over_20_mb_and_one_that_is_damaged_are_told(tmp_path: Path) -> None:
    large = bytes(range(256)) * 80_000
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        target.writestr("LARGE.jpg", large)
        target.writestr("DAMAGED.jpg", b"one of a kind" * 100)
    broken = packed.getvalue().replace(b"one of a kind", b"two of a kind", 1)
    file = tmp_path / "shop.zip"
    file.write_bytes(broken)
    with opened(file) as source:
        with pytest.raises(Permanent, match="over 20 MB"):
            source.picture("LARGE.jpg")
        with pytest.raises(Permanent, match="damaged"):
            source.picture("DAMAGED.jpg")


def test_a_zip_with_a_password_several_tables_or_no_end_is_refused_in_words(tmp_path: Path) -> None:
    whole = bytearray(zipped({"RING.jpg": b"x"}))
    for at in (6, whole.find(b"PK\x01\x02") + 8):  # the flag of encryption, beside the file and in the list
        struct.pack_into("<H", whole, at, 1)
    (row,) = read(tmp_path, bytes(whole))
    assert row.fault
    assert "password" in row.fault.reason
    with pytest.raises(Permanent, match="2 tables"):
        read(tmp_path, zipped({"a.csv": b"sku\nA", "b.jsonl": b"{}"}))
    with pytest.raises(Permanent, match="no zip, or its end is missing"):
        read(tmp_path, zipped({"RING.jpg": b"x"})[:-30])
    with pytest.raises(Permanent, match="no files"):
        read(tmp_path, zipped({}))


def test_a_list_of_files_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    whole = bytearray(zipped({"RING.jpg": b"x"}))
    struct.pack_into("<L", whole, whole.rfind(b"PK\x05\x06") + 12, 400_000_000)
    with pytest.raises(Permanent, match="too many files"):
        read(tmp_path, bytes(whole))
