"""The order of a list, and what is left to chance in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from services.recommender.choosing import Choice, Field, choose
from services.recommender.items import code


def field(
    scores: list[float],
    types: Sequence[str | None] | None = None,
    *,
    arrived: tuple[int, ...] = (),
    spoken: bool = True,
) -> Field:
    """Items that look nothing alike."""
    count = len(scores)
    return Field(
        scores=np.array(scores),
        vectors=np.eye(count, dtype=np.float32),
        types=np.array([code(kind) for kind in types or [None] * count]),
        spoken_for=np.full(count, spoken),
        age_days=np.where(np.isin(np.arange(count), arrived), 0.5, 9.0),
    )


def chosen(
    of: Field, limit: int, *, explore: float = 0.0, seed: int = 0, looked_for: str = "", diversity: float = 0.1
) -> list[Choice]:
    drawn = np.random.default_rng(seed).random((limit, 2))
    return choose(
        of,
        limit,
        diversity=diversity,
        looked_for=[code(looked_for)],
        explore=explore,
        draw=lambda place: (float(drawn[place, 0]), float(drawn[place, 1])),
    )


def places(choices: list[Choice]) -> list[int]:
    return [one.place for one in choices]


def test_without_chance_the_best_come_first_and_each_was_sure() -> None:
    assert chosen(field([0.2, 0.9, 0.5]), 3) == [Choice(1, 1.0), Choice(2, 1.0), Choice(0, 1.0)]


def test_what_looks_like_one_shown_before_makes_way_for_another_look() -> None:
    alike = field([0.9, 0.88, 0.85])
    alike.vectors[1] = alike.vectors[0]
    assert places(chosen(alike, 3)) == [0, 2, 1]
    assert places(chosen(alike, 3, diversity=0.0)) == [0, 1, 2]


def test_one_type_takes_three_fifths_and_four_fifths_when_it_is_looked_for() -> None:
    types = ["ring"] * 12 + ["earring"] * 12
    scores = [0.9 - number / 100 for number in range(12)] + [0.3 - number / 100 for number in range(12)]
    for looked_for, rings in (("", 6), ("ring", 8)):
        shown = places(chosen(field(scores, types), 10, looked_for=looked_for))
        assert sum(place < 12 for place in shown) == rings


def test_a_type_has_the_whole_list_where_nothing_speaks_for_another() -> None:
    types = ["ring"] * 10 + ["earring"] * 10
    both = field([0.9] * 10 + [0.5] * 10, types)
    both.spoken_for[10:] = False
    assert max(places(chosen(both, 10))) < 10
    assert max(places(chosen(field([0.9] * 10 + [0.05] * 10, types), 10))) < 10, "nor where it is far worse"


def test_what_came_in_today_may_be_drawn_however_far_down_it_stands() -> None:
    many = field([1 - number / 100 for number in range(60)], arrived=(55,))
    shown = {chosen(many, 1, explore=0.5, seed=seed)[0].place for seed in range(300)}
    assert 55 in shown
    assert shown - {55} <= set(range(20))


def test_each_place_is_given_as_often_as_its_propensity_says() -> None:
    few = field([0.9, 0.7, 0.5, 0.3])
    lists = [chosen(few, 2, explore=0.4, seed=seed) for seed in range(2_000)]
    first = Counter(one[0].place for one in lists)
    for one in lists[:50]:
        assert first[one[0].place] / len(lists) == pytest.approx(one[0].propensity, abs=0.04)
    after_the_best = [one for one in lists if one[0].place == 0]
    second = Counter(one[1].place for one in after_the_best)
    for one in after_the_best[:50]:
        assert second[one[1].place] / len(after_the_best) == pytest.approx(one[1].propensity, abs=0.04)


def test_what_another_ranking_would_have_brought_is_told_without_bias_by_what_was_shown() -> None:
    """Per-decision importance sampling: a click counts by how much likelier the other ranking makes the list so far."""
    likes = np.array([0.05, 0.1, 0.6, 0.2, 0.4])
    shown_by, other = field([0.9, 0.8, 0.7, 0.6, 0.5]), field([0.3, 0.2, 0.9, 0.5, 0.8])
    rng = np.random.default_rng(1)
    estimates, logged = [], []
    for seed in range(2_000):
        choices = chosen(shown_by, 2, explore=0.5, seed=seed)
        clicks = rng.random(2) < likes[places(choices)]
        ratio, estimate = 1.0, 0.0
        for place, (one, clicked) in enumerate(zip(choices, clicks, strict=True)):
            ratio *= propensity(other, places(choices)[:place], one.place) / one.propensity
            estimate += ratio * clicked
        estimates.append(estimate)
        logged.append(clicks.sum())
    truth = sum(
        propensity(other, [], first)
        * (likes[first] + sum(propensity(other, [first], n) * likes[n] for n in range(5) if n != first))
        for first in range(5)
    )
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - truth) < 3 * error
    assert abs(np.mean(logged) - truth) > 4 * error, "what was shown alone would tell something else"


def propensity(of: Field, before: list[int], place: int) -> float:
    """With a fifth left to chance, `place` next after those `before`."""
    left = [number for number in np.argsort(-of.scores) if number not in before]
    return 0.2 / len(left) + (0.8 if place == left[0] else 0.0)


def test_the_same_draws_give_the_same_list() -> None:
    many = field([1 - number / 50 for number in range(40)])
    for one, other in pairwise([chosen(many, 10, explore=0.5, seed=7) for _ in range(3)]):
        assert one == other
