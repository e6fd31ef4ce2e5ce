"""A shop to learn from: pieces with two photographs each, which the backdrop makes look less alike than they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from shared.contracts.analysis import Attribute, Piece
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.training import TrainingPicture
from tests.support import small_model
from tests.support.drawn_pieces import jpeg

TYPES = ("ring", "watch")


def photographs(number: int) -> list[bytes]:
    """Two JPEGs of a piece in the middle, of colours of its own, each on another backdrop; the same for a number."""
    dice = np.random.default_rng(number)
    middle = dice.integers(0, 256, (2, 2, 3))
    taken = []
    for _ in range(2):
        grid = dice.integers(0, 256, (4, 4, 3))
        grid[1:3, 1:3] = np.clip(middle + dice.integers(-20, 21, middle.shape), 0, 255)
        picture = Image.fromarray(grid.astype(np.uint8)).resize((160, 160), Image.Resampling.NEAREST)
        taken.append(jpeg(picture))
    return taken


def piece_type(number: int) -> str:
    """What the piece is: a watch is redder in its middle than green."""
    red, green, _ = np.random.default_rng(number).integers(0, 256, (2, 2, 3)).sum(axis=(0, 1))
    return TYPES[int(red > green)]


def catalogue(folder: Path, count: int, types: Sequence[str] | None = None) -> Path:
    """A CSV of `count` items with two photographs each and their type; with one where `types` are said instead."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["sku,title,type,images"]
    for number in range(count):
        names = [f"{number}-{photo}.jpg" for photo in range(1 if types else 2)]
        for name, data in zip(names, photographs(number), strict=False):
            (folder / name).write_bytes(data)
        kind = types[number] if types else piece_type(number)
        lines.append(f"PIECE-{number:04},Piece {number},{kind},{'|'.join(names)}")
    file = folder / "catalogue.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def pictures(
    count: int,
    *,
    disturbed: float = 1.0,
    photos: int = 2,
    types: Sequence[str | None] | None = None,
    told: str | None = None,
) -> list[TrainingPicture]:
    """Of `count` pieces, each a point of the first 16 of 48 axes; what is `disturbed` between photos is in the others.

    `types` are what the shop says of each piece, `told` what the model in use says of all.
    """
    dice = np.random.default_rng(7)
    made = []
    for number in range(count):
        self, said = dice.normal(size=16), types[number] if types else None
        for photo in range(photos):
            rest = dice.normal(size=small_model.DIMENSION - 16) * disturbed
            vector = np.concatenate([self + 0.1 * dice.normal(size=16), rest])
            made.append(picture(number, photo, vector, said, told))
    return made


def picture(
    number: int, photo: int, vector: Vector, said: str | None = None, told: str | None = None
) -> TrainingPicture:
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return TrainingPicture(
        sku=f"PIECE-{number:04}",
        image_id=f"{number:08}-0000-0000-0000-{photo:012}",
        sha256=f"{number * 10 + photo:064x}",
        said={"type": said} if said else {},
        piece=Piece(vector=pack_vector(unit), type=Attribute(value=told, confidence=1) if told else None),
    )
