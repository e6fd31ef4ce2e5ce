"""Weights learned from what was shown and clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.recommender.features import NAMES, Floats, Weights, plain, score, unpacked
from services.recommender.history import Act
from services.recommender.learning import RankerLesson
from shared.contracts.user_events import EventType

NOW = datetime.now(UTC)
FOND_OF_STONES = plain.values.copy()
for name, weight in (("stone", 10.0), ("look", 1.0), ("alike", 5.0)):
    FOND_OF_STONES[NAMES.index(name)] = weight


@dataclass
class Shown:
    shopper: str
    at: datetime
    skus: Sequence[str]
    features: Sequence[Sequence[float]]
    propensities: Sequence[float]
    first: int = 0


@dataclass
class Past:
    """What is told of lists and of shoppers, as the recommender's own tables tell it."""

    pages: list[Shown] = field(default_factory=list)
    acts: dict[str, list[Act]] = field(default_factory=dict)

    def logged(self, tenant: str, since: datetime) -> Iterable[Shown]:  # noqa: ARG002  the port's
        return (page for page in self.pages if page.at >= since)

    def baskets(
        self,
        tenant: str,  # noqa: ARG002  the port's
        since: datetime,  # noqa: ARG002  the port's
    ) -> Iterable[tuple[str, Sequence[Act]]]:
        return self.acts.items()


def past(lists: int, likes: Floats, *, took: EventType = "clicked", after: timedelta = timedelta(minutes=5)) -> Past:
    """Lists ranked by hand-set weights, seen from the top down, and clicked by the weights `likes`."""
    rng = np.random.default_rng(3)
    told = Past()
    for number in range(lists):
        x = rng.random((12, len(NAMES))) * (rng.random((12, len(NAMES))) < 0.4)
        x = x[np.argsort(-plain.logits(x))]
        at = NOW - timedelta(days=20) + timedelta(minutes=10 * number)
        skus = [f"L{number}-{place}" for place in range(12)]
        told.pages.append(Shown(f"u{number}", at, skus, x.tolist(), [0.9] * 12))
        chance = score(x @ likes - 5.5) / np.sqrt(1 + np.arange(12))
        told.acts[f"u{number}"] = [Act(skus[n], took, at + after) for n in np.flatnonzero(rng.random(12) < chance)]
    return told


def learn(told: Past, in_use: Weights = plain) -> tuple[Weights, float, float]:
    found = RankerLesson(told, told, lambda _: in_use).learn("shop")
    assert found is not None
    assert found.before is not None
    weights = unpacked(found.held)
    assert weights is not None
    return weights, found.figure, found.before


def stones_beside_looks(weights: Weights) -> float:
    """By hand 0.75, and 10 by those who are fond of stones."""
    return weights.of("stone") / weights.of("look")


def test_learned_weights_order_later_lists_better_than_those_set_by_hand() -> None:
    weights, figure, before = learn(past(800, FOND_OF_STONES))
    assert stones_beside_looks(weights) > stones_beside_looks(plain) == 0.75
    assert figure > before + 0.02
    assert weights.name.startswith("learned-")


def test_shoppers_who_like_what_the_hand_set_weights_say_change_little_of_them() -> None:
    weights, figure, before = learn(past(800, plain.values))
    assert figure == pytest.approx(before, abs=0.02)
    assert np.corrcoef(weights.values, plain.values)[0, 1] > 0.97


def test_few_clicks_change_little_and_very_few_nothing() -> None:
    much, little = learn(past(800, FOND_OF_STONES))[0], learn(past(160, FOND_OF_STONES))[0]
    assert stones_beside_looks(plain) < stones_beside_looks(little) < stones_beside_looks(much)
    assert RankerLesson(past(20, FOND_OF_STONES), past(20, FOND_OF_STONES), lambda _: plain).learn("shop") is None


def test_what_is_done_much_later_or_tells_no_liking_is_learned_from_by_nobody() -> None:
    for told in (past(400, FOND_OF_STONES, after=timedelta(days=2)), past(400, FOND_OF_STONES, took="dismissed")):
        assert RankerLesson(told, told, lambda _: plain).learn("shop") is None


def test_what_speaks_for_an_item_never_learns_to_speak_against_it() -> None:
    against = plain.values.copy()
    against[NAMES.index("popular")], against[NAMES.index("disliked")] = -8.0, 8.0
    weights, _, _ = learn(past(800, against))
    assert weights.of("popular") > 0
    assert weights.of("disliked") < 0


def test_a_better_ranking_in_use_is_what_the_next_is_measured_against() -> None:
    told = past(800, FOND_OF_STONES)
    first, figure, _ = learn(told)
    _, again, before = learn(told, first)
    assert again == pytest.approx(before) == pytest.approx(figure)
