"""Suites on our own renders: designs, near-twins, robustness, trays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from lab.datasets import HIDDEN, Record, piece_masks
from lab.evaluate import sets
from lab.evaluate.perturb import BACKGROUND, EFFECTS, Perturbation
from lab.evaluate.plots import drops
from lab.evaluate.report import Figures, Section, Table, share
from lab.evaluate.retrieval import search, similarities
from lab.evaluate.segmentation import average_precision_50, boundary_f, box_of, mask_iou
from lab.evaluate.suites.run import RETRIEVAL_COLUMNS, Run, retrieval_row, worst_sheet
from lab.models.port import Model, Segmenter
from lab.vectors import vectors_of
from services.embedder.decode import decode

STRENGTHS = ("none", "weak", "middle", "strong")


def renders(run: Run) -> list[Section]:
    """The same piece under other light, angle and ground."""
    parts: dict[str, tuple[Sequence[Record], Sequence[Record]]] = {
        "evaluation set, other photo": sets.first_against_rest(sets.single_renders()),
        "sample shop, phone photos": (sets.sample_catalogue(), sets.query_photos()),
    }
    rows, notes = [], []
    figures: Figures = {}
    for model in run.models:
        figures[model.name] = of_model = {}
        for on, (gallery, queries) in parts.items():
            found = search(
                vectors_of(model, queries),
                vectors_of(model, gallery),
                [record.item_id or None for record in queries],
                [record.item_id for record in gallery],
                [record.sha256 for record in queries],
                [record.sha256 for record in gallery],
                model.distance,
            )
            row, of_model[on] = retrieval_row(model.name, on, found, queries)
            rows.append(row)
            sheet = f"renders-{on.split(',')[0].replace(' ', '-')}-{model.name}"
            notes.append(worst_sheet(run, sheet, found, queries, gallery, lambda record: record.item_id))
    words = (
        "The sample shop shows each piece once on white, once on grey and once on cloth or wood, so all that is right "
        "lies on other ground, and what goes by the ground finds nothing."
    )
    words = "\n".join([words, *dict.fromkeys(notes)]).strip()
    return [Section("Same piece, renders", words, [Table(RETRIEVAL_COLUMNS, rows)], figures)]


def twins(run: Run) -> list[Section]:
    """Designs that differ in one thing: how often the right one is first."""
    gallery, queries = sets.first_against_rest(sets.single_renders())
    asked = [record for record in queries if record.family]
    families = np.array([[record.family == other.family for other in gallery] for record in asked])
    item = np.array([record.item_id for record in gallery])
    wanted = np.array([record.item_id for record in asked])
    rows = []
    figures: Figures = {}
    differences: dict[str, list[int]] = defaultdict(list)
    for place, record in enumerate(asked):
        differences[record.parameters.get("differs", "")].append(place)
    for model in run.models:
        similarity = similarities(vectors_of(model, asked), vectors_of(model, gallery), model.distance)
        among = item[np.where(families, similarity, -np.inf).argmax(axis=1)] == wanted
        first = item[similarity.argmax(axis=1)] == wanted
        texts, figures[model.name] = [], {}
        for on, hits in (("among its family", among), ("in the whole gallery", first)):
            text, figures[model.name][on] = share(hits)
            texts.append(text)
        by = {name: share(among[places]) for name, places in sorted(differences.items())}
        figures[model.name]["by difference"] = {name: figure for name, (_, figure) in by.items()}
        rows.append([model.name, str(len(asked)), *texts, *(text for text, _ in by.values())])
    columns = ["model", "queries", "first among its family", "first in the whole gallery", *sorted(differences)]
    words = f"{len({record.family for record in asked})} families. The last columns: among its family, by what differs."
    return [Section("Near-twins", words, [Table(columns, rows)], figures)]


def robustness(run: Run) -> list[Section]:
    """One thing goes wrong with the query at a time."""
    gallery, queries = sets.first_against_rest(sets.single_renders())
    words = "Queries: the further photo of each design; gallery: the first photos."
    effects = {name: strengths for name, (_, strengths) in EFFECTS.items()}
    if all(record.mask for record in queries):
        effects[BACKGROUND[0]] = BACKGROUND[1]
    else:
        words += " Skipped: new backgrounds, for want of masks."
    figures: dict[str, dict[str, list[float]]] = {}
    for model in run.models:
        untouched = _first(model, queries, gallery, None)
        figures[model.name] = {
            name: [untouched, *(_first(model, queries, gallery, Perturbation(name, s)) for s in strengths)]
            for name, strengths in effects.items()
        }
    rows = [["none", "", *(f"{next(iter(of_model.values()))[0]:.3f}" for of_model in figures.values())]]
    for name, strengths in effects.items():
        for place, (word, strength) in enumerate(zip(STRENGTHS[1:], strengths, strict=True), 1):
            lines = [of_model[name] for of_model in figures.values()]
            changes = [f"{values[place]:.3f} ({values[place] - values[0]:+.3f})" for values in lines]
            rows.append([name, f"{word}, {strength:g}", *changes])
    drops(run.out / "robustness.png", figures, STRENGTHS)
    columns = ["perturbation", "strength", *figures]
    words += f" R@1 of {len(queries)} queries, and the change; `lab/evaluate/perturb.py` gives the units."
    return [Section("Robustness", words, [Table(columns, rows)], figures, ["robustness.png"])]


def _first(model: Model, queries: Sequence[Record], gallery: Sequence[Record], change: Perturbation | None) -> float:
    found = search(
        vectors_of(model, queries, change, str(change or "")),
        vectors_of(model, gallery),
        [record.item_id for record in queries],
        [record.item_id for record in gallery],
        [record.sha256 for record in queries],
        [record.sha256 for record in gallery],
        model.distance,
    )
    return float(found.first.mean())


def trays(run: Run) -> list[Section]:
    """Finding the pieces: single renders, trays, and the ring masks of real hands."""
    parts = {"renders of one piece": sets.single_renders(), "trays": sets.trays(), **_hands()}
    finders = [model for model in run.models if isinstance(model, Segmenter)]
    rows = []
    figures: Figures = {}
    for model in finders:
        figures[model.name] = {}
        for on, records in parts.items():
            if records:
                row, figures[model.name][on] = _found_pieces(model, on, records)
                rows.append(row)
    words = "" if finders else "None of the models finds pieces."
    columns = (
        "model",
        "on",
        "pictures",
        "mean IoU",
        "boundary F (2 px)",
        "boxes AP50",
        "count exact",
        "mean count error",
    )
    return [
        Section("Finding the pieces", words, [Table(columns, rows)] if rows else [], figures),
        *_counted(finders),
    ]


def _counted(finders: Sequence[Segmenter]) -> list[Section]:
    """How many pieces are seen in real photographs of one, and in pictures of other things."""
    try:
        parts = {
            "shops never trained on, one piece (or pair) a picture": [
                record for record in sets.of("samepiece", "typeshops", split="test") if record.type != "set"
            ],
            "not jewelry": sets.of("nonjewelry", split="test"),
        }
    except SystemExit:
        return []
    rows: list[list[str]] = []
    figures: Figures = {}
    for model in finders:
        name = getattr(model, "name", "")
        for on, records in parts.items():
            counts = np.array([len(model.masks(decode(record.path.read_bytes(), 512).rgb)) for record in records])
            told = [share(seen) for seen in (counts == 0, counts == 1, counts > 1)]
            rows.append([name, on, str(len(records)), *(text for text, _ in told)])
            figures[f"{name}, {on}"] = dict(
                zip(("none", "one", "several"), (figure for _, figure in told), strict=True)
            )
    words = "Where none is found the whole picture is analysed as one piece without confidence."
    table = Table(("model", "on", "pictures", "none found", "one", "several"), rows)
    return [Section("Counting the pieces of real photographs", words, [table], figures)] if rows else []


def _hands() -> dict[str, list[Record]]:
    """Real pictures of hands whose ring mask has over 500 px; none where the real pictures are not."""
    try:
        hands = sets.of("hands", split="test")
    except SystemExit:
        return {}
    return {"real hands, ring masks over 500 px": [r for r in hands if np.sum(piece_masks(r)) > 500]}


def _found_pieces(model: Segmenter, on: str, records: Sequence[Record]) -> tuple[list[str], dict[str, object]]:
    overlaps, edges, found_boxes, true_boxes, errors = [], [], [], [], []
    for record in records:
        picture = decode(record.path.read_bytes(), 4096).rgb
        true = piece_masks(record)
        found = model.masks(picture)
        nothing = np.zeros(true[0].shape, np.bool_)
        one, two = np.logical_or.reduce([nothing, *found]), np.logical_or.reduce([nothing, *true])
        overlaps.append(mask_iou(one, two))
        edges.append(boundary_f(one, two))
        found_boxes.append([box_of(mask) for mask in found])
        true_boxes.append([box for box in record.boxes if box != HIDDEN])
        errors.append(abs(len(found) - len(true_boxes[-1])))
    exact, figure = share(np.array(errors) == 0)
    values = {
        "iou": float(np.mean(overlaps)),
        "boundary_f": float(np.mean(edges)),
        "ap50": average_precision_50(found_boxes, true_boxes),
        "count_exact": figure,
        "count_error": float(np.mean(errors)),
    }
    name = getattr(model, "name", "")
    texts = [f"{values['iou']:.3f}", f"{values['boundary_f']:.3f}", f"{values['ap50']:.3f}", exact]
    return [name, on, str(len(records)), *texts, f"{values['count_error']:.2f}"], values
