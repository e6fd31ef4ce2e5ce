"""Shoppers of the simulated shop: tastes that nobody is told, and what they do with what they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.recommend.simulation_pieces import Piece
from shared.contracts.user_events import EventType

Random = np.random.Generator
Floats = npt.NDArray[np.float64]
KINDS_OF_SHOPPERS = 10
_OWN = 0.6
"""How much a shopper differs from others of their kind, where kinds differ by 1."""
_STRENGTH = 2.0
"""Standard deviation of the utilities of one shopper over the catalogue."""
_TYPE = 0.8
_APPEAL = 0.3
"""Some pieces please everybody a little more."""
_SEEN_A_PLACE = 0.93
"""Of those who look at a place so many look at the next one too: position bias."""
_CLICKED_FROM = 3.0
"""The utility from which on half of those who see a piece click it."""
_AFTER_A_CLICK: tuple[tuple[EventType, float], ...] = (("favourited", 0.25), ("carted", 0.2), ("purchased", 0.12))

Act = tuple[EventType, str]


@dataclass(frozen=True)
class Shoppers:
    """`utilities[s, p]`: how much shopper s likes piece p, in units that a logit is in. Hidden from all policies."""

    names: Sequence[str]
    utilities: Floats

    def acts(self, random: Random, shopper: int, seen: Sequence[int], skus: Sequence[str]) -> list[Act]:
        """What a shopper does with pieces shown one under another, by their numbers: looks from the top down until
        they have had enough, clicks what they like, and of that saves, carts or buys some."""
        acts: list[Act] = []
        for piece in seen:
            if random.random() < _chance(self.utilities[shopper, piece]):
                acts.append(("clicked", skus[piece]))
                acts += [(then, skus[piece]) for then, share in _AFTER_A_CLICK if random.random() < share]
            if random.random() > _SEEN_A_PLACE:
                break
        return acts

    def wanted(self, shopper: int, among: Sequence[int]) -> Floats:
        """How likely each of these pieces is the one that the shopper would choose if they saw all of them; sums to 1
        (the multinomial logit)."""
        liked = self.utilities[shopper, among]
        weights = np.exp(liked - liked.max())
        return np.asarray(weights / weights.sum())


def draw(random: Random, pieces: Sequence[Piece], count: int) -> Shoppers:
    """`count` shoppers of `KINDS_OF_SHOPPERS` kinds, by their tastes in traits, types and what pleases everybody."""
    traits = sorted({trait for piece in pieces for trait in piece.traits})
    has = np.array([[trait in piece.traits for trait in traits] for piece in pieces], np.float64)
    types = sorted({piece.type for piece in pieces})
    of_type = np.array([[piece.type == kind for kind in types] for piece in pieces], np.float64)
    kinds = random.normal(size=(KINDS_OF_SHOPPERS, len(traits)))
    of_kind = random.integers(KINDS_OF_SHOPPERS, size=count)
    likes = kinds[of_kind] + _OWN * random.normal(size=(count, len(traits)))
    utilities = likes @ has.T
    utilities -= utilities.mean(axis=1, keepdims=True)
    utilities *= _STRENGTH / np.maximum(utilities.std(axis=1, keepdims=True), 1e-9)
    utilities += _TYPE * random.normal(size=(count, len(types))) @ of_type.T
    utilities += _APPEAL * random.normal(size=len(pieces))
    return Shoppers([f"shopper-{number}" for number in range(count)], utilities)


def _chance(utility: float) -> float:
    return float(1 / (1 + np.exp(_CLICKED_FROM - utility)))
