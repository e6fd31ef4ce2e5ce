"""`python -m lab train-heads`: heads and P(same piece) on a model's vectors; trained on train, chosen on val."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from lab.datasets import Record, read, read_jewelry
from lab.evaluate import sets
from lab.models.onnx_folder import OnnxFolder
from lab.statistics import Bools, calibrate
from lab.train import sameness
from lab.train.card import card
from lab.train.heads_report import report
from lab.train.labels import label
from lab.train.sources import Sources, of_split
from lab.vectors import seen_of
from services.embedder.heads import UNTOLD, Head, Heads
from services.embedder.manifest import HEADS, HeadClasses, Manifest, file_sha256, read_manifest
from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.fields import Vector

UNSEEN_SHOPS = ("typeshops", "samepiece")
"""The collections whose shops are each wholly in one split: what they show is what a new shop will see."""
INVERSE_PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Of a head on the vector alone."""
WIDE_PENALTIES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
"""Of one on all that the encoder gives, each number scaled to a deviation of 1."""
MIN_PRECISION = 0.8
ENOUGH = 100
"""With so many labelled val pictures of unseen shops, they alone choose: renders like those learned from would choose
what knows renders (the clean type head: 0.34 of val shops right then, 0.47 so)."""
MIN_TOLD = 20
"""A threshold is believed when so many val pictures are told by it."""
FEWEST = 12
"""A class with fewer train pictures is not learned."""
STEPS = (*(round(step * 0.05, 2) for step in range(5, 20)), 0.97, 0.99)
REPORTS = Path(__file__).parents[1] / "reports" / "embedding"
CARD = "card.md"


@dataclass(frozen=True)
class Part:
    """Some pictures: `vectors` float32 [N, W] as heads see them, `labels` int [N] (places in the head's classes)."""

    rows: Sequence[Record]
    vectors: Vector
    labels: npt.NDArray[np.intp]

    def only(self, keep: Bools) -> Part:
        return Part(
            [row for row, kept in zip(self.rows, keep, strict=True) if kept], self.vectors[keep], self.labels[keep]
        )

    def split(self, name: str) -> Part:
        return self.only(np.array([row.split == name for row in self.rows], dtype=np.bool_))

    def unseen_shops(self) -> Part:
        return self.only(np.array([row.collection in UNSEEN_SHOPS for row in self.rows], dtype=np.bool_))

    def renders(self) -> Part:
        return self.only(np.array([row.licence == "own render" for row in self.rows], dtype=np.bool_))

    def judging(self) -> Part:
        """Those whose shop or design is in no other split, and things that are no jewelry."""
        keep = [
            row.collection in (*UNSEEN_SHOPS, "nonjewelry", "renders") or row.licence == "own render"
            for row in self.rows
        ]
        return self.only(np.array(keep, dtype=np.bool_))


@dataclass(frozen=True)
class Fitted:
    """A head with the pictures that it knows a label of. `told`: it is sure often enough to be shipped."""

    name: AttributeName
    head: Head
    labelled: Part
    told: bool


def train(folder: Path, renders: Path, sources: Sources) -> str:
    """Write heads.npz, the manifest's heads, thresholds and P(same piece), the card and the report; return the report.

    The type's head is stored even where it is never sure enough to tell one: it knows what is no jewelry.
    What decides (temperature, thresholds, P(same piece)) is chosen on val pictures of all sources.
    """
    manifest = read_manifest(folder)
    every = [*read_jewelry(), *(row for row in read(renders) if row.type != "set"), *sets.single_renders()]
    every = list({row.sha256: row for row in every}.values())
    taught = {row.sha256 for row in of_split(every, "train", sources)}
    rows = [row for row in every if row.split != "train" or row.sha256 in taught]
    seen = seen_of(OnnxFolder(folder.name, folder), rows)
    vectors = seen[:, : manifest.dimension]
    fitted = [found for name in ATTRIBUTES if (found := fit(name, rows, seen, manifest.dimension))]
    told = Heads({one.name: one.head for one in fitted if one.told or one.name == "type"})
    same = sameness.fit(rows, vectors, manifest.training.get("sources", ""))
    told.save(folder / HEADS)
    manifest = update(
        folder,
        manifest,
        training=manifest.training | {"heads": sources},
        heads={name: head.about for name, head in told.heads.items()},
        same=same.same,
        no_match_below=same.no_match_below,
        style=same.style,
        look_at_least=same.look_at_least,
        files=manifest.files | {HEADS: file_sha256(folder / HEADS)},
    )
    if of := manifest.training.get("sources"):  # where the encoder was not trained, the card is written by hand
        without = manifest.training["without"].split()
        embedding = of_split(every, "train", "all" if of == "all" else "clean", without)
        (folder / CARD).write_text(card(manifest, embedding, [row for row in rows if row.split == "train"]))
    text = report(fitted, same, rows, vectors)
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / f"heads-{manifest.version}.md").write_text(text)
    return text


