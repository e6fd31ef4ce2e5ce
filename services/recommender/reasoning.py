"""Why a piece is suggested: what it names is something without which the piece would score lower, checked each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.recommender.evidence import Evidence, Seeds, Strengths
from services.recommender.features import NAMES, Floats, Weights
from services.recommender.history import Act
from services.recommender.items import Item
from services.recommender.popularity import Popular
from services.recommender.sources.crowd import Companion
from services.recommender.taste import Taste
from shared.contracts.internal import Source

_OPTIONS = 4
"""Reasons tried for an item, the weightiest first, before it is told to be popular or new."""
_OF_THE_PAGE = 4
_FALLS = 1e-9
_ALMOST_SURE = 1 - 1e-9

Kind = Literal["look", "described", "together", "searched", "set", "item", "new"]
Removed = Act | str
"""An event of the shopper, or an item of the page."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of the shopper: the `acts`, the taste they speak of, what is acted on together with it by SKU."""

    acts: Sequence[Act]
    taste: Taste
    companions: Mapping[str, Companion]


@dataclass(frozen=True, slots=True)
class _Option:
    kind: Kind
    seed: str
    removed: Removed
    weight: float


class Reasons:
    """Of one list. `taste_of` and `companions_of` tell the shopper's without an event."""

    def __init__(
        self,
        profile: Profile,
        seeds: Seeds,
        evidence: Evidence,
        candidates: Sequence[Item],
        weights: Weights,
        popular: Mapping[str, Popular],
        without: Callable[[Sequence[Act]], Profile],
    ) -> None:
        self._profile = profile
        self._seeds = seeds
        self._evidence = evidence
        self._candidates = candidates
        self._weights = weights
        self._popular = popular
        self._without = without

    def of(self, chosen: Sequence[int], x: Floats, strengths: Strengths) -> list[Source]:
        """One for each of the candidates `chosen`; `x`: the features of these, float64 [chosen, features]."""
        logits = self._weights.logits(x)
        options = [iter(one) for one in self._options(chosen, x, strengths)]
        sources: list[Source | None] = [None] * len(chosen)
        waiting = dict.fromkeys(range(len(chosen)))
        for _ in range(_OPTIONS):
            named = {place: option for place in waiting if (option := next(options[place], None))}
            by_removed: dict[Removed, list[int]] = {}
            for place, option in named.items():
                by_removed.setdefault(option.removed, []).append(place)
            for removed, places in by_removed.items():
                columns = np.array([chosen[place] for place in places], dtype=np.intp)
                lower = self._logits_without(removed, columns) < logits[places] - _FALLS
                for place, falls in zip(places, lower, strict=True):
                    if falls:
                        sources[place] = self._told(chosen[place], named[place])
            waiting = {place: None for place in named if sources[place] is None}
        return [
            source or crowd_of(self._candidates[chosen[place]], x[place], self._weights, self._popular)
            for place, source in enumerate(sources)
        ]

    def _logits_without(self, removed: Removed, of: NDArray[np.intp]) -> Floats:
        if isinstance(removed, str):
            profile, page = self._profile, removed
        else:
            profile, page = self._without(_others(self._profile.acts, removed)), None
        strengths = self._seeds.strengths(profile.taste, without_page=page)
        together = together_of([self._candidates[place] for place in of], profile.companions)
        return self._weights.logits(self._evidence.features(strengths, together, of))

    def _options(self, chosen: Sequence[int], x: Floats, by: Strengths) -> Iterator[list[_Option]]:
        """For each, what speaks for it, the weightiest first: by how much the logit falls without it."""
        of = np.array(chosen, dtype=np.intp)
        told: list[tuple[Kind, Floats]] = [
            ("look", self._falls("look", by.liked, self._evidence.look[:, of])),
            ("described", self._falls("described", by.liked, self._evidence.described[:, of])),
            ("searched", self._falls("searched", by.searched, self._evidence.look[:, of])),
            ("set", self._falls("set", by.sets, self._evidence.set[:, of])),
            ("item", self._falls("page", by.page, self._evidence.look[:, of])),
            ("set", self._falls("page_set", by.page_sets, self._evidence.set[:, of])),
        ]
        acts = {
            **{("searched", seed.act.sku): seed.act for seed in self._profile.taste.searched},
            **{("acted", seed.act.sku): seed.act for seed in self._profile.taste.liked},
        }
        best = [falls.argmax(axis=0) if len(falls) else np.full(len(chosen), -1) for _, falls in told]
        for column, place in enumerate(chosen):
            options: list[_Option] = []
            for number, (kind, falls) in enumerate(told):
                row = int(best[number][column])
                if row < 0 or falls[row, column] <= _FALLS:
                    continue
                sku = self._seeds.items[row].sku
                removed = (
                    sku if number >= _OF_THE_PAGE else acts.get(("searched" if kind == "searched" else "acted", sku))
                )
                if removed is not None:
                    options.append(_Option(kind, sku, removed, float(falls[row, column])))
            companion = self._profile.companions.get(self._candidates[place].sku)
            if companion and (act := acts.get(("acted", companion.because))):
                options.append(
                    _Option("together", companion.because, act, self._weights.of("together") * companion.score)
                )
            crowd = self._weights.of("popular") * x[column, NAMES.index("popular")]
            arrived = _arrived(self._weights, x[column])
            # A piece that the shopper knows tells more than a search, which names none.
            options = sorted(options, key=lambda option: (option.kind == "searched", -option.weight))
            if options and arrived > max(options[0].weight, crowd) and options[0].kind == "look":
                options[0] = replace(options[0], kind="new")
            yield [option for option in options if option.weight > crowd][:_OPTIONS]

    def _falls(self, name: str, strengths: Floats, chances: NDArray[np.float32]) -> Floats:
        """[seeds, chosen]: by how much the noisy-or loses its weight without each of the seeds."""
        spoken = np.minimum(strengths[:, None] * chances, _ALMOST_SURE)
        return np.asarray(self._weights.of(name) * np.prod(1 - spoken, axis=0) * spoken / (1 - spoken))

    def _told(self, place: int, option: _Option) -> Source:
        act = option.removed if isinstance(option.removed, Act) else None
        row = self._seeds.row[option.seed]
        cosines = self._evidence.meanings if option.kind == "described" else self._evidence.cosines
        arrived = datetime.fromisoformat(self._candidates[place].facts["created_at"])
        return Source(
            kind=option.kind,
            sku=option.seed,
            event=act.type if act else None,
            at=arrived if option.kind == "new" else act.at if act else None,
            similarity=float(cosines[row, place]),
        )


def crowd_of(item: Item, x: Floats, weights: Weights, popular: Mapping[str, Popular]) -> Source:
    """What holds of any item: it came in some day, and may be popular; the weightier of the two."""
    acted_on = popular.get(item.sku)
    if acted_on and weights.of("popular") * x[NAMES.index("popular")] > _arrived(weights, x):
        return Source(kind="popular", count=acted_on.shoppers)
    return Source(kind="new", at=datetime.fromisoformat(item.facts["created_at"]))


def _arrived(weights: Weights, x: Floats) -> float:
    return float(sum(weights.of(name) * x[NAMES.index(name)] for name in ("new", "fresh")))


def together_of(items: Sequence[Item], companions: Mapping[str, Companion]) -> Floats:
    return np.array([companions[item.sku].score if item.sku in companions else 0.0 for item in items])


def _others(acts: Sequence[Act], removed: Act) -> list[Act]:
    """The acts without one: of a search all that it found goes with it."""
    if removed.type == "searched":
        return [act for act in acts if (act.type, act.at) != (removed.type, removed.at)]
    left = list(acts)
    left.remove(removed)
    return left
