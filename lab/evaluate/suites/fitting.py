"""Which way of making a picture square finds the same piece best: measured."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
from PIL import Image

from lab.datasets import read_jewelry
from lab.evaluate.report import Section
from lab.evaluate.suites.run import Run
from lab.export import frozen
from lab.statistics import proportion
from services.embedder.decode import decode
from services.embedder.manifest import read_manifest
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.prepare import letterbox, normalise, scale

BATCH = 16
Fit = Callable[[Image.Image, int], Image.Image]


def squash(rgb: Image.Image, size: int) -> Image.Image:
    return rgb.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)


def on_white(rgb: Image.Image, size: int) -> Image.Image:
    """What the embedder does."""
    return letterbox(scale(rgb, size), size)


def edges_repeated(rgb: Image.Image, size: int) -> Image.Image:
    levels = np.asarray(scale(rgb, size))
    down, right = size - levels.shape[0], size - levels.shape[1]
    pad = ((down // 2, down - down // 2), (right // 2, right - right // 2), (0, 0))
    return Image.fromarray(np.pad(levels, pad, mode="edge"))


def fit(_run: Run) -> list[Section]:
    """The frozen encoder's R@1 of the same piece, samepiece pictures against samepiece and typeshops, a line a fit."""
    folder = frozen()
    manifest = read_manifest(folder)
    encoder = OnnxEncoder(folder, manifest, os.cpu_count() or 1)
    size = manifest.input_size
    rows = [row for row in read_jewelry() if row.collection in ("samepiece", "typeshops")]
    rows.sort(key=lambda row: row.collection)
    queries = sum(row.collection == "samepiece" for row in rows)
    item = np.array([row.item_id for row in rows])
    fits: dict[str, Fit] = {
        "squash": squash,
        "letterbox on white": on_white,
        "letterbox, edges repeated": edges_repeated,
    }
    lines = []
    for name, way in fits.items():
        prepared = [normalise(way(decode(row.path.read_bytes(), size).rgb, size)) for row in rows]
        batches = [encoder.forward(np.stack(prepared[at : at + BATCH])) for at in range(0, len(rows), BATCH)]
        vectors = np.concatenate(batches)
        similarity = vectors[:queries] @ vectors.T
        np.fill_diagonal(similarity, -1)
        lines.append(f"{name}: R@1 {proportion(item[similarity.argmax(axis=1)] == item[:queries])}")
    return [Section("Fit", "\n".join(lines))]