def fit(name: AttributeName, rows: Sequence[Record], seen: Vector, dimension: int) -> Fitted | None:
    """The head of lowest loss on val, of unseen shops where there are enough, over L2 penalties and temperatures; None
    where nothing is there to learn from.

    It is on the vectors, the first `dimension` numbers of what is `seen`, or on all of that. Deterministic: the
    optimiser (L-BFGS) starts at zero.
    """
    words = [label(row, name) for row in rows]
    taught = Counter(word for word, row in zip(words, rows, strict=True) if word and row.split == "train")
    classes = sorted(word for word, count in taught.items() if count >= FEWEST)
    if len(classes) < 2:
        return None
    labelled = labelled_by(name, classes, rows, seen)
    part, judged = labelled.split("train"), labelled.split("val").judging()
    shops = judged.unseen_shops()
    choosing = shops if len(shops.rows) >= ENOUGH else judged
    weights, judged_weights, choosing_weights = map(sample_weights, (part, judged, choosing))
    best: tuple[float, Head] | None = None
    mean, deviation = part.vectors.mean(axis=0), part.vectors.std(axis=0) + 1e-6
    plain = np.zeros(dimension), np.ones(dimension)
    wide = [(each, mean, deviation) for each in WIDE_PENALTIES if part.vectors.shape[1] > dimension]
    for inverse, centre, scale in [*((each, *plain) for each in INVERSE_PENALTIES), *wide]:
        model = LogisticRegression(C=inverse, max_iter=300, tol=1e-3)
        model.fit((part.vectors[:, : len(scale)] - centre) / scale, part.labels, sample_weight=weights)
        model.coef_ = model.coef_ / scale
        model.intercept_ = model.intercept_ - model.coef_ @ centre
        head = _head(model, classes, 1.0, 0.0)
        _, loss = calibrate(head.logits(choosing.vectors), choosing.labels, choosing_weights)
        if best is None or loss < best[0]:
            temperature, _ = calibrate(head.logits(judged.vectors), judged.labels, judged_weights)
            best = (loss, _head(model, classes, temperature, 0.0))
    assert best is not None  # noqa: S101  there are penalties
    head = best[1]
    confidence = min_confidence(head, labelled.split("val").judging())
    about = head.about.model_copy(update={"min_confidence": confidence if confidence is not None else 1.0})
    return Fitted(name, Head(head.weight, head.bias, about), labelled, confidence is not None)


def labelled_by(name: AttributeName, classes: Sequence[str], rows: Sequence[Record], seen: Vector) -> Part:
    """The pictures of `rows`, `seen` by the model, of which a manifest says one of the head's classes."""
    words = [label(row, name) for row in rows]
    places = np.array([classes.index(word) if word in classes else -1 for word in words])
    return Part(rows, seen, places).only(places >= 0)


def _head(model: Any, classes: Sequence[str], temperature: float, min_confidence: float) -> Head:
    """Rounded as it is stored, so that what is measured is what is shipped."""
    weight, bias = model.coef_, model.intercept_
    if len(classes) == 2:
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    about = HeadClasses(classes=list(classes), temperature=round(temperature, 4), min_confidence=min_confidence)
    return Head(weight.astype(np.float16).astype(np.float32), bias.astype(np.float32), about)


def sample_weights(part: Part) -> npt.NDArray[np.float64]:
    """Each shop of each class counts by the root of its pictures, so that one catalogue does not drown ten shops."""
    groups = [
        (place, row.shop or row.collection, row.licence)
        for place, row in zip(part.labels.tolist(), part.rows, strict=True)
    ]
    size = Counter(groups)
    weights = np.array([size[group] ** -0.5 for group in groups], dtype=np.float64)
    weights /= weights.mean()
    return weights


def min_confidence(head: Head, judged: Part) -> float | None:
    """The lowest confidence from which on `MIN_PRECISION` of what is said is right, of shops and of renders alike.

    None where there is no such confidence, nothing is said, or too few photographs of shops have a label to judge by.
    """
    if len(judged.unseen_shops().rows) < MIN_TOLD:
        return None
    groups = [group for group in (judged.unseen_shops(), judged.renders()) if len(group.rows) >= MIN_TOLD]
    for step in STEPS:
        right = [of_group for group in groups if (of_group := _right_of_told(head, group, step)) is not None]
        if sum(map(len, right)) >= MIN_TOLD and all(len(of) < MIN_TOLD or of.mean() >= MIN_PRECISION for of in right):
            pooled = np.concatenate(right)
            if pooled.mean() >= MIN_PRECISION:
                return step
    return None


def _right_of_told(head: Head, part: Part, step: float) -> Bools:
    probabilities = head.probabilities(part.vectors)
    words = np.array([word not in UNTOLD for word in head.about.classes])
    said = (probabilities.max(axis=1) >= step) & words[probabilities.argmax(axis=1)]
    return np.asarray((probabilities.argmax(axis=1) == part.labels)[said])


def update(folder: Path, manifest: Manifest, **values: Any) -> Manifest:
    """Write the manifest with these values in place of what it had; returns it."""
    changed = manifest.model_copy(update=values)
    (folder / "manifest.json").write_text(changed.model_dump_json(indent=2) + "\n")
    return changed
