"""What to do about each piece and each style, and why: pure functions over forecasts, levels and past sales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from services.inventory.advice import stocking
from services.inventory.forecast import counts
from services.inventory.forecast.forecasting import Ahead
from services.inventory.forecast.sales import Floats, Sales

AdviceKind = Literal["order", "make-more", "overstock", "dead-stock"]
_YEAR_WEEKS = 52
_RECENT_WEEKS = 12
_LOW, _HIGH = 0.1, 0.9
_NEVER = 9_999.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How a shop buys and what stock costs it; all by setting.

    `lead_days` from an order to its arrival; orders are made every `review_days`. `margin`: of the price; `holding`: of
    the cost of a piece, a year. `service`: hold enough that this share of the demand is served, instead of as many as
    pay. `cover_weeks`: what would last longer is overstock; `dead_days` without a sale in stock is dead stock.
    """

    lead_days: float = 21.0
    review_days: float = 7.0
    margin: float = 0.5
    holding: float = 0.25
    service: float | None = None
    order_cost: float = 0.0
    cover_weeks: float = 26.0
    dead_days: float = 180.0

    @property
    def lead_weeks(self) -> float:
        return self.lead_days / 7

    @property
    def served_weeks(self) -> float:
        """Until what is ordered at the next review has come, on average over the pieces asked for."""
        return (self.lead_days + self.review_days / 2) / 7


@dataclass(frozen=True, slots=True)
class Stock:
    """By piece: `on_hand` (NaN where nobody counts it), `price` (NaN unknown), `unique`, days since the last sale and
    since it first came (large where never)."""

    on_hand: Floats
    price: Floats
    unique: np.ndarray[tuple[int], np.dtype[np.bool_]]
    idle_days: Floats
    known_days: Floats


@dataclass(frozen=True, slots=True)
class Figures:
    """By piece or style, the numbers behind advice: all counts of pieces but `risk`, `cover_days` and `weekly`."""

    on_hand: Floats
    weekly: Floats
    """The mean of a week within the lead time and the review."""
    lead: Floats
    """Asked for within the lead time: mean, and the interval that holds 80%."""
    lead_low: Floats
    lead_high: Floats
    cover_days: Floats
    risk: Floats
    """That it runs out within the lead time."""
    recent: Floats
    """Sold in the last 12 weeks."""
    reorder: Floats = field(default_factory=lambda: np.zeros(0))
    upto: Floats = field(default_factory=lambda: np.zeros(0))
    half_year: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Advice:
    """Of the piece or style at `place`. `quantity` of pieces to order or too many; `weight` orders what matters: money
    at stake within the lead time, or lying."""

    place: int
    kind: AdviceKind
    quantity: int
    weight: float


def figures(ahead: Ahead, sales: Sales, on_hand: Floats, terms: Terms) -> Figures:
    """The numbers of each row of `ahead`; `sales` has the same rows."""
    rows = len(ahead.mean)
    until = np.full(rows, min(terms.served_weeks, ahead.mean.shape[1]))
    lead_weeks = np.full(rows, min(terms.lead_weeks, ahead.mean.shape[1]))
    weekly = ahead.over(until) / until
    lead = ahead.over(lead_weeks)
    here = np.maximum(np.nan_to_num(on_hand), 0)
    return Figures(
        on_hand=on_hand,
        weekly=weekly,
        lead=lead,
        lead_low=counts.quantile(lead, ahead.spread, _LOW),
        lead_high=counts.quantile(lead, ahead.spread, _HIGH),
        cover_days=cover_days(ahead.mean, here),
        risk=np.where(here > 0, 1 - counts.at_most(here - 1, lead, ahead.spread), 1.0),
        recent=sales.sold[:, -_RECENT_WEEKS:].sum(axis=1).astype(float),
    )


