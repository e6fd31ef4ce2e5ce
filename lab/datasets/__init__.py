"""Pictures to train and measure on: one reader for every manifest, splits without leaks, licences."""

from __future__ import annotations

from pathlib import Path

from lab.datasets.faults import Fault, ManifestError
from lab.datasets.masks import Mask, piece_masks
from lab.datasets.reading import read
from lab.datasets.record import HIDDEN, TYPES, Box, Record, licence_table
from lab.datasets.splits import assign, leaks

JEWELRY = Path(__file__).parents[3] / "shared" / "data" / "jewelry"

__all__ = [
    "HIDDEN",
    "JEWELRY",
    "TYPES",
    "Box",
    "Fault",
    "ManifestError",
    "Mask",
    "Record",
    "assign",
    "leaks",
    "licence_table",
    "piece_masks",
    "read",
    "read_jewelry",
]


def read_jewelry() -> list[Record]:
    """All real pictures, in the order of their manifest. Raises `SystemExit` when they are not here."""
    if not (JEWELRY / "manifest.csv").is_file():
        raise SystemExit(
            "The real pictures are missing: they belong in ../shared/data/jewelry, beside this repository."
        )
    return read(JEWELRY)
