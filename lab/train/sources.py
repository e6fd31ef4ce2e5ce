"""What the embedding is trained and validated on, and which pictures show the same piece."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from lab.datasets import TYPES, Record, leaks, read, read_jewelry
from lab.datasets.splits import groups

Sources = Literal["clean", "all"]
Labels = npt.NDArray[np.int64]

NOT_A_PIECE = ("hands",)
"""Collections whose `dup_group` is a person, not a piece."""
STYLED = ("ringfir", "gems")
"""Collections whose `class` says what looks alike; elsewhere it is a brand or a shop's shelf."""
OWN_RENDER = "own render"
FEW_VIEWS = ("gems", "hands", "nonjewelry")
MANY_VIEWS = ("samepiece", "typeshops")


@dataclass(frozen=True, slots=True)
class Picture:
    """A record with what training knows of it; -1 = not known.

    `piece`: pictures of equal `piece` show the same piece. `style`, `type`: likewise; `family`: near-twins.
    `told_apart`: pictures of another `piece` show another piece; else that is only known of other styles.
    `shop`: the scene that batches are drawn from, so that a backdrop tells nothing.
    """

    record: Record
    piece: int
    style: int
    type: int
    family: int
    shop: str
    told_apart: bool

    @property
    def views(self) -> int:
        """How many augmentations are cached: view 0 is the picture as it is."""
        if self.record.collection in FEW_VIEWS:
            return 1
        return 5 if self.record.collection in MANY_VIEWS else 4 if self.record.clean else 3


def read_all(renders: Path) -> list[Record]:
    """The real pictures and our own renders of one piece. Raises `SystemExit` when a group crosses train and val."""
    records = [*read_jewelry(), *(record for record in read(renders) if record.type != "set")]
    used = [record for record in records if record.split in ("train", "val")]
    crossing = [name for name, those in leaks(used).items() if not {r.collection for r in those} <= {"gems", "ringfir"}]
    if crossing:
        raise SystemExit(f"{len(crossing)} groups are in train and in val, {crossing[0]} among them: split them anew.")
    return records


def of_split(records: Sequence[Record], split: str, sources: Sources, without: Collection[str] = ()) -> list[Record]:
    """The records of a split that a model of these sources may see; `without` names collections left out."""
    return [
        record
        for record in records
        if record.split == split and record.collection not in without and (record.clean or sources == "all")
    ]


def pictures(records: Sequence[Record]) -> list[Picture]:
    """Records with their labels as whole numbers."""
    own = [replace(r, item_id="", dup_group="") if r.collection in NOT_A_PIECE else r for r in records]
    piece = _numbers(groups(own))
    style = _numbers([_style(record) for record in records])
    family = _numbers([record.family for record in records])
    return [
        Picture(
            record,
            piece[place],
            style[place],
            TYPES.index(record.type) if record.type in TYPES else -1,
            family[place],
            record.shop or record.collection,
            record.licence == OWN_RENDER,
        )
        for place, record in enumerate(records)
    ]


def _style(record: Record) -> str:
    if record.licence == OWN_RENDER:
        return f"{record.type} {record.style}"
    return f"{record.collection} {record.style}" if record.collection in STYLED and record.style else ""


def manifest_sha256(records: Sequence[Record]) -> str:
    """A hash of which pictures were used, as what: the same pictures and labels give the same hash in any order."""
    lines = sorted(f"{r.sha256} {r.split} {r.type} {r.style} {r.item_id} {r.dup_group} {r.family}" for r in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _numbers(names: Sequence[str]) -> list[int]:
    known = {name: place for place, name in enumerate(sorted({name for name in names if name}))}
    return [known.get(name, -1) for name in names]
