"""What to do about each piece and each style: pure functions over forecasts, levels and past sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.inventory.advice import stocking
from services.inventory.forecast import counts
from services.inventory.forecast.forecasting import Ahead
from services.inventory.forecast.sales import Floats, Ints, Numbers
from shared.contracts.advice import AdviceKind

NEVER = 9_999.0
"""Days: as good as for ever."""
UNFORESEEN = 0.1
"""Squared relative deviation of what a lead time asks for that no looking back at four weeks has seen: stock is held
for it. In the made-up shops of the lab less costs more."""
_YEAR_WEEKS = 52
_RECENT_WEEKS = 12
_HIGH = 0.9


@dataclass(frozen=True, slots=True)
class Terms:
    """How a shop buys and what stock costs it; all by setting.

    `lead_days` from an order to its arrival; orders are made every `review_days`. `margin`: of the price; `holding`: of
    the cost of a piece, a year. `service`: hold enough that this share of the demand is served, instead of as many as
    pay; `order_cost`: of an order of one piece, however many. `cover_weeks`: what would last longer is overstock;
    `dead_days` without a sale in stock is dead stock.
    """

    lead_days: float = 21.0
    review_days: float = 7.0
    margin: float = 0.5
    holding: float = 0.25
    service: float | None = None
    order_cost: float = 5.0
    cover_weeks: float = 26.0
    dead_days: float = 180.0


@dataclass(frozen=True, slots=True)
class Stock:
    """By piece: `on_hand` (NaN where nobody counts it), `price` and `lead_days` (NaN where not told), `unique`, and
    days since the last sale and since it first came (large where never)."""

    on_hand: Floats
    price: Floats
    lead_days: Floats
    unique: np.ndarray[tuple[int], np.dtype[np.bool_]]
    sold_days: Floats
    known_days: Floats


@dataclass(frozen=True, slots=True)
class Figures:
    """By piece or style, the numbers behind advice; counts are of pieces.

    `weekly`: the mean of a week until what is ordered at the next review has come. `lead`, `low`, `high`: asked for
    within the `lead_days`, the mean and the interval that holds 80%. `risk`: that stock runs out within them. `recent`:
    sold in the last 12 weeks. `long`: what `cover_weeks` ask for at most, nine times out of ten.
    """

    on_hand: Floats
    weekly: Floats
    lead_days: Floats
    lead: Floats
    low: Floats
    high: Floats
    cover_days: Floats
    risk: Floats
    recent: Floats
    long: Floats


@dataclass(frozen=True, slots=True)
class Advice:
    """Of the piece at `place`. `quantity` of pieces to order, to make, or too many. `weight` orders what matters:
    margin that may be lost within the lead time, or money that lies."""

    place: int
    kind: AdviceKind
    quantity: int
    weight: float


def figures(ahead: Ahead, sold: Numbers, on_hand: Floats, lead_days: Floats, terms: Terms) -> Figures:
    """The numbers of each row of `ahead`; `sold` has the same rows."""
    most = ahead.mean.shape[1]
    until = np.minimum(served_weeks(lead_days, terms), most)
    lead = ahead.over(np.minimum(lead_days / 7, most))
    long = ahead.over(np.full(len(ahead.mean), min(terms.cover_weeks, most)))
    low, high = counts.interval(lead, ahead.spread)
    here = np.maximum(np.nan_to_num(on_hand), 0)
    return Figures(
        on_hand=on_hand,
        weekly=ahead.over(until) / until,
        lead_days=lead_days,
        lead=lead,
        low=low,
        high=high,
        cover_days=cover_days(ahead.mean, here),
        risk=np.where(here > 0, 1 - counts.at_most(here - 1, lead, ahead.spread), 1.0),
        recent=sold[:, -_RECENT_WEEKS:].sum(axis=1).astype(float),
        long=counts.quantile(long, ahead.spread, _HIGH),
    )


def served_weeks(lead_days: Floats, terms: Terms) -> Floats:
    """Until what is ordered at the next review has come, on average over the pieces asked for."""
    return np.maximum((lead_days + terms.review_days / 2) / 7, 1 / 7)


def cover_days(mean: Floats, on_hand: Floats) -> Floats:
    """Days until as many are asked for, by the means; beyond the forecast by the mean of all its weeks."""
    gone = np.cumsum(mean, axis=1)
    whole = (gone < on_hand[:, None]).sum(axis=1)
    rows = np.arange(len(mean))
    before = np.where(whole > 0, gone[rows, np.maximum(whole - 1, 0)], 0.0)
    last = whole >= mean.shape[1]
    pace = np.where(last, mean.mean(axis=1), mean[rows, np.minimum(whole, mean.shape[1] - 1)])
    with np.errstate(divide="ignore", invalid="ignore"):
        weeks = whole + np.where(on_hand > before, (on_hand - before) / pace, 0.0)
    found: Floats = np.minimum(np.nan_to_num(weeks * 7, nan=0.0, posinf=NEVER), NEVER)
    return found


def held(told: Figures, spread: Floats, stock: Stock, terms: Terms) -> stocking.Levels:
    """How many of each piece to hold."""
    price = _priced(stock)
    keeping = price * (1 - terms.margin) * terms.holding / _YEAR_WEEKS
    holding = stocking.Holding(price * terms.margin, keeping, terms.service, terms.order_cost)
    return stocking.levels(told.weekly, spread + UNFORESEEN, served_weeks(told.lead_days, terms), holding)


def of_pieces(told: Figures, levels: stocking.Levels, stock: Stock, terms: Terms) -> list[Advice]:
    """Advice of each piece that needs something done, what weighs most first. One whose stock nobody counts is left
    out, and a unique one is never ordered."""
    here = np.maximum(np.nan_to_num(stock.on_hand), 0)
    counted = ~np.isnan(stock.on_hand)
    idle = np.minimum(stock.sold_days, stock.known_days)
    margin = _priced(stock) * terms.margin
    cost = _priced(stock) * (1 - terms.margin)
    dead = counted & (here > 0) & (idle >= terms.dead_days)
    order = counted & ~stock.unique & ~dead & (here <= levels.reorder) & (levels.upto > here)
    most = np.maximum(told.long, levels.upto)
    over = counted & ~dead & ~stock.unique & (here > most)
    found: list[Advice] = []
    for place in np.flatnonzero(order).tolist():
        short = max(0.0, float(told.lead[place] - here[place])) + float(told.risk[place])
        quantity = int(levels.upto[place] - here[place])
        found.append(Advice(place, "order", quantity, short * float(margin[place])))
    for place in np.flatnonzero(dead).tolist():
        found.append(Advice(place, "dead-stock", int(here[place]), float(here[place] * cost[place])))
    for place in np.flatnonzero(over).tolist():
        excess = int(here[place] - most[place])
        found.append(Advice(place, "overstock", excess, float(excess * cost[place])))
    return sorted(found, key=lambda one: (-one.weight, one.place))


def of_unique(stock: Stock, style: Ints, styles: Figures) -> list[Advice]:
    """ "Make more like this": unique pieces that sold in the last 12 weeks, of styles of which less lies than the lead
    time asks for. `style`: of each piece the row of its style in `styles`, -1 where it is of none."""
    sold = stock.unique & (stock.sold_days <= 7 * _RECENT_WEEKS) & (style >= 0)
    found = []
    for place in np.flatnonzero(sold).tolist():
        row = int(style[place])
        short = float(styles.lead[row] - max(0.0, styles.on_hand[row]))
        if short > 0:
            price = float(_priced(stock)[place])
            found.append(Advice(place, "make-more", max(1, round(short)), short * price))
    return sorted(found, key=lambda one: (-one.weight, one.place))


def _priced(stock: Stock) -> Floats:
    """One without a price counts as the shop's middle one."""
    told = ~np.isnan(stock.price)
    return np.where(told, stock.price, np.median(stock.price[told]) if told.any() else 1.0)
