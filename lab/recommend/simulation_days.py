"""Days of the simulated shop: pieces come in, shoppers visit, and what they are shown and do is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lab.recommend.simulation_pieces import Piece
from lab.recommend.simulation_policies import Policy
from lab.recommend.simulation_shoppers import Random, Shoppers

PLACES = 20
_BROWSED = 20


@dataclass(frozen=True)
class Plan:
    """How much happens. `first_hour` of a day's `visits` come within an hour after the day's new pieces."""

    shoppers: int = 300
    opening: float = 0.6
    """The share of the pieces that are there from the start; the others come in evenly."""
    days: int = 10
    visits: int = 90
    first_hour: int = 20
    visits_before: int = 2
    """Of each shopper, before anything was suggested."""


@dataclass
class Day:
    """`lists`: the suggestions that were shown, as SKUs. `in_the_shop`: so many pieces there were."""

    in_the_shop: int
    arrived: int
    shown_within_an_hour: int = 0
    clicks: int = 0
    lists: list[list[str]] = field(default_factory=list)


@dataclass
class Shop:
    """One world: what is there, who comes, who suggests (`policy`), and who only watches (`watching`)."""

    plan: Plan
    pieces: Sequence[Piece]
    shoppers: Shoppers
    policy: Policy
    watching: Sequence[Policy] = ()
    events: Counter[str] = field(default_factory=Counter)
    """Events so far, by SKU."""
    known: dict[int, set[str]] = field(default_factory=dict)
    """What each shopper acted on."""
    there: int = 0
    """So many of `pieces` have come in."""

    def __post_init__(self) -> None:
        self._place = {piece.sku: place for place, piece in enumerate(self.pieces)}
        self._skus = [piece.sku for piece in self.pieces]

    def run(self, random: Random) -> list[Day]:
        """From the opening to the last evening."""
        plan = self.plan
        self._arrive(int(plan.opening * len(self.pieces)))
        for shopper in range(plan.shoppers):
            for _ in range(plan.visits_before):
                self._browse(random, shopper)
        days = []
        for number in range(1, plan.days + 1):
            self._night()
            share = plan.opening + (1 - plan.opening) * number / plan.days
            days.append(self._day(random, round(share * len(self.pieces)) - self.there))
        return days

    def cold(self, most: int = 2) -> list[int]:
        """The pieces of which there are at most so many events, by their numbers."""
        return [place for place in range(self.there) if self.events[self._skus[place]] <= most]

    def _day(self, random: Random, arriving: int) -> Day:
        fresh = set(self._arrive(arriving))
        day = Day(self.there, len(fresh))
        shown: set[str] = set()
        for number, shopper in enumerate(random.integers(self.plan.shoppers, size=self.plan.visits).tolist()):
            listed = self.policy.listed(self.shoppers.names[shopper], PLACES)
            day.lists.append(listed)
            if number < self.plan.first_hour:
                shown |= fresh & set(listed)
            day.clicks += self._look(random, shopper, [self._place[sku] for sku in listed])
            self._browse(random, shopper)
        day.shown_within_an_hour = len(shown)
        return day

    def _arrive(self, count: int) -> list[str]:
        fresh = self.pieces[self.there : self.there + count]
        self.there += len(fresh)
        for policy in (self.policy, *self.watching):
            policy.arrive(fresh)
        return [piece.sku for piece in fresh]

    def _browse(self, random: Random, shopper: int) -> None:
        """Look through pieces of one type, as a category's page shows them: without any suggestion."""
        kind = self.pieces[int(random.integers(self.there))].type
        of_kind = [place for place in range(self.there) if self.pieces[place].type == kind]
        self._look(random, shopper, random.permutation(of_kind)[:_BROWSED].tolist())

    def _look(self, random: Random, shopper: int, seen: Sequence[int]) -> int:
        acts = self.shoppers.acts(random, shopper, seen, self._skus)
        self.events.update(sku for _, sku in acts)
        self.known.setdefault(shopper, set()).update(sku for _, sku in acts)
        for policy in (self.policy, *self.watching):
            policy.told(self.shoppers.names[shopper], acts)
        return sum(kind == "clicked" for kind, _ in acts)

    def _night(self) -> None:
        for policy in (self.policy, *self.watching):
            policy.night()


def gini(counts: Sequence[int]) -> float:
    """How unevenly places are given to pieces: 0 all alike, towards 1 all to one."""
    ordered = np.sort(np.asarray(counts, np.float64))
    if not ordered.sum():
        return 0.0
    ranks = np.arange(1, len(ordered) + 1)
    return float((2 * ranks - len(ordered) - 1) @ ordered / (len(ordered) * ordered.sum()))


def exposure(days: Sequence[Day], skus: Sequence[str]) -> tuple[float, float]:
    """Of what was shown on these days: the Gini coefficient over the pieces, and the share of them that was shown."""
    shown = Counter(sku for day in days for listed in day.lists for sku in listed)
    return gini([shown[sku] for sku in skus]), sum(sku in shown for sku in skus) / len(skus)
