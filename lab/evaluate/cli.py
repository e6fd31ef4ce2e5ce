"""Suites by name and manifests by path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab.datasets import read
from lab.evaluate.own import evaluate
from lab.evaluate.report import Section, write
from lab.evaluate.suites import costing, fitting, knowing, quality, recognising, rendering, retrieving
from lab.evaluate.suites.run import Run, Suite
from lab.evaluate.targets import table
from lab.models import LOUPE, open_model

FLOORS = ("cbir", "textbook", "frozen")
EUCLIDEAN_TOO = ("ringfir", "samepiece")
"""Suites where the floor also compares frozen vectors by Euclidean distance, before they are scaled to unit length."""
REPORTS = Path(__file__).parents[1] / "reports"
FLOOR_REPORT = REPORTS / "floor"
TARGETS_REPORT = REPORTS / "targets"
SUITES: dict[str, Suite] = {
    "ringfir": retrieving.ringfir,
    "samepiece": retrieving.samepiece,
    "notincatalogue": retrieving.notincatalogue,
    "type": recognising.types,
    "notjewelry": recognising.notjewelry,
    "gems": recognising.gems,
    "heads": knowing.heads,
    "renders": rendering.renders,
    "twins": rendering.twins,
    "robustness": rendering.robustness,
    "trays": rendering.trays,
    "cost": costing.cost,
    "quality": quality.quality,
    "fit": fitting.fit,
}
FLOOR_SUITES = [name for name in SUITES if name not in ("quality", "fit", "heads")]


def run_suites(names: Sequence[str], models: Sequence[str], out: Path, command: str, title: str) -> str:
    """Measure models on suites side by side, write the report to `out`, and return it.

    Raises what `open_model` raises, and `SystemExit` where a suite needs the real pictures and they are not here.
    """
    return write(out, title, _words(command), _sections(names, models, out))


def _sections(names: Sequence[str], models: Sequence[str], out: Path) -> list[Section]:
    opened = [open_model(name) for name in models]
    sections: list[Section] = []
    for name in names:
        print(f"suite {name}", flush=True)
        also = [open_model("frozen-euclidean")] if tuple(models) == FLOORS and name in EUCLIDEAN_TOO else []
        sections += SUITES[name](Run([*opened, *also], out))
    return sections


def _words(command: str) -> str:
    return (
        f"Made and printed again by `{command}`. Brackets: 95% intervals, Wilson's for shares, by bootstrap for "
        "retrieval (over pieces). `docs/lab.md` says what each figure means."
    )


def measure_targets(models: Sequence[str], out: Path) -> str:
    """Every suite for the shipped models, and the table of targets beside the floors; returns that table.

    Raises `SystemExit` where the floors have not been measured.
    """
    floor = FLOOR_REPORT / "report.json"
    if not floor.is_file():
        raise SystemExit(f"{floor} is missing: measure the floors first, with `make floor`.")
    sections = _sections([*FLOOR_SUITES, "heads"], models, out)
    figures = json.loads(floor.read_text())
    for section in sections:
        figures[section.title] = {**figures.get(section.title, {}), **section.figures}
    names = [open_model(name).name for name in models]
    told = Section(
        "Targets",
        "The floors are those of `lab/reports/floor`. An empty cell: not measured of this model.",
        [table(figures, [*FLOORS, *names])],
    )
    write(out, "The models against their targets", _words("make evaluate"), [told, *sections])
    return told.markdown()


def measure_suite(name: str, models: Sequence[str], out: Path) -> str:
    """One suite; `floor`: every suite for the floors; `targets`: for the shipped models, against their targets.

    Of the last two, those without `models` are written to lab/reports.
    """
    command = f"python -m lab evaluate --suite {name}"
    if name == "floor":
        return run_suites(FLOOR_SUITES, models or FLOORS, out if models else FLOOR_REPORT, command, "The floor")
    if name == "targets":
        return measure_targets(models or [str(folder) for folder in LOUPE], out if models else TARGETS_REPORT)
    if name not in SUITES:
        raise SystemExit(f"There is no suite {name!r}; there are floor, targets, {', '.join(SUITES)}.")
    return run_suites([name], models or ["frozen"], out, command, f"Suite {name}")


def measure_own(model: str, gallery: Path, queries: Path | None, distractors: Path | None, out: Path) -> str:
    """A model on manifests. Raises `ManifestError` for a manifest that cannot be used."""
    there = read(gallery)
    others = [replace(record, item_id="", style="", type="") for record in read(distractors)] if distractors else []
    return evaluate(open_model(model), [*there, *others], read(queries) if queries else there, out)
