"""Stock-takes: which expected piece each piece on a tray is, and of what nobody is sure."""

from __future__ import annotations

import numpy as np
import pytest

from services.inventory.stocktake.matching import Matching, matched
from services.inventory.stocktake.sureness import Sureness

SKUS = ["A", "B", "C", "D"]
SURENESS = Sureness(slope=40, offset=-24, present=0.95, unexpected=0.98, missing=0.9)


def tray(*rows: list[float], **expected: int) -> Matching:
    return matched(np.array(rows, float).reshape(-1, len(SKUS)), SKUS, expected, SURENESS)


def told(found: Matching) -> list[tuple[str, str | None]]:
    return [(match.outcome, match.sku) for match in found.matches]


def test_what_is_there_is_present_and_what_is_not_is_missing() -> None:
    found = tray([0.9, 0.3, 0.2, 0.1], [0.2, 0.1, 0.85, 0.3], A=1, B=1, C=1)
    assert told(found) == [("present", "A"), ("present", "C")]
    assert (found.missing, found.unsure) == ({"B": 1}, {})


def test_a_piece_of_the_shop_that_should_not_lie_there_is_unexpected() -> None:
    found = tray([0.9, 0.3, 0.2, 0.1], [0.2, 0.1, 0.3, 0.95], A=1)
    assert told(found) == [("present", "A"), ("unexpected", "D")]


def test_a_piece_that_nobody_knows_is_asked_about() -> None:
    found = tray([0.3, 0.3, 0.2, 0.1], A=1)
    assert told(found) == [("unsure", None)]
    assert (found.missing, found.unsure) == ({}, {"A": 1})


def test_two_pieces_cannot_be_the_same_one_so_the_other_is_told_by_what_is_left() -> None:
    found = tray([0.92, 0.60, 0.1, 0.1], [0.85, 0.84, 0.1, 0.1], A=1, B=1)
    assert told(found) == [("present", "A"), ("present", "B")]


def test_several_of_one_item_are_counted() -> None:
    row = [0.9, 0.2, 0.1, 0.1]
    found = tray(row, row, row, A=4)
    assert told(found) == [("present", "A")] * 3
    assert found.missing == {"A": 1}


def test_twins_that_are_as_alike_are_sure_only_where_both_must_be_there() -> None:
    found = tray([0.8, 0.8, 0.1, 0.1], A=1, B=1)
    assert told(found) == [("unsure", None)]
    assert {candidate.sku for candidate in found.matches[0].candidates} == {"A", "B"}
    assert found.missing == {}
    assert found.unsure == {"A": 1, "B": 1}


def test_an_item_without_a_picture_is_never_told_to_be_missing() -> None:
    found = tray([0.9, 0.1, 0.1, 0.1], A=1, B=1, E=2)
    assert told(found) == [("present", "A")]
    assert (found.missing, found.unsure) == ({"B": 1}, {"E": 2})


def test_an_empty_tray_lacks_all_and_a_shop_without_pieces_knows_nothing() -> None:
    assert tray(A=1, B=2) == Matching((), {"A": 1, "B": 2}, {})
    assert told(matched(np.zeros((2, 0)), [], {}, SURENESS)) == [("unsure", None)] * 2


@pytest.mark.parametrize("seed", range(5))
def test_no_item_is_told_more_often_than_there_are_of_it_and_the_order_of_pieces_does_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    cosines = random.uniform(0.2, 0.95, (7, len(SKUS)))
    expected = {"A": 1, "B": 2, "C": 1}
    found = matched(cosines, SKUS, expected, SURENESS)
    for sku in SKUS:
        assert sum(match.sku == sku for match in found.matches) <= max(1, expected.get(sku, 0))
    turned = matched(cosines[::-1], SKUS, expected, SURENESS)
    assert sorted(map(str, told(turned))) == sorted(map(str, told(found)))
    for sku, count in expected.items():
        seen = sum(match.sku == sku for match in found.matches)
        assert seen + found.missing.get(sku, 0) + found.unsure.get(sku, 0) == count
