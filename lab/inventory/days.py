"""Days of the simulated shop: deliveries come, shoppers ask, what is there is sold, and on Mondays somebody orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lab.inventory.world import MONDAY, WEEK, Floats, Ints, World
from services.inventory.forecast.sales import Sales, weekly_of_stock

_FIRST = 2
"""So many of a piece are there when it comes in; of a unique one, one."""


@dataclass
class Book:
    """What a shop's books say up to `day`, which has not begun: `sold` and `stock` (at a day's end) [pieces, days]."""

    world: World
    day: int
    sold: Ints
    stock: Ints
    due: Ints
    """[pieces, days and a year]: what is to arrive."""
    lost: Ints

    def on_hand(self) -> Ints:
        """This morning, before deliveries."""
        return self.stock[:, self.day - 1] if self.day else np.zeros(len(self.stock), np.int64)

    def on_order(self) -> Ints:
        found: Ints = self.due[:, self.day :].sum(axis=1)
        return found

    def there(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which pieces have come in."""
        return self.world.begins <= self.day

    def sales(self) -> Sales:
        """By week, of the whole weeks so far."""
        weeks = self.day // WEEK
        skus = [piece.sku for piece in self.world.pieces]
        return weekly_of_stock(skus, MONDAY, self.sold[:, : weeks * WEEK], self.stock[:, : weeks * WEEK])

    def copy(self) -> Book:
        return Book(self.world, self.day, self.sold.copy(), self.stock.copy(), self.due.copy(), self.lost.copy())


Policy = Callable[[Book], Ints]
"""Asked on a Monday: how many of each piece to order."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A year's: money in stock, and margin of what was asked for and not there. `served`: the share that was there."""

    holding: float
    lost: float
    served: float
    pieces_held: float
    by_piece: Floats = field(repr=False)

    @property
    def total(self) -> float:
        return self.holding + self.lost


def opened(world: World) -> Book:
    shape = (len(world.pieces), world.days)
    due = np.zeros((len(world.pieces), world.days + 365), np.int64)
    due[np.arange(len(due)), world.begins] = np.where(world.unique, 1, _FIRST)
    return Book(world, 0, np.zeros(shape, np.int64), np.zeros(shape, np.int64), due, np.zeros(shape, np.int64))


def live(book: Book, until: int, policy: Policy) -> Book:
    """Go on up to the day `until`, in place. Unique pieces are never ordered again."""
    world = book.world
    rows = np.arange(len(world.pieces))
    while book.day < until:
        day = book.day
        if day % WEEK == 0:
            ordered = np.where(world.unique | (world.begins > day), 0, policy(book))
            arrives = day + np.maximum(1, world.lead + world.late[:, day // WEEK])
            np.add.at(book.due, (rows, arrives), ordered)
        stock = book.on_hand() + book.due[:, day]
        sold = np.minimum(stock, world.demand[:, day])
        book.sold[:, day], book.stock[:, day] = sold, stock - sold
        book.lost[:, day] = world.demand[:, day] - sold
        book.day += 1
    return book


def cost(book: Book, margin: float, holding: float) -> Cost:
    """Of the tested days and all pieces that may be ordered. `margin`: of the price; `holding`: of the cost, a year."""
    world = book.world
    days = slice(world.tested_from, world.days)
    again = ~world.unique
    price = world.price
    held = book.stock[:, days].mean(axis=1) * price * (1 - margin) * holding
    lost = book.lost[:, days].sum(axis=1) * price * margin
    demand = world.demand[again, days].sum()
    return Cost(
        holding=float(held[again].sum()),
        lost=float(lost[again].sum()),
        served=1 - float(book.lost[again, days].sum() / demand),
        pieces_held=float(book.stock[again, days].sum(axis=0).mean()),
        by_piece=(held + lost)[again],
    )