def cover_days(mean: Floats, on_hand: Floats) -> Floats:
    """Days until as many are asked for, by the means; beyond the forecast by the mean of all its weeks."""
    gone = np.cumsum(mean, axis=1)
    whole = (gone < on_hand[:, None]).sum(axis=1)
    before = np.where(whole > 0, np.take_along_axis(gone, np.maximum(whole - 1, 0)[:, None], axis=1)[:, 0], 0.0)
    last = whole >= mean.shape[1]
    pace = np.where(last, mean.mean(axis=1), mean[np.arange(len(mean)), np.minimum(whole, mean.shape[1] - 1)])
    with np.errstate(divide="ignore", invalid="ignore"):
        weeks = whole + np.where(on_hand > before, (on_hand - before) / pace, 0.0)
    return np.minimum(np.nan_to_num(weeks * 7, nan=0.0, posinf=_NEVER), _NEVER)


def of_pieces(ahead: Ahead, sales: Sales, stock: Stock, terms: Terms) -> tuple[Figures, list[Advice]]:
    """Advice of each piece that needs something done, what weighs most first."""
    told = figures(ahead, sales, stock.on_hand, terms)
    price = np.where(np.isnan(stock.price), np.nanmedian(stock.price) if (~np.isnan(stock.price)).any() else 1.0, stock.price)
    keeping = price * (1 - terms.margin) * terms.holding / _YEAR_WEEKS
    until = np.full(len(price), terms.served_weeks)
    holding = stocking.Holding(price * terms.margin, keeping, terms.service, terms.order_cost)
    held = stocking.levels(told.weekly, ahead.spread, until, holding)
    half_year = counts.quantile(ahead.over(np.full(len(price), terms.cover_weeks)), ahead.spread, _HIGH)
    told = Figures(
        *(getattr(told, name) for name in Figures.__slots__[:8]), reorder=held.reorder, upto=held.upto, half_year=half_year
    )
    counted = ~np.isnan(stock.on_hand)
    here = np.maximum(np.nan_to_num(stock.on_hand), 0)
    margin = price * terms.margin
    found: list[Advice] = []
    dead = counted & (here > 0) & (stock.idle_days >= terms.dead_days) & (stock.known_days >= terms.dead_days)
    order = counted & ~stock.unique & ~dead & (here <= held.reorder) & (held.upto > here)
    over = counted & ~dead & ~stock.unique & (here > np.maximum(half_year, held.upto))
    for place in np.flatnonzero(order):
        short = max(0.0, float(told.lead[place] - here[place])) + float(told.risk[place])
        found.append(Advice(int(place), "order", int(held.upto[place] - here[place]), short * float(margin[place])))
    for place in np.flatnonzero(dead):
        found.append(Advice(int(place), "dead-stock", int(here[place]), float(here[place] * (price - margin)[place])))
    for place in np.flatnonzero(over):
        excess = int(here[place] - max(half_year[place], held.upto[place]))
        found.append(Advice(int(place), "overstock", excess, float(excess * (price - margin)[place])))
    return told, sorted(found, key=lambda one: (-one.weight, one.place))


def of_unique(figures_of_styles: Figures, styles_of: Sequence[Sequence[int]], stock: Stock, sold_days: Floats) -> list[Advice]:
    """"Make more like this": unique pieces that sold in the last 12 weeks, of styles of which less lies than the lead
    time asks for. `styles_of`: of each piece its styles, the first before others; `sold_days`: days since it sold."""
    found = []
    for place in np.flatnonzero(stock.unique & (sold_days <= 7 * _RECENT_WEEKS)):
        if styles := styles_of[int(place)]:
            style = styles[0]
            short = float(figures_of_styles.lead[style] - np.nan_to_num(figures_of_styles.on_hand[style]))
            if short > 0:
                price = float(np.nan_to_num(stock.price[place]))
                found.append(Advice(int(place), "make-more", max(1, round(short)), short * price))
    return sorted(found, key=lambda one: (-one.weight, one.place))
