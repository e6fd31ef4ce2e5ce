"""Maximal marginal relevance."""

from __future__ import annotations

import numpy as np
import pytest

from services.recommender.diversity import diversified

TWINS_AND_ONE_OTHER = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)


def test_without_diversity_the_score_alone_counts() -> None:
    assert diversified([0.5, 0.9, 0.7], TWINS_AND_ONE_OTHER, 0.0) == [1, 2, 0]


def test_with_some_a_twin_gives_way_to_what_looks_otherwise() -> None:
    assert diversified([0.9, 0.8, 0.6], TWINS_AND_ONE_OTHER, 0.5) == [0, 2, 1]
    assert diversified([0.9, 0.8, 0.6], TWINS_AND_ONE_OTHER, 0.1) == [0, 1, 2]


def test_what_was_shown_before_the_last_one_counts_too() -> None:
    looks = np.eye(3, dtype=np.float32)[[0, 1, 1, 2]]
    assert diversified([0.9, 0.8, 0.79, 0.6], looks, 0.5) == [0, 1, 3, 2]


@pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
def test_the_best_stays_first_and_nothing_is_lost(diversity: float) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(100, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = rng.uniform(size=100).tolist()
    order = diversified(scores, vectors, diversity)
    assert order[0] == int(np.argmax(scores))
    assert sorted(order) == list(range(100))
    assert diversified([], vectors[:0], diversity) == []
