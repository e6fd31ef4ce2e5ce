"""Forecasts of the made-up shop against what was asked for, from rolling origins: each knows the books up to its day.

The truth is the demand, also what went away because nothing was there; the books hold sales alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lab.inventory.days import Book
from lab.inventory.world import WEEK, Floats
from services.inventory.forecast import counts
from services.inventory.forecast.backtest import HORIZON, KINDS, Chosen, Kind, choose, groups_of
from services.inventory.forecast.demand import Dimensions
from services.inventory.forecast.forecasting import Forecasts, forecast
from services.inventory.forecast.groups import Groups
from services.inventory.forecast.sales import Sales
from services.inventory.forecast.smoothing import adida, croston, seasonal_naive, ses, tsb

LOOKS_BACK_EVERY = 24
"""Weeks: how a shop's levels are forgotten and reconciled is chosen anew."""
PINBALLS = (0.1, 0.5, 0.9)


@dataclass
class Origin:
    """What was known and what came after. `truth`: [pieces, weeks] asked for; `rate`: the same as to be expected by who
    knows how the shop is made up. `scored`: the pieces there that may be ordered again."""

    week: int
    sales: Sales
    made: Forecasts
    truth: Floats
    rate: Floats
    scored: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass
class Errors:
    """Of a method, of sums of four weeks by style: absolute errors summed, sums asked for, errors of single weeks, and
    of the naive method's steps that MASE compares with."""

    missed: float = 0.0
    asked: float = 0.0
    weekly: float = 0.0
    scale: list[float] = field(default_factory=list)
    scaled: list[float] = field(default_factory=list)

    @property
    def wape(self) -> float:
        return self.missed / max(self.asked, 1e-9)

    @property
    def weekly_wape(self) -> float:
        return self.weekly / max(self.asked, 1e-9)

    @property
    def mase(self) -> float:
        return float(np.mean(self.scaled)) if self.scaled else float("nan")


def origins(book: Book, of: Dimensions, every: int = HORIZON) -> list[Origin]:
    """All of the tested year, `every` so many weeks. `book` was lived through to its end."""
    world = book.world
    found: list[Origin] = []
    chosen: Chosen | None = None
    demand = world.weekly().astype(float)
    rate = world.rate.reshape(len(demand), -1, WEEK).sum(axis=2)
    whole = book.sales()
    first = world.tested_from // WEEK
    for week in range(first, world.plan.weeks - HORIZON + 1, every):
        sales = whole.until(week)
        if chosen is None or (week - first) % LOOKS_BACK_EVERY == 0:
            chosen = choose(sales, of)
        after = slice(week, week + HORIZON)
        scored = ~world.unique & (world.begins < week * WEEK)
        made = forecast(sales, of, chosen)
        found.append(Origin(week, sales, made, demand[:, after], rate[:, after], scored))
    return found


def methods(peers: Callable[[Origin], Floats] | None = None) -> dict[str, Callable[[Origin, Groups], Floats]]:
    """Each from an origin to the styles' weeks, [styles, 4]."""

    def summed(level: Callable[[Floats], Floats]) -> Callable[[Origin, Groups], Floats]:
        def made(origin: Origin, styles: Groups) -> Floats:
            weeks = np.repeat(level(filled(origin))[:, None], HORIZON, axis=1)
            return styles.total(weeks * origin.scored[:, None])

        return made

    def naive(origin: Origin, styles: Groups) -> Floats:
        return seasonal_naive(styles.total(origin.sales.sold * origin.scored[:, None]), HORIZON)

    found: dict[str, Callable[[Origin, Groups], Floats]] = {
        "Loupe": lambda origin, styles: styles.total(
            origin.made.of["piece"].mean[:, :HORIZON] * origin.scored[:, None]
        ),
        "seasonal naive of styles": naive,
        "SES of pieces, summed": summed(ses),
        "Croston (SBA) of pieces, summed": summed(croston),
        "TSB of pieces, summed": summed(tsb),
        "ADIDA of pieces, summed": summed(adida),
        "SES of styles": lambda origin, styles: np.repeat(
            ses(styles.total(origin.sales.sold * origin.scored[:, None]))[:, None], HORIZON, axis=1
        ),
        "who knows the truth": lambda origin, styles: styles.total(origin.rate * origin.scored[:, None]),
    }
    if peers:
        found["AutoETS of pieces, summed"] = lambda origin, styles: styles.total(peers(origin) * origin.scored[:, None])
    return found


def errors(of: Dimensions, made: list[Origin], how: Callable[[Origin, Groups], Floats]) -> Errors:
    found = Errors()
    styles = of.styles
    for origin in made:
        truth = styles.total(origin.truth * origin.scored[:, None])
        told = how(origin, styles)
        off = np.abs(told.sum(axis=1) - truth.sum(axis=1))
        found.missed += float(off.sum())
        found.asked += float(truth.sum())
        found.weekly += float(np.abs(told - truth).sum())
        past = styles.total(origin.sales.sold * origin.scored[:, None])
        sums = past[:, past.shape[1] % HORIZON :].reshape(len(past), -1, HORIZON).sum(axis=2)
        scale = np.abs(np.diff(sums, axis=1)).mean(axis=1)
        found.scaled += (off / np.maximum(scale, 0.5)).tolist()
    return found


def coverage(of: Dimensions, made: list[Origin]) -> dict[Kind, tuple[float, float, int]]:
    """By kind: the share of four weeks' sums within the 80% interval, the pinball loss over the mean asked for, and of
    how many. Of pieces those that sell one or more in the four weeks by forecast: below, an interval of whole numbers
    cannot help but hold more."""
    groups = groups_of(of)
    found: dict[Kind, tuple[float, float, int]] = {}
    for kind in KINDS:
        inside, loss, asked = [], 0.0, 0.0
        for origin in made:
            mask = origin.scored[:, None]
            mean = origin.made.of["piece"].mean[:, :HORIZON] * mask
            truth = origin.truth * mask
            rows = groups[kind].total(mean) if kind != "piece" else mean
            came = (groups[kind].total(truth) if kind != "piece" else truth).sum(axis=1)
            sums, spread = rows.sum(axis=1), origin.made.of[kind].spread
            kept = sums > 1 if kind == "piece" else sums > 0
            low, high = counts.interval(sums[kept], spread[kept])
            inside.append((np.round(came[kept]) >= low) & (np.round(came[kept]) <= high))
            for share in PINBALLS:
                told = counts.quantile(sums, spread, share)[kept]
                off = came[kept] - told
                loss += float(np.maximum(share * off, (share - 1) * off).sum()) / len(PINBALLS)
            asked += float(came[kept].sum())
        all_ = np.concatenate(inside)
        found[kind] = float(all_.mean()), loss / max(asked, 1e-9), len(all_)
    return found


def filled(origin: Origin) -> Floats:
    """[pieces, weeks] of sales; what came in later counts from then on: before, it is filled with its own mean."""
    sold = origin.sales.sold.astype(float)
    begins = np.argmax(origin.sales.in_stock > 0, axis=1)
    before = np.arange(sold.shape[1]) < begins[:, None]
    mean = sold.sum(axis=1) / np.maximum(1, (~before).sum(axis=1))
    return np.where(before, mean[:, None], sold)
