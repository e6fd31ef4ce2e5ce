"""Train the linear type head on the train split, calibrate and choose thresholds on val, report on test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from lab import no_match
from lab.datasets import Row, embeddings, read_rows
from lab.type_report import report
from services.embedder.heads import TypeHead
from services.embedder.manifest import TYPE_HEAD, Manifest, TypeClasses, file_sha256, read_manifest
from shared.contracts.fields import Vector

CLASSES = ["bracelet", "earring", "loose-stone", "necklace", "not-jewelry", "pendant", "ring", "watch"]
"""Of the manifest's types: `brooch` has no train picture and `set` shows several pieces, so neither can be learned."""
UNSEEN_SHOPS = ("typeshops", "samepiece")
"""The collections whose shops are each wholly in one split: what they show is what a new shop will see."""
PENALTIES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
MIN_PRECISION = 0.9
REPORT = Path(__file__).parent / "reports" / "type-head.md"


@dataclass(frozen=True)
class Part:
    """Some pictures: `vectors` float32 [N, D], `labels` int [N] (places in CLASSES)."""

    rows: Sequence[Row]
    vectors: Vector
    labels: npt.NDArray[np.intp]

    def only(self, keep: npt.NDArray[np.bool_]) -> Part:
        return Part(
            [row for row, kept in zip(self.rows, keep, strict=True) if kept], self.vectors[keep], self.labels[keep]
        )

    def split(self, name: str) -> Part:
        return self.only(np.array([row.split == name for row in self.rows]))

    def unseen_shops(self) -> Part:
        return self.only(np.array([row.collection in UNSEEN_SHOPS for row in self.rows]))


def train(folder: Path) -> str:
    """Write type_head.npz, the manifest's thresholds and the report; return the report."""
    manifest = read_manifest(folder)
    rows = read_rows()
    vectors = embeddings(rows, folder, manifest)
    known = np.array([row.type in CLASSES for row in rows])
    labels = np.array([CLASSES.index(row.type) if row.type in CLASSES else -1 for row in rows])
    labelled = Part(rows, vectors, labels).only(known)
    head, penalty = fit(labelled.split("train"), labelled.split("val"))
    threshold = no_match.choose(no_match.best_scores(rows, vectors, "val")[0])
    head.save(folder / TYPE_HEAD)
    write_manifest(folder, manifest, head.types, threshold)
    tables = "\n".join(no_match.rates(rows, vectors, split, threshold) for split in ("val", "test"))
    text = report(head, penalty, labelled, threshold, tables)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(text)
    return text


def fit(train: Part, val: Part) -> tuple[TypeHead, float]:
    """The head of lowest loss on val pictures of unseen shops, over L2 penalties and temperatures; and its 1/penalty.

    Deterministic: the optimiser (L-BFGS) starts at zero.
    """
    scaler = StandardScaler().fit(train.vectors)
    weights = sample_weights(train)
    judged = val.unseen_shops()
    best: tuple[float, float, TypeHead] | None = None
    for inverse in PENALTIES:
        model = LogisticRegression(C=inverse, max_iter=2_000)
        model.fit(scaler.transform(train.vectors), train.labels, sample_weight=weights)
        weight = model.coef_ / scaler.scale_
        bias = model.intercept_ - weight @ scaler.mean_
        # Rounded as it is stored, so that what is measured is what is shipped.
        head = _head(weight.astype(np.float16).astype(np.float32), bias.astype(np.float32), 1.0, 0.0)
        temperature, loss = calibrate(head.logits(judged.vectors), judged.labels)
        if best is None or loss < best[0]:
            best = (loss, inverse, _head(head.weight, head.bias, temperature, 0.0))
    assert best is not None  # noqa: S101  PENALTIES is not empty
    head = best[2]
    confidence = min_confidence(head.probabilities(judged.vectors), judged.labels)
    return _head(head.weight, head.bias, head.types.temperature, confidence), best[1]


def _head(weight: Vector, bias: Vector, temperature: float, min_confidence: float) -> TypeHead:
    return TypeHead(
        weight, bias, TypeClasses(classes=CLASSES, temperature=round(temperature, 4), min_confidence=min_confidence)
    )


def sample_weights(part: Part) -> npt.NDArray[np.float64]:
    """Each shop of each type counts by the root of its pictures, so that one catalogue does not drown ten shops."""
    groups = [(row.type, row.shop) for row in part.rows]
    size = Counter(groups)
    weights = np.array([size[group] ** -0.5 for group in groups], dtype=np.float64)
    weights /= weights.mean()
    return weights


def calibrate(logits: Vector, labels: npt.NDArray[np.intp]) -> tuple[float, float]:
    """The temperature of lowest negative log likelihood (Guo et al. 2017, section 4.2), and that likelihood."""

    def loss(temperature: float) -> float:
        scaled = logits.astype(np.float64) / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]).mean())

    losses = [(loss(temperature), temperature) for temperature in np.geomspace(0.1, 20, 400).tolist()]
    lowest, best = min(losses)
    return best, lowest


def min_confidence(probabilities: Vector, labels: npt.NDArray[np.intp]) -> float:
    """The lowest confidence, in steps of 0.05, from which on at least 90% of the types said are right; 0.95 if none."""
    best = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    for step in range(4, 20):
        said = confidence >= step * 0.05
        if said.any() and (best == labels)[said].mean() >= MIN_PRECISION:
            return round(step * 0.05, 2)
    return 0.95


def write_manifest(folder: Path, manifest: Manifest, types: TypeClasses, threshold: float) -> None:
    updated = manifest.model_copy(
        update={
            "files": manifest.files | {TYPE_HEAD: file_sha256(folder / TYPE_HEAD)},
            "types": types,
            "no_match_below": threshold,
        }
    )
    (folder / "manifest.json").write_text(updated.model_dump_json(indent=2) + "\n")
