"""The sample shop on disk: `catalogue.csv` and three pictures a piece."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track

from lab.processes import pool
from lab.render.catalogue import Piece, pieces
from lab.render.dataset import jpeg, one_thread, replace_file
from lab.render.gltf import glb
from lab.render.parts import Parts
from lab.render.scene import photograph
from lab.render.shots import catalogue_shot

VIEWS = 3
PICTURE_SIZE = 256
SAMPLES = 18
CATALOGUE_SEED = 3
COLUMNS = [
    "sku",
    "title",
    "description",
    "price",
    "currency",
    "stock",
    "tags",
    "type",
    "metal",
    "stone",
    "model_url",
    "images",
]
MODELS = (
    "RING-DIAMOND-PRINCESS-22",
    "RING-CREST-29",
    "EAR-AMETHYST-DROP-14",
    "PEND-SAPPHIRE-PEAR-02",
    "BRAC-CURB-09",
    "WATCH-BLUE-02",
)
"""Pieces that the sample shows in 3-D, out of `services/gateway/page/models`."""
MODEL_BYTES = 200_000


def write_sample(
    out: Path, shop: Sequence[Piece] | None = None, size: int = PICTURE_SIZE, samples: int = SAMPLES
) -> None:
    """Write `out`/catalogue.csv and `out`/pictures/SKU-1.jpg to SKU-3.jpg of every piece, `size` pixels square.

    The same pieces give the same bytes. Pictures that are there already are kept, so a killed run goes on.
    """
    shop = pieces() if shop is None else shop
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    missing = [(piece, view) for piece in shop for view in range(VIEWS) if not _path(out, piece, view).is_file()]
    with pool(None, one_thread) as workers:
        tasks = [workers.submit(_picture, out, piece, view, size, samples) for piece, view in missing]
        for task in track(tasks, "sample pictures"):
            task.result()
    rows = [_row(out, piece) for piece in shop]
    with (out / "catalogue.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_models(out: Path, skus: Sequence[str] = MODELS, most: int = MODEL_BYTES) -> list[Path]:
    """Write `out`/SKU.glb of pieces of the shop, each of at most `most` bytes; pendants without their chain.

    The same piece gives the same bytes. Raises KeyError for a SKU that the shop has not, ValueError for a piece that
    is more bytes however few triangles its metal has.
    """
    shop = {piece.sku: piece for piece in pieces()}
    out.mkdir(parents=True, exist_ok=True)
    for sku in skus:
        (out / f"{sku}.glb").write_bytes(glb(modelled(shop[sku]), sku, most))
    return [out / f"{sku}.glb" for sku in skus]


def modelled(piece: Piece) -> Parts:
    """What the model of a piece is made of."""
    poses = piece.design.poses()
    return piece.design.parts("lone" if "lone" in poses else piece.pose)


def _path(out: Path, piece: Piece, view: int) -> Path:
    return out / "pictures" / f"{piece.sku}-{view + 1}.jpg"


def _picture(out: Path, piece: Piece, view: int, size: int, samples: int) -> None:
    random = np.random.default_rng([CATALOGUE_SEED, view, *piece.sku.encode()])
    shot = catalogue_shot(random, piece.pose == "standing", view)
    photo = photograph([piece.design.parts(piece.pose)], shot, size, samples, int(random.integers(1 << 24)))
    replace_file(_path(out, piece, view), jpeg(photo.picture, shot.quality))


def _row(out: Path, piece: Piece) -> dict[str, str | int]:
    told = piece.words(piece.design.parts(piece.pose))
    return {
        "sku": piece.sku,
        "title": told.title,
        "description": told.description,
        "price": told.price,
        "currency": "EUR",
        "stock": piece.stock,
        "tags": "|".join(told.tags),
        "type": piece.design.type,
        "metal": piece.design.metal,
        "stone": told.stone,
        "model_url": f"/page/models/{piece.sku}.glb" if piece.sku in MODELS else "",
        "images": "|".join(_path(out, piece, view).name for view in range(VIEWS)),
    }
