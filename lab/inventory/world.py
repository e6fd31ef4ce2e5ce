"""A shop that is made up: rendered pieces whose looks have a demand, drawn day by day before any policy is tried.

A piece's rate is of its form (a form of a type comes into fashion and goes out), its motif, stones, metal and price,
and of chance that no look tells. All of it is drawn before anything is measured, and none of it is told to a method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from lab.inventory.pieces import Piece, traits_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MONDAY = date(2022, 1, 3)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """The size and the habits of the shop. Deviations are of logarithms."""

    weeks: int = 156
    tested: int = 52
    """The last of them, in which forecasts and policies are measured."""
    weekly: float = 0.35
    """What a middling piece sells a week."""
    form: float = 0.7
    trait: float = 0.3
    piece: float = 0.5
    drift: float = 0.06
    """A week's step of a form's fashion, of which a hundredth is forgotten."""
    weather: float = 0.1
    opening: float = 0.6
    """The share of the pieces there from the start; the others come in evenly."""
    unique: float = 0.12
    promotions: int = 3
    """A year and type, of two weeks in which half as much again sells. No method is told of them."""
    leads: tuple[int, ...] = (14, 21, 28, 35)


@dataclass(frozen=True, slots=True)
class World:
    """`rate` and `demand`: [pieces, days], what was to be expected and what was asked for. `begins`: the day each piece
    comes in; `lead`: days from an order to its arrival, on average; `late`: [pieces, weeks], how many days later than
    that the order of a week comes."""

    plan: Plan
    pieces: Sequence[Piece]
    begins: Ints
    unique: npt.NDArray[np.bool_]
    lead: Ints
    late: Ints
    rate: Floats
    demand: Ints

    @property
    def days(self) -> int:
        return int(self.demand.shape[1])

    @property
    def tested_from(self) -> int:
        """The first day that is measured."""
        return (self.plan.weeks - self.plan.tested) * WEEK

    @property
    def price(self) -> Floats:
        return np.array([piece.price for piece in self.pieces])

    def weekly(self) -> Ints:
        """[pieces, weeks]: what was asked for."""
        found: Ints = self.demand.reshape(len(self.pieces), -1, WEEK).sum(axis=2)
        return found


def draw(pieces: Sequence[Piece], seed: int, plan: Plan | None = None) -> World:
    """A world by its seed."""
    plan = plan or Plan()
    random = np.random.default_rng([seed, 11])
    count, days = len(pieces), plan.weeks * WEEK
    begins = np.where(
        random.random(count) < plan.opening, 0, random.integers(1, (plan.weeks - 8) * WEEK, count) // WEEK * WEEK
    )
    rate = np.log(plan.weekly / WEEK) + random.normal(0, plan.piece, count)[:, None] + np.zeros(days)
    forms = [piece.form for piece in pieces]
    for name, deviation in ((forms, plan.form), *((trait, plan.trait) for trait in traits_of(pieces)[1:])):
        rate += _by(random, name, deviation)[:, None]
    rate += _by(random, [piece.metal for piece in pieces], plan.trait)[:, None]
    rate += np.repeat(_fashion(random, forms, plan), WEEK, axis=1)
    rate += np.log(_season(pieces, days)) + np.repeat(random.normal(0, plan.weather, plan.weeks), WEEK)
    rate += np.log(_promoted(random, pieces, plan))
    expected = np.exp(rate)
    return World(
        plan,
        pieces,
        begins,
        random.random(count) < plan.unique,
        random.choice(plan.leads, count),
        np.clip(np.rint(random.normal(0, 4, (count, plan.weeks))), -7, 14).astype(np.int64),
        expected,
        random.poisson(expected) * (np.arange(days) >= begins[:, None]),
    )


def _by(random: np.random.Generator, names: Sequence[str], deviation: float) -> Floats:
    known = sorted(set(names))
    drawn = dict(zip(known, random.normal(0, deviation, len(known)), strict=True))
    return np.array([drawn[name] for name in names])


def _fashion(random: np.random.Generator, forms: Sequence[str], plan: Plan) -> Floats:
    """[pieces, weeks]: each form goes its own way."""
    known = sorted(set(forms))
    steps = random.normal(0, plan.drift, (len(known), plan.weeks))
    ways = np.zeros_like(steps)
    for week in range(1, plan.weeks):
        ways[:, week] = 0.99 * ways[:, week - 1] + steps[:, week]
    return ways[[known.index(form) for form in forms]]


def _season(pieces: Sequence[Piece], days: int) -> Floats:
    """[pieces, days]: Christmas, Valentine's day, mothers' day, a quiet January; each type feels them its own way."""
    feels = {"ring": 0.8, "earring": 1.1, "necklace": 1.2, "pendant": 1.3, "bracelet": 1.0, "brooch": 0.6, "watch": 1.2}
    shop = np.zeros(days)
    for day in range(days):
        today = MONDAY + timedelta(days=day)
        at = today.timetuple().tm_yday
        shop[day] = (
            1.1 * np.exp(-0.5 * ((at - 350) / 12) ** 2)
            + 0.6 * np.exp(-0.5 * ((at - 42) / 6) ** 2)
            + 0.5 * np.exp(-0.5 * ((at - 127) / 7) ** 2)
            - 0.35 * np.exp(-0.5 * ((at - 12) / 10) ** 2)
        )
        if at > 359:
            shop[day] -= 1.1
    summer = -0.15 * np.cos(2 * np.pi * (np.arange(days) % 365 - 200) / 365)
    weight = np.array([feels.get(piece.type, 1.0) for piece in pieces])[:, None]
    return np.exp(weight * shop + (1 - weight) * summer)


def _promoted(random: np.random.Generator, pieces: Sequence[Piece], plan: Plan) -> Floats:
    up = np.ones((len(pieces), plan.weeks * WEEK))
    for type_ in sorted({piece.type for piece in pieces}):
        rows = np.array([piece.type == type_ for piece in pieces])
        for start in random.integers(0, plan.weeks - 2, plan.promotions * plan.weeks // 52):
            up[rows, start * WEEK : (start + 2) * WEEK] = 1.5
    return up
