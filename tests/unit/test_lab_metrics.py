"""Every figure of the evaluation against a second source: scikit-learn, or a case worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, roc_curve

from lab.datasets import Box
from lab.evaluate.abstention import area_under_risk, rejection, reliability, risk_coverage
from lab.evaluate.classification import classify
from lab.evaluate.retrieval import search, similarities
from lab.evaluate.segmentation import average_precision_50, boundary_f, box_iou, box_of, mask_iou
from lab.statistics import bootstrap, calibration_error

LINE = np.array([[1, 0], [0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0, 1]], np.float32)
"""Vectors that point further and further away from the first."""


def test_retrieval_of_a_case_worked_out_by_hand() -> None:
    found = search(LINE[:1], LINE, ["x"], ["x", "y", "x", "y", "x"], ["me"], ["me", "b", "c", "d", "e"])
    # Ranks after the query itself is left out: y, x, y, x. Precision at the two relevant: 1/2 and 2/4.
    assert found.average_precision.tolist() == [0.5]
    assert (found.first.tolist(), found.five.tolist(), found.best.tolist()) == ([False], [True], [1])
    assert found.precision10.tolist() == [0.4]  # the left-out picture is counted as not relevant, last


def test_near_duplicates_that_are_set_aside_are_neither_hits_nor_misses() -> None:
    found = search(LINE[:1], LINE, ["x"], ["x", "x", "y", "x", "y"], ["group"], ["group", "group", "", "", ""])
    assert found.best.tolist() == [2]
    assert found.average_precision.tolist() == [0.5]


def test_a_query_with_nothing_to_find_is_left_out_and_none_is_never_relevant() -> None:
    found = search(LINE[:3], LINE, ["x", "z", None], ["x", "y", None, "y", "y"])
    assert found.queries.tolist() == [0]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_average_precision_is_that_of_scikit_learn(seed: int, queries: int) -> None:
    random = np.random.default_rng(seed)
    gallery = random.normal(size=(40, 5)).astype(np.float32)
    asked = random.normal(size=(queries, 5)).astype(np.float32)
    labels = random.integers(3, size=40).tolist()
    wanted = random.integers(3, size=queries).tolist()
    found = search(asked, gallery, wanted, labels)
    scores = asked @ gallery.T
    for place, query in enumerate(found.queries.tolist()):
        relevant = np.array(labels) == wanted[query]
        assert found.average_precision[place] == pytest.approx(average_precision_score(relevant, scores[query]))
        assert found.first[place] == relevant[scores[query].argmax()]


@settings(deadline=None)
@given(arrays(np.float32, (4, 3), elements=st.floats(-5, 5, width=32)))
def test_euclidean_similarity_is_minus_the_distance(vectors: np.ndarray) -> None:
    expected = -np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    assert similarities(vectors, vectors, "euclidean") == pytest.approx(expected, abs=1e-2)


def test_classification_of_a_case_worked_out_by_hand() -> None:
    said = np.array([[0.9, 0.1, 0], [0.4, 0.6, 0], [0.2, 0.8, 0], [0.7, 0.3, 0]])
    result = classify(said, np.array([0, 0, 1, 1]), ("a", "b", "c"))
    assert result.accuracy == 0.5
    assert result.confusion.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert result.recall[:2].tolist() == [0.5, 0.5]
    assert np.isnan(result.recall[2])
    assert result.macro_f1 == 0.5  # class c has no picture, so it does not count
    assert result.confidence.tolist() == [0.9, 0.6, 0.8, 0.7]


def test_risk_and_coverage_of_a_case_worked_out_by_hand() -> None:
    curve = risk_coverage(np.array([0.9, 0.5, 0.7, 0.6]), np.array([True, False, False, True]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert area_under_risk(curve) == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_calibration_error_is_the_gap_of_its_reliability_bins() -> None:
    random = np.random.default_rng(1)
    confidence = random.uniform(size=500)
    right = random.uniform(size=500) < confidence**2
    gaps = sum(abs(said - true) * count for said, true, count in reliability(confidence, right)) / 500
    assert calibration_error(confidence, right) == pytest.approx(gaps)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.5))
def test_rejection_is_the_point_of_scikit_learns_roc_curve(seed: int, allowed: float) -> None:
    random = np.random.default_rng(seed)
    good, bad = random.normal(1, 1, 60), random.normal(0, 1, 40)
    told = rejection(good, bad, allowed)
    assert (good < told.threshold).mean() <= allowed
    # In scikit-learn's terms "bad" is positive and a low score is a sure one.
    false, true, _ = roc_curve(np.r_[np.zeros(60), np.ones(40)], -np.r_[good, bad], drop_intermediate=False)
    assert told.rejected.mean() == pytest.approx(true[false <= int(allowed * 60) / 60 + 1e-9].max())


def test_rejection_of_scores_that_do_not_overlap_is_whole() -> None:
    told = rejection(np.array([0.8, 0.9, 0.7]), np.array([0.1, 0.2]), 0.0)
    assert (told.auroc, told.threshold) == (1.0, 0.7)
    assert told.rejected.all()


def test_the_bootstrap_draws_groups_so_that_copies_of_one_value_add_no_certainty() -> None:
    values = np.array([0.0, 1.0] * 20)
    low, high = bootstrap(values)
    copied_low, copied_high = bootstrap(np.repeat(values, 10), [str(n // 10) for n in range(400)])
    assert (copied_low, copied_high) == pytest.approx((low, high))
    assert 0.3 < low < 0.5 < high < 0.7
    assert bootstrap(np.zeros(0)) == (0.0, 1.0)


def square(x0: int, y0: int, side: int) -> np.ndarray:
    mask = np.zeros((20, 20), np.bool_)
    mask[y0 : y0 + side, x0 : x0 + side] = True
    return mask


def test_mask_overlap_of_a_case_worked_out_by_hand() -> None:
    assert mask_iou(square(0, 0, 10), square(5, 0, 10)) == pytest.approx(50 / 150)
    assert mask_iou(square(0, 0, 0), square(0, 0, 0)) == 1.0


def test_boundaries_match_within_two_pixels_and_no_further() -> None:
    assert boundary_f(square(4, 4, 8), square(4, 4, 8)) == 1.0
    assert boundary_f(square(4, 4, 8), square(3, 3, 10)) == 1.0
    assert boundary_f(square(0, 0, 4), square(12, 12, 4)) == 0.0
    assert boundary_f(square(0, 0, 0), square(12, 12, 4)) == 0.0


def test_boxes_of_masks_and_their_overlap() -> None:
    assert box_of(square(5, 10, 5)) == Box(0.25, 0.5, 0.5, 0.75)
    assert box_iou(Box(0, 0, 0.5, 0.5), Box(0.25, 0, 0.75, 0.5)) == pytest.approx(1 / 3)
    assert box_iou(Box(0, 0, 0.2, 0.2), Box(0.5, 0.5, 1, 1)) == 0.0


def test_average_precision_of_boxes_worked_out_by_hand() -> None:
    left, right, nowhere = Box(0, 0, 0.4, 1), Box(0.6, 0, 1, 1), Box(0.4, 0, 0.6, 0.2)
    assert average_precision_50([[left, right]], [[left, right]]) == 1.0
    assert average_precision_50([[left, left]], [[left, right]]) == 0.5  # the second claim of one truth is wrong
    # Ranked: a hit, a miss (both first), then a hit: precision 1, 1/2, 2/3 over two truths.
    assert average_precision_50([[left, right], [nowhere]], [[left, right], []]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision_50([[]], [[left]]) == 0.0
