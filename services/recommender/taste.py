"""From what a shopper did to what they like: items with a strength, liked, found by a search, or disliked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recommender.history import Act
from services.recommender.settings import Weight
from shared.contracts.user_events import EventType

LIKED_ITEMS = 20
SEARCHED_ITEMS = 10
_RESERVE = 5
"""So many more are told than count: they come in when an act is taken away, so that reasons can be checked."""
_DISLIKED_ITEMS = 10
_TELLING = 2.5
"""The weight at which an item tells 63% of all that one item can tell. Each act more tells more, and never all."""
_NEVER_BELOW = 0.25
"""What is left of an act's weight after years, so that whoever comes back has the taste they left with."""
_THIS_VISIT = timedelta(hours=1)
_THIS_VISIT_COUNTS = 3.0
"""What was done in the last hour tells what is looked for now, so three clicks weigh against last week's purchase."""


@dataclass(frozen=True, slots=True)
class Seed:
    """An item the shopper acted on. `strength` in 0..1; `act` is the one that says most."""

    act: Act
    strength: float


@dataclass(frozen=True, slots=True)
class Taste:
    """What to look like, and what not, strongest first.

    Of `liked` the first `LIKED_ITEMS` count, of `searched`, the items that searches found, the first `SEARCHED_ITEMS`.
    """

    liked: Sequence[Seed]
    searched: Sequence[Seed]
    disliked: Sequence[Seed]


def taste_of(acts: Iterable[Act], weights: Mapping[EventType, Weight], now: datetime) -> Taste:
    """The taste that `acts` speak of.

    An act's weight is halved by every half-life since it, down to a quarter, at which it stays. Of an item's acts of
    one kind the heaviest counts whole, the second a quarter, the n-th 1 / n^2. With an act taken away, no item is liked
    more than before: this is what makes a reason that names an act true.
    """
    liked: dict[str, dict[EventType, list[tuple[float, Act]]]] = {}
    searched: dict[str, dict[EventType, list[tuple[float, Act]]]] = {}
    for act in acts:
        of = searched if act.type == "searched" else liked
        of.setdefault(act.sku, {}).setdefault(act.type, []).append((_weight(act, weights[act.type], now), act))
    told = [_told(kinds) for kinds in liked.values()]
    found = [_told(kinds) for kinds in searched.values()]
    return Taste(
        liked=_strongest([_seed(total, best) for total, best, _ in told if total > 0], LIKED_ITEMS + _RESERVE),
        searched=_strongest([_seed(total, best) for total, best, _ in found], SEARCHED_ITEMS + _RESERVE),
        disliked=_strongest([_seed(-total, worst) for total, _, worst in told if total < 0], _DISLIKED_ITEMS),
    )


def _weight(act: Act, weight: Weight, now: datetime) -> float:
    age = now - act.at
    half_lives = age / timedelta(days=weight.half_life_days)
    decay = max(math.pow(0.5, half_lives), _NEVER_BELOW)
    return weight.weight * decay * (_THIS_VISIT_COUNTS if age <= _THIS_VISIT else 1.0) / (1 + act.place)


def _told(kinds: Mapping[EventType, list[tuple[float, Act]]]) -> tuple[float, Act, Act]:
    """What all acts on an item say together, and those that say most for and against it."""
    total, ends = 0.0, []
    for parts in kinds.values():
        parts.sort(key=lambda part: -abs(part[0]))
        total += sum(value / (place + 1) ** 2 for place, (value, _) in enumerate(parts))
        ends.append(parts[0])
    return total, max(ends, key=_first)[1], min(ends, key=_first)[1]


def _first(part: tuple[float, Act]) -> float:
    return part[0]


def _seed(total: float, act: Act) -> Seed:
    return Seed(act, 1 - math.exp(-total / _TELLING))


def _strongest(seeds: list[Seed], count: int) -> list[Seed]:
    return sorted(seeds, key=lambda seed: (-seed.strength, seed.act.sku))[:count]
