"""What a piece sells in a week that it is there: its own rate, times the levels of what it is one of, times the season.

    rate = own * shop level * type level * metal, stone, price band * style level * season of the type

All factors are found from sales against what was to be expected of the days in stock, in turns, each shrunk towards
what is known without it (gamma-Poisson): a style of few sales goes with its type, a piece of none with the pieces that
look like it. Levels follow the weeks by exponential weights: what comes into fashion is told from what always sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.inventory.forecast.borrowing import Borrowed, borrow
from services.inventory.forecast.groups import Groups, Neighbours
from services.inventory.forecast.sales import SEASON, Floats, Ints, Sales

Cells = npt.NDArray[np.float32]
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What pieces are: `types` share a season, `styles` come and go, `others` (metal, stone, price band) hardly do."""

    types: Groups
    styles: Groups
    others: Sequence[Groups] = ()
    alike: Neighbours | None = None

    def only(self, places: Ints) -> Dimensions:
        """Of the pieces at these places."""
        return Dimensions(
            self.types.only(places),
            self.styles.only(places),
            [one.only(places) for one in self.others],
            self.alike.only(places, self.types.pieces) if self.alike else None,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """Half-lives in weeks, strengths in sales: so many must be seen before data count as much as what was believed."""

    shop: float = 10.0
    types: float = 20.0
    styles: float = 26.0
    others: float = 156.0
    pieces: float = 78.0
    strength: float = 15.0
    held: float = 100.0
    """The strength of what hardly changes: of styles, and of the other dimensions."""
    season: float = 40.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What a fit found, by piece: `rate` a week out of season, now; `shape` of the gamma that the rate is known by, and
    `believed`: the rate without its own sales. `season` [types + 1, 52]: the last row is the shop's."""

    rate: Floats
    believed: Floats
    shape: Floats
    season: Floats
    row: Ints
    borrowed: Borrowed
    expected: Floats = field(repr=False)

    def ahead(self, seasons: Ints) -> Floats:
        """[pieces, weeks]: the means of weeks to come, by their week of the year, if the pieces are in stock."""
        found: Floats = self.rate[:, None] * self.season[self.row][:, seasons]
        return found


def fit(sales: Sales, of: Dimensions, options: Options | None = None) -> Demand:
    """Of all that `sales` hold; nothing else is known of the time after."""
    how = options or Options()
    sold, there = sales.sold, sales.in_stock
    weeks = sales.seasons()
    own = np.full(len(sold), sold.sum() / max(1.0, there.sum()), np.float32)
    row = _season_rows(of.types)
    levels: Cells = np.ones_like(sold)
    season = np.ones((len(of.types.names) + 1, SEASON))
    borrowed = borrow(np.zeros(len(sold)), np.zeros(len(sold)), None, roughly=True)
    sums = np.zeros(len(sold)), np.zeros(len(sold))
    for turn in range(_ROUNDS):
        season = _seasons(sold, there * own[:, None] * levels, of.types, weeks, how.season)
        expected = there * own[:, None] * season[row][:, weeks].astype(np.float32)
        levels = _levels(sold, expected, of, how, styled=turn > 0)
        standard = levels * season[row][:, weeks].astype(np.float32) * there
        sums = _aged(sold, how.pieces), _aged(standard, how.pieces)
        borrowed = borrow(*sums, of.alike, roughly=turn < _ROUNDS - 1)
        own = borrowed.rate.astype(np.float32)
    last = levels[:, -1].astype(float)
    return Demand(
        rate=borrowed.rate * last,
        believed=borrowed.believed * last,
        shape=borrowed.shape,
        season=season,
        row=row,
        borrowed=borrowed,
        expected=sums[1],
    )


def _levels(sold: Cells, expected: Cells, of: Dimensions, how: Options, *, styled: bool) -> Cells:
    """[pieces, weeks]: by what all that a piece is one of sells above or below what is expected.

    `styled`: by its styles too, once what pieces sell by themselves is known; what is left is how styles come and go.
    """
    shop = _ratio(sold.sum(axis=0)[None], expected.sum(axis=0, dtype=float)[None], how.shop, how.strength)
    levels: Cells = np.repeat(shop.astype(np.float32), len(sold), axis=0)
    kinds = [(of.types, how.types, how.strength), *((one, how.others, how.held) for one in of.others)]
    for groups, half_life, strength in [*kinds, (of.styles, how.styles, how.held)] if styled else kinds:
        ratio = _ratio(groups.total(sold), groups.total(expected * levels), half_life, strength)
        levels *= groups.spread(ratio)
    return levels


def _ratio(sold: Floats, expected: Floats, half_life: float, strength: float) -> Floats:
    """[groups, weeks]: sales over expectation around each week; up to the last week alone of it nothing is later."""
    return (_around(sold, half_life) + strength) / (_around(expected, half_life) + strength)


def _around(rows: Floats, half_life: float) -> Floats:
    """Sums over the weeks before and after, that count half at half_life."""
    keep = 0.5 ** (1 / half_life)
    before, after = rows.astype(float), rows.astype(float)
    for week in range(1, rows.shape[1]):
        before[:, week] += keep * before[:, week - 1]
        after[:, -week - 1] += keep * after[:, -week]
    found: Floats = before + after - rows
    return found


def _aged(rows: Cells, half_life: float) -> Floats:
    """[pieces, weeks] -> [pieces]: sums in which a sale of `half_life` weeks ago counts half."""
    ages = np.arange(rows.shape[1])[::-1]
    found: Floats = (rows @ (0.5 ** (ages / half_life)).astype(np.float32)).astype(float)
    return found


def _season_rows(types: Groups) -> Ints:
    """Which row of `Demand.season` is a piece's: that of its (first) type, or the shop's."""
    row = np.full(types.pieces, len(types.names), np.intp)
    row[types.piece] = types.group
    return row


def _seasons(sold: Cells, expected: Cells, types: Groups, weeks: Ints, strength: float) -> Floats:
    """[types + 1, 52]: how much more sells in each week of the year; each type's own is shrunk towards the shop's."""
    shop = _profile(sold.sum(axis=0)[None], expected.sum(axis=0, dtype=float)[None], weeks, strength)
    shop = shop / shop.mean()
    by_type = np.stack([types.total(sold), types.total(expected * shop[0][weeks].astype(np.float32))])
    counts = _by_season(by_type[0], weeks), _by_season(by_type[1], weeks)
    near = _kernel(1.0)
    own = (counts[0] @ near + strength) / (counts[1] @ near + strength)
    found = np.concatenate([shop * own, shop])
    whole: Floats = found / found.mean(axis=1, keepdims=True)
    return whole


def _profile(sold: Floats, expected: Floats, weeks: Ints, strength: float) -> Floats:
    """Each week of the year by itself, shrunk towards the weeks around it."""
    sums = _by_season(sold, weeks), _by_season(expected, weeks)
    wide = _kernel(3.0)
    believed = (sums[0] @ wide + strength) / (sums[1] @ wide + strength)
    found: Floats = (sums[0] + strength * believed) / (sums[1] + strength)
    return found


def _by_season(rows: Floats, weeks: Ints) -> Floats:
    out = np.zeros((len(rows), SEASON))
    np.add.at(out.T, weeks, rows.T)
    return out


def _kernel(width: float) -> Floats:
    """[52, 52]: how much each week counts for another, round the year."""
    apart = np.abs(np.arange(SEASON)[:, None] - np.arange(SEASON))
    apart = np.minimum(apart, SEASON - apart)
    found: Floats = np.exp(-0.5 * (apart / width) ** 2)
    return found
