"""A model on anybody's pictures: a gallery manifest and a query manifest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from lab.datasets import Record, assign
from lab.evaluate.classification import classify
from lab.evaluate.plots import calibrations, confusions
from lab.evaluate.report import Section, Table, write
from lab.evaluate.retrieval import search
from lab.evaluate.suites.recognising import tables_of
from lab.evaluate.suites.run import RETRIEVAL_COLUMNS, Run, retrieval_row, worst_sheet
from lab.models.classes import KINDS, kind
from lab.models.port import Classifier, Model, Trainable
from lab.vectors import vectors_of

LABELS: dict[str, Callable[[Record], Hashable]] = {
    "same item": lambda record: record.item_id or None,
    "same style": lambda record: (record.type, record.style) if record.style else None,
    "same type": lambda record: kind(record) or None,
}


def evaluate(model: Model, gallery: Sequence[Record], queries: Sequence[Record], out: Path) -> str:
    """Write the report to `out` and return it. A query that is in the gallery too is searched without itself."""
    run = Run([model], out)
    sections = [
        section
        for section in (_retrieval(run, model, gallery, queries), _types(run, model, gallery, queries))
        if section
    ]
    words = f"{len(queries)} queries against a gallery of {len(gallery)} pictures. Brackets: 95% intervals."
    if not sections:
        words += " Nothing could be measured: no query has an item_id, class or type that the gallery has too."
    return write(out, f"`{model.name}` on your pictures", words, sections)


def _retrieval(run: Run, model: Model, gallery: Sequence[Record], queries: Sequence[Record]) -> Section | None:
    asked, there = vectors_of(model, queries), vectors_of(model, gallery)
    rows, figures, notes = [], {}, []
    for on, label in LABELS.items():
        found = search(
            asked,
            there,
            [label(record) for record in queries],
            [label(record) for record in gallery],
            [record.sha256 for record in queries],
            [record.sha256 for record in gallery],
            model.distance,
        )
        if len(found.queries):
            row, figures[on] = retrieval_row(model.name, on, found, queries)
            rows.append(row)
            notes.append(worst_sheet(run, f"worst-{on.replace(' ', '-')}", found, queries, gallery, label))
    if not rows:
        return None
    return Section("Search", "\n".join(dict.fromkeys(notes)).strip(), [Table(RETRIEVAL_COLUMNS, rows)], figures)


def _types(run: Run, model: Model, gallery: Sequence[Record], queries: Sequence[Record]) -> Section | None:
    test, learned = [record for record in queries if kind(record)], []
    if isinstance(model, Classifier):
        recogniser, words = model.own_recogniser(), "By the model's own head."
    elif isinstance(model, Trainable):
        asked = {record.sha256 for record in test}
        learned = [record for record in gallery if kind(record) and record.sha256 not in asked]
        words = "By a classifier fitted to the gallery's types."
        if not learned:
            split = assign(test)
            learned, test = [[r for r in split if (r.split == "test") == wanted] for wanted in (False, True)]
            words = "By a classifier fitted to some of your pieces and tested on the others."
        if len({kind(record) for record in learned}) < 2:
            return None
        recogniser = model.recogniser(learned, learned, KINDS)
    else:
        return None
    if not test:
        return None
    labels = np.array([KINDS.index(kind(record)) for record in test])
    found = {model.name: classify(recogniser.probabilities(test), labels, KINDS)}
    confusions(run.out / "type-confusion.png", found)
    calibrations(run.out / "type-calibration.png", found)
    tables, figures = tables_of(found)
    plots = ["type-confusion.png", "type-calibration.png"]
    return Section("Type", f"{words} Pendants count as necklaces.", tables, figures, plots)
