"""The targets of the model, a row each, met or not, from the figures of reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.evaluate.report import Table

Figures = Mapping[str, Any]
Measure = Callable[[Figures, str], Figures | None]
"""Figures of all suites and a model's name -> `value` and, where there is one, its interval `low`, `high`."""
MIDDLE = 2
"""Of the robustness strengths; 0 is the picture as it is."""


@dataclass(frozen=True, slots=True)
class Target:
    what: str
    measure: Measure
    at_least: float | None = None
    at_most: float | None = None

    def said(self) -> str:
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"

    def met(self, value: float) -> bool:
        over = self.at_least is None or value >= self.at_least
        return over and (self.at_most is None or value <= self.at_most)


def at(section: str, *keys: str) -> Measure:
    """A figure by the title of its section and its keys below the model."""

    def measure(figures: Figures, model: str) -> Figures | None:
        found: Any = figures.get(section, {}).get(model)
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            return None
        return found if isinstance(found, Mapping) else {"value": found}

    return measure


def worst_class(section: str, least: int = 0) -> Measure:
    """The lowest recall of the classes with at least so many pictures."""

    def measure(figures: Figures, model: str) -> Figures | None:
        recalls = figures.get(section, {}).get(model, {}).get("recall", {})
        counted = [recall for recall in recalls.values() if recall["n"] >= least]
        return min(counted, key=lambda recall: float(recall["value"]), default=None)

    return measure


def worst_drop(figures: Figures, model: str) -> Figures | None:
    """The largest loss of R@1 by an effect at its middle strength."""
    effects = figures.get("Robustness", {}).get(model)
    return {"value": max(row[0] - row[MIDDLE] for row in effects.values())} if effects else None


def worst_ece(figures: Figures, model: str) -> Figures | None:
    """The largest calibration error of a head."""
    heads = figures.get("Heads", {}).get(model)
    return {"value": max(head["ece"] for head in heads.values())} if heads else None


HOME, TEN = "Type: shops' own test splits", "Type: the ten test shops of typeshops"
LEFT_OUT = ("mundobijou", "jewellery-classification")
TARGETS = (
    *(
        Target(f"type, {shop} left out{which}", measure(f"Type: {shop} left out"), least)
        for shop in LEFT_OUT
        for which, measure, least in (
            ("", lambda section: at(section, "accuracy"), 0.95),
            (", worst class", worst_class, 0.9),
        )
    ),
    Target("type, the ten test shops of typeshops", at(TEN, "accuracy"), 0.95),
    Target("type, shops' own test splits", at(HOME, "accuracy"), 0.985),
    Target("type, shops' own test splits, worst class of 30 or more", worst_class(HOME, 30), 0.96),
    Target("RingFIR, 14 test classes, R@1", at("RingFIR, same style", "14 test classes", "R@1"), 0.9),
    Target("RingFIR, 14 test classes, mAP", at("RingFIR, same style", "14 test classes", "mAP"), 0.55),
    *(
        Target(f"same real piece, {on}, {metric}", at("Same piece, real photographs", on, metric), least)
        for on, metric, least in (
            ("test shops, all", "R@1", 0.85),
            ("test shops, all", "R@5", 0.93),
            ("val shops, all", "R@1", 0.6),
            ("val shops, all", "R@5", 0.7),
        )
    ),
    Target(
        "same piece, 500 unseen renders, R@1", at("Same piece, renders", "evaluation set, other photo", "R@1"), 0.97
    ),
    Target("near-twins, right one of the family first", at("Near-twins", "among its family"), 0.9),
    Target("robustness, largest drop of R@1 at the middle strength", worst_drop, at_most=0.03),
    *(
        Target(f"finding: {on}, {what}", at("Finding the pieces", on, key), least)
        for on, what, key, least in (
            ("real hands, ring masks over 500 px", "mean IoU", "iou", 0.8),
            ("renders of one piece", "mean IoU", "iou", 0.92),
            ("trays", "count exact", "count_exact", 0.95),
        )
    ),
    Target("calibration error, worst head", worst_ece, at_most=0.03),
    Target("calibration error of P(same piece)", at("Same or similar", "ece"), at_most=0.03),
    Target("loose stones, 68 kinds, top 1", at("Gems"), 0.8),
    Target("things that are not jewelry, turned away at 2% false", at("Not jewelry", "all test jewelry"), 0.95),
    Target("pieces not in the catalogue, told so at 5% missed", at("Not in the catalogue", "test"), 0.9),
)


def table(figures: Figures, models: Sequence[str]) -> Table:
    """A row a target, a column a model: the figure with its interval, and whether the target is met."""
    rows = []
    for target in TARGETS:
        cells = []
        for model in models:
            found = target.measure(figures, model)
            if found is None:
                cells.append("")
                continue
            interval = f" ({found['low']:.2f}-{found['high']:.2f})" if "low" in found else ""
            cells.append(f"{found['value']:.3f}{interval}{', met' if target.met(found['value']) else ''}")
        rows.append([target.what, target.said(), *cells])
    return Table(("what", "target", *models), rows)
