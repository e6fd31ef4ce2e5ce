"""How good forecasts would have been: made of what was known then, four weeks at a time, against what was sold after.

It chooses how fast levels are forgotten and how levels are reconciled, and says how far off forecasts tend to be. A
piece counts for the days on which it could be bought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from services.inventory.forecast import counts
from services.inventory.forecast.demand import Demand, Dimensions, Options, fit
from services.inventory.forecast.groups import Groups
from services.inventory.forecast.reconcile import WAYS, Told, Way, reconcile
from services.inventory.forecast.sales import Floats, Ints, Sales
from services.inventory.forecast.smoothing import ses

HORIZON = 4
Kind = Literal["piece", "style", "type", "shop"]
KINDS: tuple[Kind, ...] = ("piece", "style", "type", "shop")
GROUPED: tuple[Kind, ...] = ("style", "type", "shop")
_SPREADS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2)
_COVERED = 0.8
_LEAST_WEEKS = 26
_CHANGES: tuple[dict[str, float], ...] = (
    {},
    {"shop": 5.0},
    {"shop": 20.0},
    {"styles": 13.0},
    {"styles": 52.0},
    {"pieces": 39.0},
    {"pieces": 156.0},
)
_PIECES = 4_000
_USUAL: Mapping[Kind, float] = {"piece": 0.1, "style": 0.1, "type": 0.05, "shop": 0.03}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the past says is best. `spread` of the means of four weeks together, and `weekly` of single weeks: squared
    relative deviations, by kind; a piece's come on top of what its own few sales leave open. `wape`: the error of
    styles, over sales, by way; empty of a history too short to look back in."""

    options: Options
    way: Way
    spread: Mapping[Kind, float]
    weekly: Mapping[Kind, float]
    wape: Mapping[Way, float] = field(default_factory=dict)
    off: Mapping[Kind, float] = field(default_factory=lambda: dict.fromkeys(GROUPED, 1.0))
    """By how much a group's own series alone is off: the squared error over the mean."""
    origins: int = 0


@dataclass
class _Seen:
    """Of one kind, over all origins: means, what was sold, and what is open of a piece by itself."""

    mean: list[Floats] = field(default_factory=list)
    sold: list[Floats] = field(default_factory=list)
    open: list[Floats] = field(default_factory=list)

    def add(self, mean: Floats, sold: Floats, open_: Floats | None = None) -> None:
        self.mean.append(mean.ravel())
        self.sold.append(sold.ravel())
        self.open.append(np.zeros(mean.size) if open_ is None else open_.ravel())

    def spread(self, usual: float) -> float:
        """That of which the interval holds as much as it says, of means that can miss at all."""
        mean, sold, open_ = (np.concatenate(one) for one in (self.mean, self.sold, self.open))
        rows = mean > 1.0
        if rows.sum() < 20:
            return usual
        mean, sold, open_ = mean[rows], sold[rows], open_[rows]
        return min(_SPREADS, key=lambda spread: abs(covered(mean, sold, open_ + spread) - _COVERED))


def choose(sales: Sales, of: Dimensions, origins: int = 6) -> Chosen:
    """By looking back; of a large shop at some of its pieces."""
    if sales.weeks < _LEAST_WEEKS + HORIZON:
        return Chosen(Options(), "bottom-up", _USUAL, _USUAL)
    if len(sales.skus) > _PIECES:
        places = np.random.default_rng(0).choice(len(sales.skus), _PIECES, replace=False)
        places.sort()
        sales, of = sales.only(places), of.only(places)
    ends = [
        sales.weeks - HORIZON * (back + 1)
        for back in range(origins)
        if sales.weeks - HORIZON * (back + 1) >= _LEAST_WEEKS
    ]
    best, options = np.inf, Options()
    for change in _CHANGES:
        tried = replace(options, **change)
        off = sum(_deviance(sales, of, tried, end) for end in ends[::2])
        if off < best:
            best, options = off, tried
    return _measured(sales, of, options, ends)


def direct(sales: Sales, groups: Groups, found: Demand, seasons: Ints, there: Floats) -> Floats:
    """[groups]: the sum of the weeks of `seasons` by the group's own series alone: sales a piece in stock, less the
    season, smoothed. `there`: how much of each piece will be in stock in each, [pieces, weeks]."""
    season = found.season[found.row]
    past = groups.total(sales.in_stock * season[:, sales.seasons()].astype(np.float32))
    series = groups.total(sales.sold) / np.maximum(past, 0.5)
    after = groups.total(there * season[:, seasons]).sum(axis=1)
    told: Floats = ses(series) * after
    return told


