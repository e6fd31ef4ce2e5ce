"""One picture of a manifest, and what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

TYPES = (
    "bracelet",
    "brooch",
    "earring",
    "loose-stone",
    "necklace",
    "not-jewelry",
    "pendant",
    "ring",
    "set",
    "watch",
)
SPLITS = ("train", "val", "test")
CLEAN_LICENCES = frozenset(
    {"own render", "MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "Unlicense"}
)
"""SPDX names (and our own renders) whose pictures anybody may train on and pass on. All other words are not clean."""


class Box(NamedTuple):
    """Corners as fractions of width and height, 0..1, `x0 < x1` and `y0 < y1`."""

    x0: float
    y0: float
    x1: float
    y1: float


HIDDEN = Box(0, 0, 0, 0)
"""The box of a piece that others cover wholly."""


@dataclass(frozen=True, slots=True)
class Record:
    """One picture. What a manifest does not know is an empty string, an empty tuple or None.

    `collection` is the manifest's column `set`, `style` its column `class`, `shop` its column `source_repo`. Pictures
    of one `dup_group` look the same. `family` names near-twins: designs that differ in one thing. `mask` is a picture
    of the same shape, read by `piece_masks`. `parameters` holds every further column.
    """

    path: Path
    sha256: str
    collection: str = ""
    split: str = ""
    type: str = ""
    style: str = ""
    item_id: str = ""
    shop: str = ""
    metal: str = ""
    stone: str = ""
    view: str = ""
    licence: str = ""
    dup_group: str = ""
    family: str = ""
    mask: Path | None = None
    boxes: tuple[Box, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def clean(self) -> bool:
        """Whether its licence allows a model trained on it to be called clean."""
        return self.licence in CLEAN_LICENCES


def licence_table(records: Sequence[Record]) -> str:
    """Markdown for a model card: a row a collection and licence, whether it is clean, and how many pictures."""
    counts = Counter(
        (record.collection or "unnamed", record.licence or "none stated", record.clean) for record in records
    )
    lines = ["| collection | licence | clean | pictures |", "|---|---|---|---|"]
    for (collection, licence, clean), count in sorted(counts.items()):
        lines.append(f"| {collection} | {licence} | {'yes' if clean else 'no'} | {count} |")
    return "\n".join(lines)
