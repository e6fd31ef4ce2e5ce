"""Suites on real pictures: the same style (RingFIR) and the same piece (samepiece)."""

from __future__ import annotations

import numpy as np

from lab.datasets import Record
from lab.evaluate import sets
from lab.evaluate.abstention import rejection
from lab.evaluate.plots import bars
from lab.evaluate.report import Figures, Section, Table, share
from lab.evaluate.retrieval import search, similarities
from lab.evaluate.suites.run import RETRIEVAL_COLUMNS, Run, retrieval_row, worst_sheet
from lab.vectors import vectors_of

PUBLISHED = ["colour + LBP + HOG, published", "all 46 classes", "2579", "0.460", "", "0.151", ""]
MISSED_MATCHES = 0.05


def ringfir(run: Run) -> list[Section]:
    """The same style of gold earring: every picture is searched among all others."""
    every = sets.of("ringfir")
    others = sets.of("mundobijou")
    parts = {
        "all 46 classes": (every, [], False),
        "all 46 classes, near-duplicates set aside": (every, [], True),
        f"all 46 classes among {len(others)} pictures of mundobijou": (every, others, False),
        "14 test classes": ([record for record in every if record.split == "test"], [], False),
    }
    rows, heights = [PUBLISHED], {}
    figures: Figures = {}
    for model in run.models:
        figures[model.name] = of_model = {}
        for on, (records, distractors, aside) in parts.items():
            gallery = [*records, *distractors]
            vectors = vectors_of(model, gallery)
            styles = [record.style if record.collection == "ringfir" else None for record in gallery]
            skips = [(aside and record.dup_group) or record.sha256 for record in gallery]
            count = len(records)
            found = search(vectors[:count], vectors, styles[:count], styles, skips[:count], skips, model.distance)
            row, of_model[on] = retrieval_row(model.name, on, found, records)
            rows.append(row)
        heights[model.name] = [_bar(of_model[on]["mAP"]) for on in parts]
    bars(run.out / "ringfir.png", "RingFIR, mAP", list(parts), heights)
    words = (
        "Relevant: a picture of the same style class. No model was trained on the 14 test classes; `textbook` saw the "
        "other 32 as earrings. Published: 46 classes untrained, near-duplicates in."
    )
    return [Section("RingFIR, same style", words, [Table(RETRIEVAL_COLUMNS, rows)], figures, ["ringfir.png"])]


def samepiece(run: Run) -> list[Section]:
    """Another photograph of the same piece among all pictures but `typeshops`."""
    gallery = [record for record in sets.of() if record.collection != "typeshops"]
    labels = [piece(record) for record in gallery]
    skips = [record.sha256 for record in gallery]
    rows, notes, heights = [], [], {}
    figures: Figures = {}
    for model in run.models:
        figures[model.name] = of_model = {}
        vectors = vectors_of(model, gallery)
        for split in ("test", "val"):
            queries = sets.of("samepiece", split=split)
            asked = vectors_of(model, queries)
            own = [record.sha256 for record in queries]
            found = search(asked, vectors, list(map(piece, queries)), labels, own, skips, model.distance)
            worn = np.array([queries[place].view in ("worn", "hand") for place in found.queries.tolist()])
            views = {"all": None, "worn or in the hand": np.flatnonzero(worn), "other views": np.flatnonzero(~worn)}
            for view, keep in views.items():
                on = f"{split} shops, {view}"
                row, of_model[on] = retrieval_row(model.name, on, found, queries, keep)
                rows.append(row)
            notes.append(worst_sheet(run, f"samepiece-{split}-{model.name}", found, queries, gallery, piece))
        heights[model.name] = [_bar(of_model[on]["R@1"]) for on in list(of_model)]
    bars(run.out / "samepiece.png", "same piece, R@1", list(next(iter(figures.values()))), heights)
    words = (
        f"Gallery: {len(gallery)} pictures, all but `typeshops`, without the query's own. Relevant: another photograph "
        "of the piece. Whole shops are in one split."
    )
    words = "\n".join([words, *dict.fromkeys(notes)]).strip()
    return [
        Section("Same piece, real photographs", words, [Table(RETRIEVAL_COLUMNS, rows)], figures, ["samepiece.png"])
    ]


def notincatalogue(run: Run) -> list[Section]:
    """A piece that is not there: how often its best hit is told from a true one."""
    gallery = [record for record in sets.of() if record.collection != "typeshops"]
    rows = []
    figures: Figures = {}
    for model in run.models:
        figures[model.name] = of_model = {}
        vectors = vectors_of(model, gallery)
        for split in ("test", "val"):
            queries = sets.of("samepiece", split=split)
            similarity = similarities(vectors_of(model, queries), vectors, model.distance)
            own = np.array([[query.sha256 == record.sha256 for record in gallery] for query in queries])
            same = np.array([[piece(query) == piece(record) for record in gallery] for query in queries])
            present = np.where(own, -np.inf, similarity).max(axis=1)
            absent = np.where(same, -np.inf, similarity).max(axis=1)
            told = rejection(present, absent, MISSED_MATCHES)
            text, of_model[split] = share(told.rejected)
            of_model[split]["auroc"] = told.auroc
            rows.append([model.name, split, str(len(queries)), f"{told.auroc:.3f}", f"{told.threshold:.3f}", text])
    words = (
        "Queries and gallery as above. Present: the best hit's similarity with the piece in the gallery; absent: with "
        "all its photographs taken out. The threshold loses 5% of the present ones."
    )
    columns = ("model", "shops", "queries", "AUROC", "threshold", "absent pieces told so")
    return [Section("Not in the catalogue", words, [Table(columns, rows)], figures)]


def piece(record: Record) -> str | None:
    """The piece that a samepiece picture shows; no other collection has a second photograph of a piece."""
    return record.item_id if record.collection == "samepiece" else None


def _bar(figure: Figures) -> tuple[float, float, float]:
    return figure["value"], figure["low"], figure["high"]
