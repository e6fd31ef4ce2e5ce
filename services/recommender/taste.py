"""From what a shopper did to what they like: items with a strength, liked or disliked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.recommender.history import Act
from services.recommender.settings import Weight
from shared.contracts.messages import EventType

_LIKED_ITEMS = 20
_DISLIKED_ITEMS = 10
_FULL_WEIGHT = 5.0
"""The weight at which one item alone is all a shopper is known to want: that of a purchase."""
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
    """What to look like, and what not, strongest first."""

    liked: Sequence[Seed]
    disliked: Sequence[Seed]


def taste_of(acts: Iterable[Act], weights: Mapping[EventType, Weight]) -> Taste:
    """The taste that `acts`, newest first, speak of.

    An item's weight sums the newest act of each kind, each halved by every half-life between it and the shopper's
    latest act: whoever comes back after a year has the same taste as on leaving.
    """
    newest: dict[tuple[str, EventType], Act] = {}
    for act in acts:
        newest.setdefault((act.sku, act.type), act)
    if not newest:
        return Taste((), ())
    latest = max(act.at for act in newest.values())
    said: dict[str, list[tuple[float, Act]]] = {}
    for act in newest.values():
        age = latest - act.at
        weight = weights[act.type]
        now = _THIS_VISIT_COUNTS if age <= _THIS_VISIT else 1.0
        decay = 0.5 ** (age / timedelta(days=weight.half_life_days))
        said.setdefault(act.sku, []).append((weight.weight * decay * now, act))
    liked: list[Seed] = []
    disliked: list[Seed] = []
    for parts in said.values():
        total = sum(value for value, _ in parts)
        seeds, strongest = (liked, max) if total > 0 else (disliked, min)
        if total:
            act = strongest(parts, key=lambda part: part[0])[1]
            seeds.append(Seed(act, min(abs(total) / _FULL_WEIGHT, 1.0)))
    return Taste(_strongest(liked, _LIKED_ITEMS), _strongest(disliked, _DISLIKED_ITEMS))


def _strongest(seeds: list[Seed], count: int) -> list[Seed]:
    return sorted(seeds, key=lambda seed: (-seed.strength, seed.act.sku))[:count]
