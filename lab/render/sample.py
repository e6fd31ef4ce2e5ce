"""The sample shop on disk: `catalogue.csv` and three pictures a piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from lab.render.catalogue import Piece
from lab.render.scene import photograph
from lab.render.shots import studio

VIEWS = 3
PICTURE_SIZE = 256
SAMPLES = 40
CATALOGUE_SEED = 3
COLUMNS = ["sku", "title", "description", "price", "currency", "stock", "tags", "type", "metal", "stone", "images"]


def write_sample(pieces: Iterable[Piece], out: Path, size: int = PICTURE_SIZE, samples: int = SAMPLES) -> None:
    """Write `out`/catalogue.csv and `out`/pictures/SKU-1.jpg to SKU-3.jpg of every piece, `size` pixels square.

    The same pieces give the same bytes.
    """
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    rows = []
    for index, piece in enumerate(pieces):
        parts = piece.build()
        names = []
        for view in range(VIEWS):
            shot = studio(piece.standing, view, CATALOGUE_SEED * 1000 + index)
            picture = photograph(parts, shot, size, samples, CATALOGUE_SEED * 10_000 + index * VIEWS + view)
            names.append(f"{piece.sku}-{view + 1}.jpg")
            (out / "pictures" / names[-1]).write_bytes(jpeg(picture, shot.quality))
        rows.append({**piece.words, "currency": "EUR", "images": "|".join(names)})
        print(f"{piece.sku}: {len(names)} pictures", flush=True)
    with (out / "catalogue.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def jpeg(picture: npt.NDArray[np.uint8], quality: int) -> bytes:
    """`picture` (h, w, 3) uint8 as JPEG, `quality` 1..95."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
