"""The made-up shop of the inventory's evaluation: its books add up, and nothing in it looks ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab.inventory.backtest import origins
from lab.inventory.days import Book, cost, live, opened
from lab.inventory.new_pieces import TRUTH, firsts
from lab.inventory.pieces import Piece
from lab.inventory.policies import HOLDING, MARGIN, Advised, Feel, Fixed
from lab.inventory.world import Ints, Plan, World, draw
from services.inventory.forecast.backtest import choose
from services.inventory.forecast.demand import Dimensions, Options
from services.inventory.forecast.groups import Groups

PLAN = Plan(weeks=100, tested=36, opening=0.4)


def pieces(count: int = 40) -> list[Piece]:
    types, forms = ("ring", "watch"), ("band", "halo", "solitaire")
    return [
        Piece(
            f"P{at}",
            types[at % 2],
            "gold",
            "none",
            100.0 + at,
            (forms[at % 3], "plain", "one", "yes", "low", "low"),
            (),
        )
        for at in range(count)
    ]


@pytest.fixture(scope="module")
def world() -> World:
    return draw(pieces(), 3, PLAN)


@pytest.fixture(scope="module")
def dimensions() -> Dimensions:
    made = pieces()
    return Dimensions(Groups.of([piece.type for piece in made]), Groups.of([piece.form for piece in made]))


def test_the_same_seed_is_the_same_shop(world: World) -> None:
    again = draw(pieces(), 3, PLAN)
    assert np.array_equal(world.demand, again.demand)
    assert not np.array_equal(world.demand, draw(pieces(), 4, PLAN).demand)


def test_what_is_asked_for_is_sold_or_lost_and_stock_is_what_came_less_what_went(world: World) -> None:
    book = live(opened(world), world.days, Feel(opened(world), 3))
    assert np.array_equal(book.sold + book.lost, world.demand)
    assert (book.stock >= 0).all()
    came = np.cumsum(book.due[:, : world.days], axis=1)
    assert np.array_equal(came - np.cumsum(book.sold, axis=1), book.stock)
    unique = np.flatnonzero(world.unique)
    assert (book.due[unique].sum(axis=1) == 1).all(), "a unique piece comes once"


def test_a_policy_is_told_the_past_alone(world: World) -> None:
    seen: list[int] = []

    def peeking(book: Book) -> Ints:
        seen.append(
            int(book.sold[:, book.day :].sum() + book.stock[:, book.day :].sum() + book.lost[:, book.day :].sum())
        )
        assert book.sales().weeks == book.day // 7
        return np.ones(len(book.sold), np.int64)

    live(opened(world), 140, peeking)
    assert seen == [0] * 20


def test_forecasts_of_an_origin_are_the_same_whatever_comes_after(world: World, dimensions: Dimensions) -> None:
    book = live(opened(world), world.days, Feel(opened(world), 3))
    before = origins(book, dimensions, every=8)[0].made.of["piece"].mean
    other = replace(world, demand=world.demand.copy())
    other.demand[:, world.tested_from :] *= 3
    changed = live(opened(other), other.days, Feel(opened(other), 3))
    assert np.array_equal(before, origins(changed, dimensions, every=8)[0].made.of["piece"].mean)


def test_more_stock_costs_more_to_hold_and_loses_less(world: World) -> None:
    before = live(opened(world), world.tested_from, Feel(opened(world), 3))
    little, much = (cost(live(before.copy(), world.days, Fixed(reorder, 1)), MARGIN, HOLDING) for reorder in (0.5, 4.0))
    assert little.holding < much.holding
    assert little.lost > much.lost
    assert little.served < much.served


def test_the_advice_can_be_run_as_a_policy(world: World, dimensions: Dimensions) -> None:
    before = live(opened(world), world.tested_from, Feel(opened(world), 3))
    chosen = choose(before.sales(), dimensions)
    found = cost(live(before.copy(), world.days, Advised(dimensions, chosen)), MARGIN, HOLDING)
    assert found.served > 0.9


def test_who_knows_the_truth_is_nearest_to_what_new_pieces_sell(world: World, dimensions: Dimensions) -> None:
    book = live(opened(world), world.days, Feel(opened(world), 3))
    found = firsts(book, dimensions, Options())
    assert all(found.mase(TRUTH) <= found.mase(name) + 0.5 for name in found.told)