def covered(mean: Floats, sold: Floats, spread: Floats) -> float:
    """The share of what was sold that is within the interval."""
    low, high = counts.interval(mean, spread)
    return float(((sold >= low) & (sold <= high)).mean())


def groups_of(of: Dimensions) -> dict[Kind, Groups]:
    """Styles, types and the shop as groups."""
    return {"style": of.styles, "type": of.types, "shop": Groups.of(["shop"] * of.types.pieces)}


def _after(sales: Sales, end: int) -> tuple[Floats, Floats]:
    """Sold, and in stock, in the weeks after `end`."""
    weeks = slice(end, end + HORIZON)
    return sales.sold[:, weeks].astype(float), sales.in_stock[:, weeks].astype(float)


def _deviance(sales: Sales, of: Dimensions, options: Options, end: int) -> float:
    """Of Poisson, of the styles' sums."""
    sold, there = _after(sales, end)
    found = fit(sales.until(end), of, options)
    mean = found.ahead(sales.seasons()[end : end + HORIZON]) * there
    means = np.maximum(of.styles.total(mean.sum(axis=1)), 1e-3)
    sums = of.styles.total(sold.sum(axis=1))
    return float((means - sums + sums * np.log(np.maximum(sums, 1e-12) / means)).sum())


def _measured(sales: Sales, of: Dimensions, options: Options, ends: Sequence[int]) -> Chosen:
    groups = groups_of(of)
    made = []
    for end in ends:
        sold, there = _after(sales, end)
        past, seasons = sales.until(end), sales.seasons()[end : end + HORIZON]
        found = fit(past, of, options)
        own = {kind: direct(past, one, found, seasons, there) for kind, one in groups.items()}
        made.append((found, found.ahead(seasons) * there, sold, own))
    variance: dict[Kind, float] = {
        kind: _squares([own[kind] for _, _, _, own in made], [one.total(sold.sum(axis=1)) for _, _, sold, _ in made])
        for kind, one in groups.items()
    }
    wape: dict[Way, float] = {}
    means: dict[Way, list[Floats]] = {}
    for way in WAYS:
        means[way] = []
        missed = asked = 0.0
        for found, mean, sold, own in made:
            total = mean.sum(axis=1)
            told = [Told(one, own[kind], variance[kind] * np.maximum(own[kind], 1)) for kind, one in groups.items()]
            scaled = reconcile(way, total, total + total**2 / found.shape, told)
            means[way].append(mean * (scaled / np.maximum(total, 1e-9))[:, None])
            sums = of.styles.total(sold.sum(axis=1))
            missed += float(np.abs(of.styles.total(scaled) - sums).sum())
            asked += float(sums.sum())
        wape[way] = missed / max(asked, 1e-9)
    way = min(WAYS, key=lambda one: wape[one])
    seen: dict[tuple[Kind, bool], _Seen] = {(kind, weekly): _Seen() for kind in KINDS for weekly in (False, True)}
    for (found, _, sold, _), mean in zip(made, means[way], strict=True):
        seen["piece", False].add(mean.sum(axis=1), sold.sum(axis=1), 1 / found.shape)
        seen["piece", True].add(mean, sold, np.repeat(1 / found.shape[:, None], HORIZON, axis=1))
        for kind, one in groups.items():
            seen[kind, False].add(one.total(mean.sum(axis=1)), one.total(sold.sum(axis=1)))
            seen[kind, True].add(one.total(mean), one.total(sold))
    return Chosen(
        options,
        way,
        {kind: seen[kind, False].spread(_USUAL[kind]) for kind in KINDS},
        {kind: seen[kind, True].spread(_USUAL[kind]) for kind in KINDS},
        wape,
        variance,
        len(ends),
    )


def _squares(means: Sequence[Floats], sold: Sequence[Floats]) -> float:
    """The variance of what was sold over its mean, of all groups of a kind together."""
    mean, sums = np.concatenate(means), np.concatenate(sold)
    return float(((mean - sums) ** 2).sum() / max(1.0, mean.sum()))
