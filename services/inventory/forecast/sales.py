"""Sales by week, and in which share of each week a piece could be bought: a week without stock is no week without
demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Weeks = npt.NDArray[np.float32]
Ints = npt.NDArray[np.intp]
Numbers = npt.NDArray[Any]
SEASON = 52
"""Weeks of a year; the last days of it count to the last one."""
_CHUNK = 2_000
_SOLD_OUT_DAY = 0.5


@dataclass(frozen=True, slots=True)
class Sales:
    """`sold` and `in_stock`: float32 [pieces, weeks]; `in_stock` is 0..1. `monday`: where the first week begins."""

    skus: Sequence[str]
    monday: date
    sold: Weeks
    in_stock: Weeks

    @property
    def weeks(self) -> int:
        return int(self.sold.shape[1])

    def seasons(self, ahead: int = 0) -> Ints:
        """The week of the year, 0 to 51, of each week, and of `ahead` more."""
        return np.array([week_of_year(self.monday + timedelta(weeks=week)) for week in range(self.weeks + ahead)])

    def until(self, week: int) -> Sales:
        """What was known when `week` weeks had gone by."""
        return Sales(self.skus, self.monday, self.sold[:, :week], self.in_stock[:, :week])

    def only(self, places: Ints) -> Sales:
        """The pieces at these places."""
        return Sales([self.skus[place] for place in places], self.monday, self.sold[places], self.in_stock[places])


@dataclass(frozen=True, slots=True)
class Days:
    """What moved: row by row a piece's place, a day from the first one, pieces sold on it, and by how much the stock
    changed in all. `opening`: stock at the first day's start, by piece."""

    piece: Ints
    day: Ints
    sold: Ints
    change: Ints
    opening: Ints


def weekly(skus: Sequence[str], monday: date, weeks: int, days: Days) -> Sales:
    """Weeks of seven days from `monday`.

    A day at whose end there is stock counts as one of seven, and one on which the last piece went as half a day.
    """
    sold = np.zeros((len(skus), weeks), np.float32)
    in_stock = np.zeros((len(skus), weeks), np.float32)
    order = np.argsort(days.piece, kind="stable")
    piece = days.piece[order]
    for start in range(0, len(skus), _CHUNK):
        end = min(len(skus), start + _CHUNK)
        rows = order[np.searchsorted(piece, start) : np.searchsorted(piece, end)]
        cells = (days.piece[rows] - start) * (7 * weeks) + days.day[rows]
        size = (end - start) * 7 * weeks
        gone = np.bincount(cells, days.sold[rows], size).reshape(end - start, weeks, 7)
        moved = np.bincount(cells, days.change[rows], size).reshape(end - start, 7 * weeks)
        stock = (days.opening[start:end, None] + np.cumsum(moved, axis=1)).reshape(gone.shape)
        sold[start:end], in_stock[start:end] = gone.sum(axis=2), _share_of(gone, stock)
    return Sales(skus, monday, sold, in_stock)


def weekly_of_stock(skus: Sequence[str], monday: date, sold: Numbers, stock: Numbers) -> Sales:
    """The same of what was sold on each day, and lay there at its end: [pieces, days], whole weeks."""
    by_week = sold.reshape(len(sold), -1, 7), stock.reshape(len(stock), -1, 7)
    return Sales(skus, monday, by_week[0].sum(axis=2).astype(np.float32), _share_of(*by_week).astype(np.float32))


def _share_of(sold: Numbers, stock: Numbers) -> Floats:
    found: Floats = np.where(stock > 0, 1.0, np.where(sold > 0, _SOLD_OUT_DAY, 0.0)).mean(axis=2)
    return found


def week_of_year(monday: date) -> int:
    """0 to 51, by the week's Thursday."""
    return min(SEASON - 1, ((monday + timedelta(days=3)).timetuple().tm_yday - 1) // 7)
