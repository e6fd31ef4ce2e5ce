"""What a model's cosines mean."""

from __future__ import annotations

import numpy as np
import pytest

from shared.contracts.models import RIVALS, Model, Probability, Sameness


def test_of_two_equally_near_items_neither_is_sure() -> None:
    same = Sameness(slope=20, offset=-10)
    assert same.among([0.9])(0.9) > 0.99
    assert same.among([0.9, 0.9])(0.9) == pytest.approx(0.5, abs=0.01)


def test_far_items_leave_the_most_to_none_of_them() -> None:
    assert Sameness(slope=20, offset=-10).among([0.2, 0.1])(0.2) < 0.01


@pytest.mark.parametrize("slope", [0.5, 20, 100])
def test_probabilities_fall_with_the_cosine_and_are_one_together_at_most(slope: float) -> None:
    cosines = np.sort(np.random.default_rng(0).uniform(-1, 1, 40))[::-1].tolist()
    chances = list(map(Sameness(slope=slope, offset=-slope / 2).among(cosines), cosines))
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
    assert sum(chances[:RIVALS]) <= 1


def test_a_similar_style_is_even_where_the_line_crosses_zero() -> None:
    style = Probability(slope=8, offset=-4)
    assert style(0.5) == 0.5
    assert style(1.0) > 0.98
    assert style(-1e6) == pytest.approx(0)


def test_a_model_of_before_has_no_probabilities() -> None:
    old = Model.model_validate({"version": "m", "dimension": 4, "no_match_below": 0.5, "look_at_least": 0.5})
    assert (old.same, old.style) == (None, None)
