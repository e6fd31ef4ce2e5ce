"""The table of targets says what was met, what was missed and what was not measured."""

from __future__ import annotations

from lab.evaluate.targets import TARGETS, table, worst_class, worst_drop

FIGURES = {
    "Near-twins": {"good": {"among its family": {"value": 0.93, "low": 0.9, "high": 0.95, "n": 140}}},
    "Robustness": {"good": {"blur": [0.9, 0.89, 0.88, 0.5], "crop": [0.9, 0.9, 0.8, 0.7]}},
    "Type: shops' own test splits": {
        "good": {"recall": {"ring": {"value": 0.97, "n": 40}, "watch": {"value": 0.5, "n": 4}}}
    },
}


def row(what: str) -> list[str]:
    return next(list(row) for row in table(FIGURES, ["good", "unknown"]).rows if row[0] == what)


def test_a_figure_over_its_target_is_met_and_one_that_was_not_measured_is_left_empty() -> None:
    name = "near-twins, right one of the family first"
    assert row(name) == [name, "at least 0.9", "0.930 (0.90-0.95), met", ""]


def test_a_loss_over_its_limit_is_not_met() -> None:
    name = "robustness, largest drop of R@1 at the middle strength"
    assert row(name) == [name, "at most 0.03", "0.100", ""]
    found = worst_drop(FIGURES, "good")
    assert found is not None
    assert round(found["value"], 3) == 0.1, "the worst effect counts, at its middle strength"


def test_a_class_of_few_pictures_does_not_count_where_a_least_number_is_asked() -> None:
    found = worst_class("Type: shops' own test splits", 30)(FIGURES, "good")
    assert found is not None
    assert found["value"] == 0.97


def test_each_target_has_one_limit_and_a_name_of_its_own() -> None:
    assert all((target.at_least is None) != (target.at_most is None) for target in TARGETS)
    assert len({target.what for target in TARGETS}) == len(TARGETS)
