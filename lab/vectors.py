"""Vectors of pictures by any model, computed once, side by side, and kept on disk: a run that is cut off goes on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache
from os import cpu_count
from pathlib import Path

import numpy as np
from PIL import Image

from lab.datasets import Record
from lab.models.port import Headed, Model, Vectors
from lab.processes import pool
from services.embedder.decode import decode

CACHE = Path(__file__).parent / "cache"
SHARD = 500
Change = Callable[[Image.Image, Record], Image.Image]
"""What is done to a picture before the model sees it. Must pickle."""


def vectors_of(model: Model, records: Sequence[Record], change: Change | None = None, change_name: str = "") -> Vectors:
    """float32 [N, D], row by row: of a `Headed` model the vectors alone. Cosine models' have unit length.

    `change_name` names `change` and its strength in the cache. Raises what decoding raises (`shared.errors`).
    """
    found = _rows(model, records, change, change_name)
    if isinstance(model, Headed):
        found = found[:, : model.dimension]
    if model.distance == "cosine":
        found = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return found


def seen_of(model: Model, records: Sequence[Record]) -> Vectors:
    """float32 [N, W], row by row, what a head on the model sees: its vectors and, of a `Headed` model, all else."""
    return _rows(model, records) if isinstance(model, Headed) else vectors_of(model, records)


def _rows(model: Model, records: Sequence[Record], change: Change | None = None, change_name: str = "") -> Vectors:
    folder = CACHE / "vectors" / _folder_name(model, change_name)
    known = _read(folder)
    missing = list({record.sha256: record for record in records if record.sha256 not in known}.values())
    for start in range(0, len(missing), SHARD):
        shard = missing[start : start + SHARD]
        began = time.monotonic()
        rows = np.stack(list(_embedded(model, shard, change)))
        _write(folder, [record.sha256 for record in shard], rows)
        known |= dict(zip((record.sha256 for record in shard), rows, strict=True))
        if len(missing) >= SHARD:
            done = start + len(shard)
            rate = len(shard) / (time.monotonic() - began)
            left = (len(missing) - done) / rate
            print(f"{model.name} {change_name}: {done} of {len(missing)}, {rate:.0f}/s, {left:.0f} s left", flush=True)
    if not records:
        return np.zeros((0, 0), np.float32)
    return np.stack([known[record.sha256] for record in records])


def source_sha256(*modules: object) -> str:
    """A hash of the modules' source: part of a fingerprint, so that changed code is not answered from the cache."""
    digest = hashlib.sha256()
    for module in modules:
        digest.update(Path(str(module.__file__)).read_bytes())  # type: ignore[attr-defined]  # modules have one
    return digest.hexdigest()


def _folder_name(model: Model, change_name: str) -> str:
    return hashlib.sha256(f"{model.fingerprint} {change_name}".encode()).hexdigest()[:12]


def _read(folder: Path) -> dict[str, Vectors]:
    return dict(_shard_rows(folder)) if folder.is_dir() else {}


def _shard_rows(folder: Path) -> Iterator[tuple[str, Vectors]]:
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as arrays:
            yield from zip(arrays["sha256"].tolist(), arrays["vectors"], strict=True)


def _write(folder: Path, names: Sequence[str], rows: Vectors) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(''.join(names).encode()).hexdigest()[:16]}.npz"
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, sha256=np.array(names), vectors=rows)
    unfinished.replace(path)


def _embedded(model: Model, records: Sequence[Record], change: Change | None) -> Iterator[Vectors]:
    tasks = [(model, record, change) for record in records]
    yield from _pool(model.workers).map(_embed, tasks, chunksize=8)


@lru_cache(maxsize=2)
def _pool(workers: str) -> Executor:
    if workers == "threads":
        return ThreadPoolExecutor(cpu_count())
    return pool(cpu_count())


def _embed(task: tuple[Model, Record, Change | None]) -> Vectors:
    model, record, change = task
    picture = decode(record.path.read_bytes(), model.size if change is None else 2 * model.size).rgb
    return model.embed(picture if change is None else change(picture, record))
