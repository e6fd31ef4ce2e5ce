"""Manifests: every kind is read into the same records, and what is wrong is told by its line."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lab.datasets import HIDDEN, Box, ManifestError, Record, assign, leaks, licence_table, piece_masks, read
from lab.datasets.splits import groups
from lab.evaluate import sets


def draw(path: Path, level: int = 128) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 16), (level, 30, 90)).save(path)
    return path


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def told(source: Path) -> dict[int, str]:
    with pytest.raises(ManifestError) as caught:
        read(source)
    return {fault.line: fault.told for fault in caught.value.faults}


def test_a_strangers_csv_of_path_item_and_type_is_read(tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg")
    draw(tmp_path / "more/b.png", 7)
    source = write_csv(tmp_path / "mine.csv", "path,item_id,type,colour", "a.jpg,R1,ring,red", "more/b.png,R2,,")
    first, second = read(source)
    assert (first.path, first.item_id, first.type) == (tmp_path / "a.jpg", "R1", "ring")
    assert first.parameters == {"colour": "red"}
    assert (second.item_id, second.type, second.licence, second.clean) == ("R2", "", "", False)
    assert first.sha256 != second.sha256


def test_a_csv_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg")
    (tmp_path / "m.csv").write_bytes(b"\xef\xbb\xbfpath,item_id\r\na.jpg,1\r\n")
    assert read(tmp_path / "m.csv")[0].item_id == "1"


def test_every_bad_row_is_told_by_its_line_with_what_to_do(tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    source = write_csv(
        tmp_path / "m.csv",
        "path,item_id,type,split,boxes,mask",
        "a.jpg,1,ring,train,,",
        "gone.jpg,2,ring,,,",
        "text.jpg,3,ring,,,",
        ",4,ring,,,",
        '"a.jpg","5\nstill 5",tiara,holdout,"[[0.5, 0, 0.2, 1]]",none.png',
        "a.jpg,6",
        "a.jpg,7,ring,,,",
    )
    faults = told(source)
    assert "'gone.jpg' is not there" in faults[3].replace(f"{tmp_path}/", "")
    assert "no picture that can be read" in faults[4]
    assert "path is empty" in faults[5]
    assert "2 fields where the header has 6" in faults[8]
    assert "picture of line 2 again" in faults[9]
    with pytest.raises(ManifestError) as caught:
        read(source)
    at_six = " ".join(fault.told for fault in caught.value.faults if fault.line == 6)
    assert all(words in at_six for words in ("type 'tiara'", "split 'holdout'", "boxes", "none.png"))
    assert "line 3: " in str(caught.value)


def test_a_long_list_of_faults_is_cut_and_its_length_told(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "m.csv", "path", *(f"{number}.jpg" for number in range(80)))
    with pytest.raises(ManifestError, match=r"has 80 faults") as caught:
        read(source)
    assert "and 30 more" in str(caught.value)
    assert "line 52: " not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"file,item\na.jpg,1\n", "no column `path`"),
        (b"", "no column `path`"),
        (b"path,item_id\n", "names no picture"),
        (b"path,item_id\n\xff\xfe.jpg,1\n", "not UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_used_as_a_whole_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "m.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=words):
        read(tmp_path / "m.csv")


def test_a_path_that_is_nothing_is_told(tmp_path: Path) -> None:
    assert "no such file" in told(tmp_path / "nowhere")[0]
    assert "folder for each class" in told(tmp_path)[0]


def test_a_folder_for_each_class_is_read_and_types_are_known(tmp_path: Path) -> None:
    draw(tmp_path / "ring/a.jpg", 1)
    draw(tmp_path / "art deco/b.JPG", 2)
    (tmp_path / "ring/notes.txt").write_text("not a picture")
    found = {record.style: record.type for record in read(tmp_path)}
    assert found == {"ring": "ring", "art deco": ""}


def test_the_sample_catalogue_is_read_with_its_pieces_and_pictures() -> None:
    records = sets.sample_catalogue()
    with (sets.SAMPLE / "catalogue.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["sku"]: row for row in csv.DictReader(file)}
    assert {record.item_id for record in records} == set(rows)
    assert all(record.type == rows[record.item_id]["type"] for record in records)
    assert all(record.path.is_file() for record in records)


def test_query_photos_carry_the_piece_that_they_show() -> None:
    photos = sets.query_photos()
    assert {photo.path.stem for photo in photos if not photo.item_id} == {"OTHER-CUBE", "OTHER-JUG", "OTHER-PENCILS"}


def test_masks_with_piece_numbers_give_a_mask_a_piece_and_others_give_one(tmp_path: Path) -> None:
    levels = np.zeros((16, 20), np.uint8)
    levels[2:5, 2:5], levels[8:12, 8:15] = 1, 2
    numbered = Image.fromarray(levels, "P")
    numbered.putpalette([200, 10, 10] * 3)
    numbered.save(tmp_path / "numbered.png")
    Image.fromarray((levels > 0) * np.uint8(255)).save(tmp_path / "plain.png")
    boxes = (Box(0.1, 0.1, 0.3, 0.4), Box(0.4, 0.5, 0.8, 0.8))
    record = Record(tmp_path / "x.jpg", "0" * 64, mask=tmp_path / "numbered.png", boxes=boxes)
    assert [int(mask.sum()) for mask in piece_masks(record)] == [9, 28]
    assert [int(mask.sum()) for mask in piece_masks(replace(record, mask=tmp_path / "plain.png"))] == [37]
    assert piece_masks(replace(record, mask=None)) == []


def test_a_piece_that_others_hide_keeps_its_place_among_the_boxes(tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg")
    source = write_csv(tmp_path / "m.csv", "path,boxes", 'a.jpg,"[[0, 0, 0, 0], [0.1, 0.1, 0.9, 0.9]]"')
    assert read(source)[0].boxes == (HIDDEN, Box(0.1, 0.1, 0.9, 0.9))


def test_only_licences_that_allow_it_are_clean() -> None:
    words = ["own render", "MIT", "none stated", "repository MIT; pictures not named", ""]
    records = [Record(Path("x.jpg"), str(number), licence=licence) for number, licence in enumerate(words)]
    assert [record.clean for record in records] == [True, True, False, False, False]
    assert "| unnamed | MIT | yes | 1 |" in licence_table(records)


names = st.sampled_from(["", "a", "b", "c", "d"])
pictures = st.lists(st.tuples(names, names), min_size=1, max_size=30)


@settings(deadline=None)
@given(pictures)
def test_no_item_and_no_near_duplicate_is_ever_in_two_splits(drawn: list[tuple[str, str]]) -> None:
    records = [Record(Path(f"{n}.jpg"), f"{n}", item_id=item, dup_group=dup) for n, (item, dup) in enumerate(drawn)]
    split = assign(records)
    assert leaks(split) == {}
    for field in ("item_id", "dup_group"):
        for name in {getattr(record, field) for record in split} - {""}:
            assert len({record.split for record in split if getattr(record, field) == name}) == 1


@settings(deadline=None)
@given(pictures)
def test_a_picture_keeps_its_split_when_other_groups_come(drawn: list[tuple[str, str]]) -> None:
    records = [Record(Path(f"{n}.jpg"), f"{n}", item_id=item, dup_group=dup) for n, (item, dup) in enumerate(drawn)]
    first = groups(records)[0]
    alone = [record for record, group in zip(records, groups(records), strict=True) if group == first]
    assert [r.split for r in assign(records) if r.sha256 in {a.sha256 for a in alone}] == [
        r.split for r in assign(alone)
    ]


def test_splits_have_about_the_shares_that_are_asked_for() -> None:
    split = [record.split for record in assign([Record(Path("x.jpg"), f"{n:064x}") for n in range(4_000)])]
    assert abs(split.count("test") / 4_000 - 0.25) < 0.03
    assert abs(split.count("val") / 4_000 - 0.15) < 0.03


def test_a_leak_is_told_with_its_pictures() -> None:
    one = Record(Path("1.jpg"), "1", item_id="ring", split="train")
    two = Record(Path("2.jpg"), "2", item_id="ring", split="test")
    assert list(leaks([one, two]).values()) == [[one, two]]
