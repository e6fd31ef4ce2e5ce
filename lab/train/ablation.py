"""What each ingredient of a trained embedding brings, one line each, on the test splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import load_file
from torch import Tensor

from lab.datasets import Record
from lab.evaluate import sets
from lab.evaluate.report import Section, Table, mean, share, write
from lab.evaluate.retrieval import search
from lab.models.port import Vectors
from lab.train.fit import GEM_P
from lab.train.fusion import Fusion, Linear, choose
from lab.train.parts import Parts, split
from lab.train.run import SIZE, TRAIN_SIZE
from lab.train.sources import read_all
from lab.train.validation import drawn, questions, shop_weights
from lab.vectors import vectors_of
from services.embedder.manifest import TRAINED, read_manifest

REPORT = Path(__file__).parents[1] / "reports" / "embedding"
DISTRACTORS = 500
WHITENED_ON = 1_000
COLUMNS = (
    "vector",
    "numbers",
    "same piece, test shops, R@1",
    "R@5",
    "same piece, val shops, R@1",
    "RingFIR test classes, R@1",
    "mAP",
    "renders, other photo, R@1",
    "near-twins, right one of the family",
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the lines are measured on."""

    pieces: Sequence[Record]
    others: Sequence[Record]
    styles: Sequence[Record]
    designs: Sequence[Record]

    @property
    def all(self) -> list[Record]:
        return [*self.pieces, *self.others, *self.styles, *self.designs]


def ablate(folders: Sequence[Path], renders: Path) -> str:
    """Measure the frozen network and each packaged model by ingredients; write lab/reports/embedding."""
    shown = Pictures(
        sets.of("samepiece"),
        drawn([r for r in sets.of() if r.collection not in ("samepiece", "typeshops", "ringfir")], DISTRACTORS),
        sets.of("ringfir", split="test"),
        sets.single_renders(),
    )
    lines: dict[str, Vectors] = {}
    lines[f"frozen, {TRAIN_SIZE} px"] = split(_parts(f"frozen, {TRAIN_SIZE} px", {}, TRAIN_SIZE, shown.all))[0]
    parts = _parts(f"frozen, {SIZE} px", {}, SIZE, shown.all)
    fusion = frozen_fusion(renders)
    lines[f"frozen, {SIZE} px"] = split(parts)[0]
    lines[f"frozen, {SIZE} px, whitened"] = fusion.deep(split(parts)[0])
    lines[f"frozen, {SIZE} px, whitened, with colours ({fusion.colour_weight:g})"] = fusion(parts)
    for folder in folders:
        name = read_manifest(folder).version
        weights, fusion = load_fusion(folder)
        lines[f"{name}, {TRAIN_SIZE} px, not whitened"] = split(_parts(name, weights, TRAIN_SIZE, shown.all))[0]
        parts = _parts(name, weights, SIZE, shown.all)
        lines[f"{name}, {SIZE} px, not whitened"] = split(parts)[0]
        lines[f"{name}, {SIZE} px, whitened"] = fusion.deep(split(parts)[0])
        lines[f"{name}, {SIZE} px, whitened, with colours ({fusion.colour_weight:g}), as packaged"] = fusion(parts)
        lines[f"{name}, its colours alone"] = fusion.colours(split(parts)[1])
    rows, figures = [], {}
    for name, vectors in lines.items():
        row, figures[name] = measure(name, vectors, shown)
        rows.append(row)
    words = (
        "Made and printed again by `python -m lab ablate-embedding`. Brackets: 95% intervals. Same piece: the pictures "
        f"of `samepiece` among all of its pictures and {len(shown.others)} others, so figures are higher than the "
        "suite's, whose gallery is larger. Renders and near-twins: the evaluation set, as the suites have it."
    )
    return write(
        REPORT,
        "What each ingredient brings",
        words,
        [Section("Lines", "", [Table(COLUMNS, rows)], figures)],
    )


def frozen_fusion(renders: Path) -> Fusion:
    """As training fits it, for the network that was not trained."""
    records = read_all(renders)
    fitted_on = drawn([r for r in records if r.split == "train" and r.collection != "gems"], WHITENED_ON)
    asked = questions(records)
    looked_at = {r.sha256: r for question in asked for r in (*question.queries, *question.gallery)}
    known = _parts(f"frozen, {SIZE} px", {}, SIZE, list(looked_at.values()))
    train = _parts(f"frozen, {SIZE} px", {}, SIZE, fitted_on)
    return choose(train, shop_weights(fitted_on), dict(zip(looked_at, known, strict=True)), asked)


def load_fusion(folder: Path) -> tuple[dict[str, Tensor], Fusion]:
    """The trunk's trained weights by their names in it, and the fusion, of a packaged model."""
    stored = {name: value.float() for name, value in load_file(folder / TRAINED).items()}
    prefix = "features.trunk."
    trunk = {name.removeprefix(prefix): value for name, value in stored.items() if name.startswith(prefix)}
    deep, colours = (
        Linear(stored[f"{part}.weight"].numpy(), stored[f"{part}.bias"].numpy())
        for part in ("whiten", "whiten_colours")
    )
    return trunk, Fusion(deep, colours, float(stored["colour_weight"]), 0.0, 0.0, 0.0)


def measure(name: str, vectors: Vectors, shown: Pictures) -> tuple[list[str], Mapping[str, object]]:
    """A line of the table and its figures. `vectors` are of `shown.all`."""
    by_name = {record.sha256: vector for record, vector in zip(shown.all, vectors, strict=True)}

    def of(records: Sequence[Record]) -> Vectors:
        return np.stack([by_name[record.sha256] for record in records])

    texts, figures = [], {}
    gallery = [*shown.pieces, *shown.others]
    for part in ("test", "val"):
        queries = [record for record in shown.pieces if record.split == part]
        labels = [r.item_id if r.collection == "samepiece" else None for r in gallery]
        items = [record.item_id for record in queries]
        found = search(of(queries), of(gallery), items, labels, _names(queries), _names(gallery))
        groups = [items[place] for place in found.queries.tolist()]
        for label, hits in (("R@1", found.first), ("R@5", found.five))[: 2 if part == "test" else 1]:
            text, figures[f"same piece, {part} shops, {label}"] = mean(hits.astype(np.float64), groups)
            texts.append(text)
    styles = [record.style for record in shown.styles]
    found = search(of(shown.styles), of(shown.styles), styles, styles, _names(shown.styles), _names(shown.styles))
    for label, values in (("R@1", found.first.astype(np.float64)), ("mAP", found.average_precision)):
        text, figures[f"RingFIR, {label}"] = mean(values)
        texts.append(text)
    first, further = sets.first_against_rest(shown.designs)
    similarity = of(further) @ of(first).T
    item = np.array([record.item_id for record in first])
    wanted = np.array([record.item_id for record in further])
    text, figures["renders, R@1"] = share(item[similarity.argmax(axis=1)] == wanted)
    texts.append(text)
    family = np.array([[a.family == b.family and a.family != "" for b in first] for a in further])
    twins = family.any(axis=1)
    among = item[np.where(family, similarity, -np.inf).argmax(axis=1)] == wanted
    text, figures["near-twins"] = share(among[twins])
    return [name, str(vectors.shape[1]), *texts, text], figures


def _parts(name: str, weights: Mapping[str, Tensor], size: int, records: Sequence[Record]) -> Vectors:
    return vectors_of(Parts(name, weights, GEM_P, size), records)


def _names(records: Sequence[Record]) -> list[str]:
    return [record.sha256 for record in records]
