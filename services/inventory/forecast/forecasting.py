"""A shop's forecasts: pieces, styles, types and the shop itself, which agree, with intervals that hold 80%."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.inventory.forecast import counts
from services.inventory.forecast.backtest import HORIZON, KINDS, Chosen, Kind, choose, direct, groups_of
from services.inventory.forecast.demand import Demand, Dimensions, fit
from services.inventory.forecast.reconcile import Told, reconcile
from services.inventory.forecast.sales import Floats, Sales

AHEAD = 26


@dataclass(frozen=True, slots=True)
class Ahead:
    """[rows, weeks] of one kind: the mean of each week to come and the interval that holds 80%; `spread`, by row, is
    the squared relative deviation of the mean of several weeks together."""

    mean: Floats
    low: Floats
    high: Floats
    spread: Floats

    def over(self, weeks: Floats) -> Floats:
        """[rows]: the mean of the first `weeks`, a number by row, which need not be whole."""
        share = np.clip(weeks[:, None] - np.arange(self.mean.shape[1]), 0, 1)
        found: Floats = (self.mean * share).sum(axis=1)
        return found


@dataclass(frozen=True, slots=True)
class Forecasts:
    """By kind; `names` of the groups are those of `Dimensions`. `demand`: what the pieces' are made of."""

    of: Mapping[Kind, Ahead]
    demand: Demand
    chosen: Chosen


def forecast(sales: Sales, of: Dimensions, chosen: Chosen | None = None, ahead: int = AHEAD) -> Forecasts:
    """Of pieces that are in stock all the time. `chosen` as `backtest.choose` says, which is asked where it is None."""
    how = chosen or choose(sales, of)
    found = fit(sales, of, how.options)
    seasons = sales.seasons(ahead)[sales.weeks :]
    mean = found.ahead(seasons)
    groups = groups_of(of)
    if how.way != "bottom-up":
        there = np.ones((len(mean), HORIZON))
        total = mean[:, :HORIZON].sum(axis=1)
        told = [
            Told(one, own, how.off[kind] * np.maximum(own, 1))
            for kind, one in groups.items()
            for own in [direct(sales, one, found, seasons[:HORIZON], there)]
        ]
        scaled = reconcile(how.way, total, total + total**2 / found.shape, told)
        mean = mean * (scaled / np.maximum(total, 1e-9))[:, None]
    means = {"piece": mean} | {kind: one.total(mean) for kind, one in groups.items()}
    open_ = {kind: np.zeros(len(means[kind])) for kind in KINDS} | {"piece": 1 / found.shape}
    made: dict[Kind, Ahead] = {}
    for kind in KINDS:
        weekly = open_[kind][:, None] + how.weekly[kind]
        low, high = counts.interval(means[kind], weekly)
        made[kind] = Ahead(means[kind], low, high, open_[kind] + how.spread[kind])
    return Forecasts(made, found, how)
