"""What every suite is given, and the row that all retrieval tables share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.datasets import Record
from lab.evaluate.report import Figures, Section, mean
from lab.evaluate.retrieval import Places, Retrieval
from lab.evaluate.sheets import REPOSITORY, write_sheet
from lab.models.port import Model

RETRIEVAL_COLUMNS = ("model", "on", "queries", "R@1", "R@5", "mAP", "P@10")
WORST = 12


@dataclass(frozen=True, slots=True)
class Run:
    """The models to measure side by side, and the folder of the report."""

    models: Sequence[Model]
    out: Path


Suite = Callable[[Run], list[Section]]
Label = Callable[[Record], Hashable]


def retrieval_row(
    model: str, on: str, found: Retrieval, queries: Sequence[Record], keep: Places | None = None
) -> tuple[list[str], Figures]:
    """A table's row and its figures; `keep` are the places within `found` that count (all by default).

    Intervals are bootstrapped over pieces where the queries are pieces, else over queries.
    """
    places = np.arange(len(found.queries)) if keep is None else keep
    groups = [queries[place].item_id or queries[place].sha256 for place in found.queries[places].tolist()]
    figures: Figures = {}
    texts = []
    for name, values in (
        ("R@1", found.first),
        ("R@5", found.five),
        ("mAP", found.average_precision),
        ("P@10", found.precision10),
    ):
        text, figures[name] = mean(values[places].astype(np.float64), groups)
        texts.append(text)
    return [model, on, str(len(places)), *texts], figures


def worst_sheet(
    run: Run, name: str, found: Retrieval, queries: Sequence[Record], gallery: Sequence[Record], label: Label
) -> str:
    """Draw the surest wrong answers (query, best hit, what was wanted) and say in which folder the sheet lies."""
    relevant: dict[Hashable, list[Record]] = defaultdict(list)
    for record in gallery:
        relevant[label(record)].append(record)
    wrong = np.flatnonzero(~found.first)
    rows = []
    for place in wrong[np.argsort(-found.score[wrong])][:WORST].tolist():
        query, hit = queries[found.queries[place]], gallery[found.best[place]]
        wanted = next(record for record in relevant[label(query)] if record.sha256 != query.sha256)
        rows.append((f"{query.path.name} found {hit.path.name} at {found.score[place]:.2f}", [query, hit, wanted]))
    if not rows:
        return ""
    return (
        f"Worst failures: in `{told_path(write_sheet(run.out, name, rows).parent)}` (query, best hit, what was wanted)."
    )


def told_path(path: Path) -> str:
    """Relative to the repository where it is inside."""
    return str(path.resolve().relative_to(REPOSITORY)) if path.resolve().is_relative_to(REPOSITORY) else str(path)
