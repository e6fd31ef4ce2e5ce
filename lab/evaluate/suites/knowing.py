"""What packaged models say of themselves: their heads' confidences, and P(same piece)."""

from __future__ import annotations

from lab.evaluate import sets
from lab.evaluate.report import Figures, Section, Table
from lab.evaluate.suites.run import Run
from lab.models.onnx_folder import HeadedFolder
from lab.statistics import calibration_error, calibration_interval
from lab.train.heads import Fitted, labelled_by
from lab.train.heads_report import HEAD_COLUMNS, calibration, head_rows
from lab.train.sameness import asked
from lab.vectors import seen_of, vectors_of


def heads(run: Run) -> list[Section]:
    """Each head on the test split, and on those of it whose shop is in no other; P(same piece) in test shops."""
    rows, same_rows = [], []
    figures: Figures = {}
    same_figures: Figures = {}
    records = [*sets.of(split="test"), *sets.single_renders()]
    for model in run.models:
        if not isinstance(model, HeadedFolder):
            continue
        vectors, seen = vectors_of(model, records), seen_of(model, records)
        figures[model.name] = of_model = {}
        for name, head in model.heads.items():
            told = head.about.min_confidence < 1
            one = Fitted(name, head, labelled_by(name, head.about.classes, records, seen), told)
            rows += [[model.name, *row] for row in head_rows(one)]
            of_model[name] = {"ece": calibration(one)}
        if model.manifest.same:
            found = asked(records, vectors, "test", "shops")
            chances = found.chances(model.manifest.same)
            same_figures[model.name] = {"ece": calibration_error(chances.ravel(), found.same.ravel())}
            errors = [calibration_interval(chances[:, :best].ravel(), found.same[:, :best].ravel()) for best in (10, 1)]
            same_rows.append([model.name, *errors])
    words = "`all` is mostly shops whose other pictures were trained on; `shops` are wholly in this split."
    asks = "Of photographs of test shops, each asked twice: with its piece in the gallery and without."
    return [
        Section("Heads", words, [Table(("model", *HEAD_COLUMNS), rows)], figures),
        Section("Same or similar", asks, [Table(("model", "ECE, ten best", "ECE, best"), same_rows)], same_figures),
    ]
