"""Suites on real pictures: the type, in shops that training saw and in others; and things that are no jewelry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lab.datasets import Record
from lab.evaluate import sets
from lab.evaluate.abstention import area_under_risk, rejection, risk_coverage
from lab.evaluate.classification import Classification, classify
from lab.evaluate.plots import calibrations, confusions
from lab.evaluate.report import Figures, Section, Table, share
from lab.evaluate.suites.run import Run
from lab.models.classes import KINDS, kind
from lab.models.port import Recogniser, Trainable
from lab.statistics import calibration_error, wilson
from lab.vectors import seen_of

OWN_SHOPS = ("jewellery-classification", "mundobijou", "watches")
UNSEEN_SHOPS = ("typeshops", "samepiece")
FALSE_REJECTION = 0.02
GEM_PENALTY = 0.03


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Train and validate without the collections `left_out`; test on `test`."""

    title: str
    left_out: tuple[str, ...]
    test: Sequence[Record]


def arrangements() -> list[Arrangement]:
    left_out = ("mundobijou", "jewellery-classification")
    return [
        Arrangement("shops' own test splits", (), sets.of(*OWN_SHOPS, split="test")),
        Arrangement("the ten test shops of typeshops", (), sets.of("typeshops", split="test")),
        *(Arrangement(f"{name} left out", (name,), sets.of(name)) for name in left_out),
    ]


def types(run: Run) -> list[Section]:
    """Type: pendant and necklace are one class."""
    sections = []
    models = [model for model in run.models if isinstance(model, Trainable)]
    for number, arrangement in enumerate(arrangements(), 1):
        test = [record for record in arrangement.test if kind(record)]
        labels = np.array([KINDS.index(kind(record)) for record in test])
        found = {}
        for model in models:
            recogniser = fitted(model, arrangement.left_out)
            found[model.name] = classify(recogniser.probabilities(test), labels, KINDS)
        confusions(run.out / f"type-{number}-confusion.png", found)
        calibrations(run.out / f"type-{number}-calibration.png", found)
        plots = [f"type-{number}-confusion.png", f"type-{number}-calibration.png"]
        tables, figures = tables_of(found)
        title = f"Type: {arrangement.title}"
        train = [r for r in sets.of(split="train") if kind(r) and r.collection not in arrangement.left_out]
        words = (
            f"{len(test)} pictures. Trained on {len(train)} of the train split of every collection"
            f"{' but ' + arrangement.left_out[0] if arrangement.left_out else ''}, each shop of a type counting by the "
            "root of its pictures (`textbook`: each picture once); calibrated on val pictures of shops that are in no "
            "training."
        )
        sections.append(Section(title, words, tables, figures, plots))
    return sections


def tables_of(found: dict[str, Classification]) -> tuple[list[Table], Figures]:
    """Overall and per class, a row a model, with 95% Wilson intervals."""
    overall, per_class = [], []
    figures: Figures = {}
    classes = next(iter(found.values())).classes
    for name, result in found.items():
        text, accuracy = share(result.right)
        error = calibration_error(result.confidence, result.right)
        aurc = area_under_risk(risk_coverage(result.confidence, result.right))
        overall.append([name, text, f"{result.macro_f1:.3f}", f"{error:.3f}", f"{aurc:.3f}"])
        counts = result.confusion.sum(axis=1)
        recalls = {}
        for place, of_class in enumerate(classes):
            if n := int(counts[place]):
                low, high = wilson(int(result.confusion[place, place]), n)
                recalls[of_class] = {"value": float(result.recall[place]), "low": low, "high": high, "n": n}
        per_class.append([name, *(f"{r['value']:.2f} ({r['low']:.2f}-{r['high']:.2f})" for r in recalls.values())])
        figures[name] = {
            "accuracy": accuracy,
            "macro_f1": result.macro_f1,
            "ece": error,
            "aurc": aurc,
            "recall": recalls,
        }
        header = [f"{of_class}, n {r['n']}" for of_class, r in recalls.items()]
    return [
        Table(("model", "accuracy", "macro-F1", "ECE", "AURC"), overall),
        Table(("recall", *header), per_class),
    ], figures


def notjewelry(run: Run) -> list[Section]:
    """Pictures of other things, turned away by the probability of the class not-jewelry."""
    others = sets.of("nonjewelry", split="test")
    kept = {
        "all test jewelry": [r for r in sets.of(split="test") if kind(r) not in ("", "not-jewelry", "loose-stone")],
        "jewelry of unseen shops": [record for record in sets.of(*UNSEEN_SHOPS, split="test") if kind(record)],
    }
    rows = []
    figures: Figures = {}
    for model in run.models:
        if not isinstance(model, Trainable):
            continue
        figures[model.name] = of_model = {}
        recogniser = fitted(model, ())
        place = list(recogniser.classes).index("not-jewelry")
        bad = 1 - recogniser.probabilities(others)[:, place]
        for on, records in kept.items():
            told = rejection(1 - recogniser.probabilities(records)[:, place], bad, FALSE_REJECTION)
            text, of_model[on] = share(told.rejected)
            of_model[on]["auroc"] = told.auroc
            rows.append([model.name, on, str(len(records)), f"{told.auroc:.3f}", f"{told.threshold:.3f}", text])
    words = (
        f"{len(others)} pictures of other things against jewelry. The threshold turns away 2% of the jewelry that it "
        "is measured on; higher scores are jewelry."
    )
    columns = ("model", "against", "pictures", "AUROC", "threshold", "other things turned away")
    return [Section("Not jewelry", words, [Table(columns, rows)], figures)]


def gems(run: Run) -> list[Section]:
    """Loose stones of 68 kinds, the published split."""
    train, test = sets.of("gems", split="train"), sets.of("gems", split="test")
    names = sorted({record.stone for record in train})
    taught, asked = (np.array([names.index(record.stone) for record in records]) for records in (train, test))
    rows = []
    figures: Figures = {}
    for model in run.models:
        if not isinstance(model, Trainable):
            continue
        head = make_pipeline(StandardScaler(), LogisticRegression(C=GEM_PENALTY, max_iter=1_000))
        head.fit(seen_of(model, train), taught)
        said = head.predict(seen_of(model, test))
        text, figures[model.name] = share(np.asarray(said == asked))
        rows.append([model.name, str(len(test)), text])
    words = (
        f"{len(names)} kinds, {len(train)} pictures to learn from, a linear head on what the model's heads see; "
        "the split is the published one (69.4% published)."
    )
    return [Section("Gems", words, [Table(("model", "pictures", "right"), rows)], figures)]


@cache
def fitted(model: Trainable, left_out: tuple[str, ...]) -> Recogniser:
    """The model's recogniser, trained without some collections and calibrated on the val pictures of unseen shops."""
    train = [record for record in sets.of(split="train") if record.collection not in left_out]
    val = sets.of(*UNSEEN_SHOPS, split="val")
    print(f"fitting {model.name} without {', '.join(left_out) or 'nothing'}", flush=True)
    return model.recogniser(train, val, KINDS)
