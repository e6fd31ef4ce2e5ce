"""Pieces that come in without a sale behind them: what they sell in their first weeks, as forecast on the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.inventory.days import Book
from lab.inventory.world import WEEK, Floats
from services.inventory.forecast import counts
from services.inventory.forecast.demand import Dimensions, Options, fit
from services.inventory.forecast.groups import Groups
from services.inventory.forecast.sales import Sales

FIRST_WEEKS = 12
_RECENT_WEEKS = 52


@dataclass(frozen=True, slots=True)
class Firsts:
    """Of each new piece, what was asked for in its first weeks, what each method told, and the step that MASE divides
    by: how much pieces of its type differ from one such quarter to the next. Absolute errors are least for the middle
    of what may come, so Loupe tells that; means are told beside it."""

    asked: Floats
    told: Mapping[str, Floats]
    scale: Floats

    def mase(self, method: str) -> float:
        return float((np.abs(self.told[method] - self.asked) / self.scale).mean())


TYPE_AVERAGE = "type average"
WITH_SEASON = "type average, with its season"
LOUPE = "Loupe"
LOUPE_MEAN = "Loupe, its mean"
TYPE_MIDDLE = "the middle piece of the type"
WITHOUT_LOOKS = "Loupe without looks"
TRUTH = "who knows the truth"


def firsts(book: Book, of: Dimensions, options: Options) -> Firsts:
    """Of the pieces that came in in the tested year, early enough to be seen; unique ones are asked for as others."""
    world = book.world
    demand = world.weekly()
    rate = world.rate.reshape(len(demand), -1, WEEK).sum(axis=2)
    whole = book.sales()
    types = np.array([piece.type for piece in world.pieces])
    alone = Dimensions(of.types, Groups.of([""] * len(types)))
    rows: list[tuple[float, float, dict[str, float]]] = []
    for week in range(world.tested_from // WEEK, world.plan.weeks - FIRST_WEEKS + 1):
        new = np.flatnonzero(world.begins == week * WEEK)
        if not len(new):
            continue
        sales = whole.until(week)
        seasons = whole.seasons()[week : week + FIRST_WEEKS]
        found = {LOUPE: fit(sales, of, options), WITHOUT_LOOKS: fit(sales, alone, options)}
        ahead = {name: made.ahead(seasons).sum(axis=1) for name, made in found.items()}
        middle = {name: counts.quantile(ahead[name], 1 / made.shape, 0.5) for name, made in found.items()}
        for place in new:
            same = types == types[place]
            mean = _mean(sales, same)
            season = found[WITHOUT_LOOKS].season[found[WITHOUT_LOOKS].row[place]]
            recent = sales.seasons()[-_RECENT_WEEKS:]
            told = {LOUPE_MEAN: float(ahead[LOUPE][place]), WITHOUT_LOOKS: float(middle[WITHOUT_LOOKS][place])}
            told[LOUPE] = float(middle[LOUPE][place])
            told[TYPE_MIDDLE] = _middle(sales, same) * FIRST_WEEKS
            told[TYPE_AVERAGE] = mean * FIRST_WEEKS
            told[WITH_SEASON] = mean * float(season[seasons].sum() / season[recent].mean())
            told[TRUTH] = float(rate[place, week : week + FIRST_WEEKS].sum())
            rows.append((float(demand[place, week : week + FIRST_WEEKS].sum()), _step(sales, same), told))
    return Firsts(
        np.array([row[0] for row in rows]),
        {name: np.array([row[2][name] for row in rows]) for name in rows[0][2]},
        np.array([row[1] for row in rows]),
    )


def together(found: Sequence[Firsts]) -> Firsts:
    """Those of several shops."""
    return Firsts(
        np.concatenate([one.asked for one in found]),
        {name: np.concatenate([one.told[name] for one in found]) for name in found[0].told},
        np.concatenate([one.scale for one in found]),
    )


def _mean(sales: Sales, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    sold, there = sales.sold[rows, -_RECENT_WEEKS:], sales.in_stock[rows, -_RECENT_WEEKS:]
    return float(sold.sum() / max(1.0, there.sum()))


def _middle(sales: Sales, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Of the pieces that were in stock for a quarter or more."""
    sold, there = sales.sold[rows, -_RECENT_WEEKS:].sum(axis=1), sales.in_stock[rows, -_RECENT_WEEKS:].sum(axis=1)
    known = there >= FIRST_WEEKS
    return float(np.median(sold[known] / there[known])) if known.any() else 0.0


def _step(sales: Sales, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    weeks = sales.weeks // FIRST_WEEKS * FIRST_WEEKS
    sums = sales.sold[rows, sales.weeks - weeks :].reshape(int(rows.sum()), -1, FIRST_WEEKS).sum(axis=2)
    return float(np.abs(np.diff(sums, axis=1)).mean())
