"""Who orders in the made-up shop: a merchant by feel, tuned fixed (s, S), and Loupe's advice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.inventory.days import Book
from lab.inventory.world import WEEK, Floats, Ints
from services.inventory.advice.advising import Stock, Terms, figures, held
from services.inventory.forecast.backtest import Chosen
from services.inventory.forecast.demand import Dimensions
from services.inventory.forecast.forecasting import forecast

MARGIN = 0.55
HOLDING = 0.25
TERMS = Terms(margin=MARGIN, holding=HOLDING, order_cost=0.0)
_AHEAD = 13
_FEELS = 0.4
_COVER_WEEKS = 6
_SETTLED_WEEKS = 12


class Feel:
    """How stock was ordered before: each type sells as it always did, give or take what the merchant feels."""

    def __init__(self, book: Book, seed: int) -> None:
        world = book.world
        random = np.random.default_rng([seed, 12])
        expected = world.rate[:, :364].mean(axis=1) * WEEK
        types = [piece.type for piece in world.pieces]
        by_type = {name: expected[[one == name for one in types]].mean() for name in set(types)}
        weekly = np.sqrt(np.array([by_type[name] for name in types]) * expected)
        weekly = weekly * np.exp(random.normal(0, _FEELS, len(weekly)))
        self._reorder = np.ceil(weekly * (world.lead / WEEK + 1)) + 1
        self._upto = self._reorder + np.ceil(weekly * _COVER_WEEKS)

    def __call__(self, book: Book) -> Ints:
        position = book.on_hand() + book.on_order()
        return np.where(position <= self._reorder, self._upto - position, 0).astype(np.int64)


@dataclass
class Fixed:
    """(s, S) of each piece by its mean sales: s = `reorder` lead times' sales, S - s = `cover` weeks' and at least one.

    The mean is of the weeks in stock so far; of a piece that is new, its type's, until it has been there for 12 weeks.
    """

    reorder: float
    cover: float
    _means: Floats | None = None
    _settled: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None

    def __call__(self, book: Book) -> Ints:
        means = self._of(book)
        low = np.ceil(self.reorder * means * book.world.lead / WEEK)
        high = low + np.maximum(1, np.rint(self.cover * means))
        position = book.on_hand() + book.on_order()
        return np.where(position <= low, high - position, 0).astype(np.int64)

    def _of(self, book: Book) -> Floats:
        old = book.day - book.world.begins >= _SETTLED_WEEKS * WEEK
        if self._means is None or self._settled is None or (old & ~self._settled).any():
            sales = book.sales()
            sold, there = sales.sold.sum(axis=1), sales.in_stock.sum(axis=1)
            own = sold / np.maximum(there, 1)
            types = np.array([piece.type for piece in book.world.pieces])
            means = np.zeros(len(own))
            for name in sorted(set(types)):
                rows = types == name
                means[rows] = sold[rows].sum() / max(1.0, there[rows].sum())
            means[old] = own[old]
            if self._means is not None and self._settled is not None:
                means[self._settled] = self._means[self._settled]
            self._means, self._settled = means, old
        return self._means


@dataclass
class Advised:
    """What the service advises, by its own code and from the books alone; forecast anew each Monday."""

    of: Dimensions
    chosen: Chosen
    terms: Terms = TERMS

    def __call__(self, book: Book) -> Ints:
        sales = book.sales()
        ahead = forecast(sales, self.of, self.chosen, ahead=_AHEAD).of["piece"]
        world = book.world
        here = book.on_hand().astype(float)
        far = np.full(len(here), 9_999.0)
        stock = Stock(here, world.price, world.lead.astype(float), world.unique, far, far)
        told = figures(ahead, sales.sold, here, stock.lead_days, self.terms)
        upto = held(told, ahead.spread, stock, self.terms).upto
        ordered: Ints = np.maximum(0, upto - here - book.on_order()).astype(np.int64)
        return ordered
