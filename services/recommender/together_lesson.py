"""Learns what shoppers take up together, and measures it on what they took up later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import structlog

from services.recommender.lessons import Learned
from services.recommender.together import NAME, Companions, pack
from services.recommender.together_counting import ActOf, Recipe, Sequences, count, sequences
from shared.contracts.user_events import EventType

_LEARNED_FROM = timedelta(days=730)
_AMONG = 10
_AT_LEAST = 30
_AT_MOST = 4_000
_SEEDS = 20
_LATER_SHARE = 0.1
_log = structlog.get_logger(__name__)
Baskets = Callable[[str, datetime], Iterable[tuple[str, Sequence[ActOf]]]]


@dataclass(frozen=True, slots=True)
class Question:
    """What a shopper took up, the most recent first, and what they took up last."""

    seeds: Sequence[tuple[str, float]]
    answer: str


class TogetherLesson:
    """`baskets` gives each shopper's acts since a moment, oldest first; `active` the model in use.

    `strengths` says how much an act of each type counts; types that are missing, or below 0, teach nothing.
    """

    name = NAME

    def __init__(
        self,
        baskets: Baskets,
        active: Callable[[str, str], bytes | None],
        strengths: Mapping[EventType, float],
        recipe: Recipe | None = None,
    ) -> None:
        self._baskets = baskets
        self._active = active
        self._strengths = strengths
        self._recipe = recipe or Recipe()

    def learn(self, tenant: str) -> Learned | None:
        """A model of all acts. `None` while fewer than 30 shoppers could be asked what it is measured by.

        The figure is the share of shoppers of whom the last item was among the ten best companions of what they took up
        before. The acts that came since the model in use are cut in two: a model of all before the cut is compared with
        the one in use, on those after it, which neither of them knows.
        """
        acts = sequences(self._baskets(tenant, datetime.now(UTC) - _LEARNED_FROM), self._strengths)
        used = self._in_use(tenant)
        fresh = acts.at[acts.at > used.until] if used else acts.at
        if not len(fresh):
            return None
        cut = float(np.quantile(fresh, 0.5 if used else 1 - _LATER_SHARE))
        questions = last_items(acts, cut)
        if len(questions) < _AT_LEAST:
            return None
        return Learned(
            held=fit(acts, self._recipe),
            figure=share_found(Companions(fit(acts.until(cut), self._recipe)), questions),
            before=share_found(used, questions) if used else None,
            of=len(questions),
        )

    def _in_use(self, tenant: str) -> Companions | None:
        held = self._active(tenant, NAME)
        try:
            return Companions(held) if held else None
        except ValueError as error:
            _log.warning("model_in_use_unreadable", tenant=tenant, lesson=NAME, detail=str(error))
            return None


def fit(acts: Sequences, recipe: Recipe) -> bytes:
    """The packed model of all these acts."""
    return pack(acts.skus, count(acts, recipe), recipe.fading, float(acts.at.max(initial=0.0)))


def last_items(acts: Sequences, cut: float) -> list[Question]:
    """Of each shopper who was there after `cut`, in days: the last item, and what they took up before it.

    What came before is known to whoever suggests, after the cut too: a model need not have learned from it. Of more
    than 4,000 shoppers the ones who were there last.
    """
    asked = []
    for span in acts.of_each():
        at, items = acts.at[span], acts.item[span]
        if at[-1] > cut and len(at) > 1:
            seeds = [(acts.skus[item], 1.0) for item in items[:-1][::-1][:_SEEDS]]
            asked.append((float(at[-1]), Question(seeds, acts.skus[items[-1]])))
    asked.sort(key=lambda one: one[0])
    return [question for _, question in asked[-_AT_MOST:]]


def share_found(model: Companions, questions: Sequence[Question]) -> float:
    """The share of questions whose answer is among the model's ten best companions, in 0..1."""
    found = sum(any(one.sku == q.answer for one in model.of(q.seeds, _AMONG)) for q in questions)
    return found / len(questions)
