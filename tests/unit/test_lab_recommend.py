"""The protocol of the lab's evaluation of suggestions, on a file small enough to count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lab.recommend import figures, peers, served
from lab.recommend.evaluate import Model, evaluate
from lab.recommend.interactions import Interactions, Questions, read

RANDOM = np.random.default_rng(1)


@pytest.fixture
def five() -> Interactions:
    """Item 0 is had by three in training, 1 by two, 2 and 3 by one; 12 and 13 are first seen as test targets."""
    rows = [[0, 1, 2, 0 + 4, 12], [0, 3, 5, 1], [1, 0, 6, 13]]
    return Interactions(14, [np.array(row) for row in rows])


def test_items_of_a_file_are_told_apart_by_nothing_but_who_has_them(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("1 1 2 3 4\n2 4 3 2 5 6\n")
    data = read(tmp_path / "file.txt")
    assert data.items == 6
    assert [len(one) for one in data.sequences] == [4, 5]
    first, second = (one.tolist() for one in data.sequences)
    assert first[1:] == [second[2], second[1], second[0]]
    assert sorted({*first, *second}) == list(range(6))


def test_the_last_is_asked_for_given_all_before_and_models_learn_from_all_but_the_last_two(five: Interactions) -> None:
    assert [one.tolist() for one in five.training] == [[0, 1, 2], [0, 3], [1, 0]]
    assert five.test.targets.tolist() == [12, 1, 13]
    assert [one.tolist() for one in five.test.had] == [[0, 1, 2, 4], [0, 3, 5], [1, 0, 6]]
    assert five.validation.targets.tolist() == [4, 5, 6]
    assert five.popularity.tolist() == [3, 2, 1, 1] + [0] * 10


def test_figures_are_those_counted_by_hand(five: Interactions) -> None:
    lists = np.array(
        [[3, 5, 6, 7, 8, 9, 12, 10, 11, 13], [1, 2, 4, 6, 7, 8, 9, 10, 11, 12], [2, 3, 4, 5, 7, 8, 9, 10, 11, 12]]
    )
    found = figures.measure(lists, five.test.targets, five.popularity)
    assert (found.of, found.cold) == (3, 2)
    assert (found.hr5, found.hr10) == pytest.approx((1 / 3, 2 / 3))  # places 7 and 1, and not at all
    assert found.ndcg5 == pytest.approx(1 / 3)
    assert found.ndcg10 == pytest.approx((1 + 1 / 3) / 3)  # 1 / log2(2) and 1 / log2(8)
    assert found.hr10_cold == pytest.approx(1 / 2)
    assert found.coverage == pytest.approx(13 / 14)  # all but item 0
    ones = np.full(30, np.log2(7))  # an item with one of the 7 interactions of training, or with none
    assert found.novelty == pytest.approx((ones.sum() - 1) / 30)  # item 1 has two


def test_lists_are_of_what_the_shopper_has_not_the_best_first(five: Interactions) -> None:
    lists = peers.popularity(five, {})(five.test)
    assert lists[0, 0] == 3
    assert lists[1, :2].tolist() == [1, 2]
    assert set(lists[2, :2]) == {2, 3}
    for row, had in zip(lists, five.test.had, strict=True):
        assert not set(row) & set(had.tolist())
        assert len(set(row)) == 10


def test_cooccurrence_is_damped_by_popularity_and_weighs_the_last_item_most(five: Interactions) -> None:
    asked = Questions(np.array([0]), [np.array([3, 2])], np.array([0]))
    best = peers.cooccurrence(five, {})(asked)[0]
    # 1 stood with 2: 1 / sqrt(2). 0 stood with 2 and, one further back, with 3: (1 + 1/2) / sqrt(3)
    assert best[:2].tolist() == [0, 1]


def test_ease_solves_what_ridge_regression_of_each_item_on_all_others_does() -> None:
    data = made(60, 20)
    matrix = np.zeros((60, 20))
    for row, one in enumerate(data.training):
        matrix[row, one] = 1
    weights = np.zeros((20, 20))
    for item in range(20):
        others = np.delete(np.arange(20), item)
        gram = matrix[:, others].T @ matrix[:, others] + 5 * np.eye(19)
        weights[others, item] = np.linalg.solve(gram, matrix[:, others].T @ matrix[:, item])
    had = np.zeros((60, 20))
    for row, one in enumerate(data.test.had):
        had[row, one] = 1
    scores = np.where(had > 0, -np.inf, had @ weights)
    lists = peers.ease(data, {"ridge": 5.0, "fading": 1.0})(data.test)
    assert (lists == np.argsort(-scores, axis=1)[:, :10]).mean() > 0.99


def test_the_served_model_is_filled_with_what_is_popular(five: Interactions) -> None:
    lists = served.together(five, {})(five.test)
    assert lists[1, :2].tolist() == [1, 2]  # what goes with 0, which alone of what the shopper has is known with others
    assert (np.sort(lists, axis=1)[:, 1:] != np.sort(lists, axis=1)[:, :-1]).all()


def test_options_are_chosen_on_validation_and_a_second_run_finds_the_first_ones_figures(
    five: Interactions, tmp_path: Path
) -> None:
    fitted: list[float] = []

    def fit(data: Interactions, options: dict[str, float]) -> figures.Lister:
        fitted.append(options["right"])
        return lambda asked: np.stack([_list(target, options["right"] > 0) for target in asked.targets])

    model = Model("made", fit, [{"right": 0.0}, {"right": 1.0}])  # type: ignore[arg-type]
    (first,) = evaluate(five, [model], tmp_path)
    assert fitted == [0.0, 1.0, 1.0]
    assert first.chosen == {"right": 1.0}
    assert first.test.hr10 == 1.0
    (second,) = evaluate(five, [model], tmp_path)
    assert fitted == [0.0, 1.0, 1.0]
    assert second == first


def _list(target: int, right: bool) -> Sequence[int]:
    return [target if right else 0, *[n for n in range(14) if n != target][1:10]]


def made(shoppers: int, items: int) -> Interactions:
    return Interactions(items, [RANDOM.permutation(items)[: RANDOM.integers(5, 9)] for _ in range(shoppers)])
