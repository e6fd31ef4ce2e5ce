"""The real pictures of ../shared/data/jewelry and their embeddings by the embedder's own steps, kept in lab/cache."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.embedder import decode as decoding
from services.embedder import prepare as preparing
from services.embedder.manifest import ENCODER, Manifest
from services.embedder.onnx_encoder import OnnxEncoder
from shared.contracts.fields import Vector

JEWELRY = Path(__file__).parents[2] / "shared" / "data" / "jewelry"
CACHE = Path(__file__).parent / "cache"
BATCH = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of the manifest; what it does not know is an empty string. `collection` is the manifest's `set`."""

    path: Path
    collection: str
    split: str
    type: str
    style: str
    item_id: str
    shop: str
    sha256: str
    dup_group: str


def read_rows() -> list[Row]:
    """All pictures, in the order of the manifest. Raises `SystemExit` when they are not here."""
    if not (JEWELRY / "manifest.csv").is_file():
        raise SystemExit(
            "The real pictures are missing: they belong in ../shared/data/jewelry, beside this repository."
        )
    with (JEWELRY / "manifest.csv").open(newline="") as file:
        return [
            Row(
                path=JEWELRY / entry["path"],
                collection=entry["set"],
                split=entry["split"],
                type=entry["type"],
                style=entry["class"],
                item_id=entry["item_id"],
                shop=entry["source_repo"],
                sha256=entry["sha256"],
                dup_group=entry["dup_group"],
            )
            for entry in csv.DictReader(file)
        ]


def embeddings(rows: Sequence[Row], folder: Path, manifest: Manifest) -> Vector:
    """Unit-length float32 [N, dimension], row by row; computed once for a model file and its preprocessing."""
    cache = CACHE / f"{manifest.version}-{_fingerprint(manifest)}.npz"
    known = _read(cache)
    missing = [row for row in rows if row.sha256 not in known]
    if missing:
        known |= dict(zip((row.sha256 for row in missing), _compute(missing, folder, manifest), strict=True))
        CACHE.mkdir(exist_ok=True)
        np.savez(cache, sha256=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[row.sha256] for row in rows])


def _read(cache: Path) -> dict[str, Vector]:
    if not cache.is_file():
        return {}
    with np.load(cache, allow_pickle=False) as arrays:
        return dict(zip(arrays["sha256"].tolist(), arrays["vectors"], strict=True))


def _fingerprint(manifest: Manifest) -> str:
    digest = hashlib.sha256(manifest.files[ENCODER].encode())
    for module in (decoding, preparing):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]


def _compute(rows: Sequence[Row], folder: Path, manifest: Manifest) -> list[Vector]:
    encoder = OnnxEncoder(folder, manifest, threads=os.cpu_count() or 1)
    prepared = _preparer(manifest.input_size)
    found: list[Vector] = []
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(rows), BATCH):
            batch = np.stack(list(pool.map(prepared, rows[start : start + BATCH])))
            found.extend(encoder.forward(batch))
            if start // BATCH % 50 == 0:
                print(f"embedded {start + len(batch)} of {len(rows)}", flush=True)
    return found


def _preparer(size: int) -> Callable[[Row], preparing.Prepared]:
    def prepared(row: Row) -> preparing.Prepared:
        rgb = decoding.decode(row.path.read_bytes(), size).rgb
        return preparing.normalise(preparing.letterbox(preparing.scale(rgb, size), size))

    return prepared
