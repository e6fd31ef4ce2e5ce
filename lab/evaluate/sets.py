"""The sets that suites measure on, by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lab.datasets import Record, read, read_jewelry
from lab.datasets.rows import picture_sha256

ROOT = Path(__file__).parents[2]
EVALUATION = ROOT / "lab" / "evaluation" / "renders"
SAMPLE = ROOT / "deploy" / "local" / "sample"
QUERY_PHOTOS = ROOT / "tests" / "fixtures" / "query_photos"
RINGFIR_TEST = 14
"""Style classes that RingFIR's split keeps for the test."""


@cache
def jewelry() -> list[Record]:
    """All real pictures. Raises `SystemExit` when they are not here."""
    return read_jewelry()


def of(*collections: str, split: str = "") -> list[Record]:
    """The real pictures of some collections (all if none is named), of one split or of all."""
    return [
        record
        for record in jewelry()
        if (not collections or record.collection in collections) and split in ("", record.split)
    ]


def single_renders() -> list[Record]:
    """The evaluation set's pictures of one piece."""
    return [record for record in evaluation() if record.type != "set"]


def trays() -> list[Record]:
    """The evaluation set's pictures of several pieces."""
    return [record for record in evaluation() if record.type == "set"]


@cache
def evaluation() -> list[Record]:
    """The committed evaluation set of renders."""
    return read(EVALUATION)


def first_against_rest(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Gallery and queries: the first picture of each item, and every further one."""
    first = {record.item_id: record for record in reversed(records)}
    return list(first.values()), [record for record in records if first[record.item_id] is not record]


def sample_catalogue() -> list[Record]:
    """The pictures of the sample shop, three a piece."""
    return read(SAMPLE)


def query_photos() -> list[Record]:
    """Phone photos of some of its pieces; `item_id` is empty where the thing is not in the catalogue."""
    records = []
    known = {record.item_id: record for record in sample_catalogue()}
    for path in sorted(QUERY_PHOTOS.glob("*.jpg")):
        piece = known.get(path.stem)
        sha256, _ = picture_sha256(path)
        records.append(
            Record(path, sha256, "query photos", item_id=path.stem if piece else "", type=piece.type if piece else "")
        )
    return records
