"""How many to hold and what is advised of it, against simulated stock and rules that must hold."""

from __future__ import annotations

import numpy as np
import pytest

from services.inventory.advice.advising import Stock, Terms, cover_days, figures, held, of_pieces
from services.inventory.advice.stocking import Holding, levels
from services.inventory.advice.wording import why
from services.inventory.forecast.forecasting import Ahead

CERTAIN = np.array([0.0])


def simulated_loss(weekly: float, lead_weeks: float, upto: int, seed: int = 0) -> float:
    """The share lost when each piece sold is ordered again at once."""
    random = np.random.default_rng(seed)
    due: list[float] = []
    now, stock, asked, lost = 0.0, upto, 0, 0
    while asked < 20_000:
        now += random.exponential(1 / weekly)
        while due and due[0] <= now:
            due.pop(0)
            stock += 1
        asked += 1
        if stock:
            stock -= 1
            due.append(now + lead_weeks)
        else:
            lost += 1
    return lost / asked


@pytest.mark.parametrize(("weekly", "weeks", "upto"), [(0.3, 4, 2), (1.0, 3, 5), (2.0, 2, 3)])
def test_the_share_lost_is_what_a_simulation_loses(weekly: float, weeks: float, upto: int) -> None:
    lost = simulated_loss(weekly, weeks, upto)
    service = Holding(np.array([1.0]), np.array([0.0]), service=1 - lost - 0.004)
    found = levels(np.array([weekly]), CERTAIN, np.array([weeks]), service)
    assert found.upto[0] == upto
    assert found.lost[0] == pytest.approx(lost, abs=0.01)


def test_more_is_held_of_what_earns_more_sells_more_takes_longer_or_is_less_sure() -> None:
    def upto(weekly: float = 0.5, weeks: float = 4.0, spread: float = 0.1, margin: float = 50.0) -> float:
        holding = Holding(np.array([margin]), np.array([0.25]))
        return float(levels(np.array([weekly]), np.array([spread]), np.array([weeks]), holding).upto[0])

    assert upto(weekly=0.1) < upto() < upto(weekly=3)
    assert upto(weeks=1) < upto() < upto(weeks=12)
    assert upto(margin=2) < upto() < upto(margin=5_000)
    assert upto(spread=0.0) <= upto() < upto(spread=1.0)


def test_what_nobody_asks_for_and_what_does_not_pay_is_not_held() -> None:
    found = levels(np.array([0.0, 0.001]), np.zeros(2), np.array([4.0, 4.0]), Holding(np.ones(2), np.array([0.1, 0.5])))
    assert found.upto.tolist() == [0, 0]


def test_an_order_that_costs_something_is_made_for_more_pieces_at_once() -> None:
    each = Holding(np.array([50.0]), np.array([0.2]))
    costly = Holding(np.array([50.0]), np.array([0.2]), order_cost=20)
    one, many = (levels(np.array([1.0]), CERTAIN, np.array([3.0]), holding) for holding in (each, costly))
    assert one.upto[0] - one.reorder[0] == 1
    assert many.reorder[0] == one.reorder[0]
    assert many.upto[0] - many.reorder[0] == pytest.approx(np.sqrt(2 * 20 / 0.2), abs=1)


def test_days_of_cover_follow_the_season() -> None:
    mean = np.array([[1.0, 3.0, 3.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert cover_days(mean, np.array([2.5, 1.0]))[0] == pytest.approx(7 * 1.5)
    assert cover_days(mean, np.array([0.0, 0.0]))[0] == 0
    assert cover_days(mean, np.array([2.5, 1.0]))[1] == 9_999
    assert cover_days(mean, np.array([16.0, 1.0]))[0] == pytest.approx(7 * 8)


def advised(on_hand: list[float], weekly: list[float], **told: list[float]) -> dict[int, tuple[str, int]]:
    count = len(on_hand)
    mean = np.repeat(np.array(weekly)[:, None], 26, axis=1)
    ahead = Ahead(mean, mean, mean, np.full(count, 0.1))
    stock = Stock(
        on_hand=np.array(on_hand),
        price=np.array(told.get("price", [100.0] * count)),
        lead_days=np.full(count, 21.0),
        unique=np.array(told.get("unique", [False] * count), bool),
        sold_days=np.array(told.get("sold_days", [3.0] * count)),
        known_days=np.array(told.get("known_days", [400.0] * count)),
    )
    terms = Terms()
    numbers = figures(
        ahead,
        np.repeat(np.array(weekly)[:, None], 30, axis=1).astype(np.float32),
        stock.on_hand,
        stock.lead_days,
        terms,
    )
    found = of_pieces(numbers, held(numbers, ahead.spread, stock, terms), stock, terms)
    return {one.place: (one.kind, one.quantity) for one in found}


def test_each_piece_is_told_one_thing_or_nothing() -> None:
    found = advised([0, 22, 200, 3, float("nan")], [2.0, 2.0, 2.0, 0.0, 2.0], sold_days=[3, 3, 3, 300, 3])
    assert found[0][0] == "order"
    assert found[0][1] >= 6
    assert 1 not in found
    assert found[2][0] == "overstock"
    assert found[3] == ("dead-stock", 3)
    assert 4 not in found, "its stock is not counted"


def test_a_unique_piece_is_never_ordered() -> None:
    assert advised([0, 1], [2.0, 2.0], unique=[True, True]) == {}


def test_a_new_piece_that_has_not_sold_yet_is_not_dead() -> None:
    assert advised([6], [0.3], sold_days=[9_999], known_days=[20]) == {}


def test_what_may_lose_most_margin_comes_first() -> None:
    mean = np.full((2, 26), 1.0)
    ahead = Ahead(mean, mean, mean, np.full(2, 0.1))
    stock = Stock(
        np.zeros(2), np.array([50.0, 900.0]), np.full(2, 21.0), np.zeros(2, bool), np.zeros(2), np.full(2, 99.0)
    )
    numbers = figures(ahead, np.ones((2, 30), np.float32), stock.on_hand, stock.lead_days, Terms())
    found = of_pieces(numbers, held(numbers, ahead.spread, stock, Terms()), stock, Terms())
    assert [one.place for one in found] == [1, 0]


def test_advice_says_its_numbers_in_words() -> None:
    row = {
        "on_hand": 1.0,
        "lead_days": 21.0,
        "lead": 3.2,
        "low": 1.0,
        "high": 6.0,
        "risk": 0.87,
        "upto": 7.0,
        "weekly": 1.1,
        "cover_days": 6.0,
        "long": 40.0,
    }
    assert why("order", row, 6) == (
        "1 on hand; within the 21 days that an order takes 3.2 are expected to be asked for (1 to 6), so it runs out "
        "with a chance of 87%. Order 6, up to 7: one more would cost more to hold than it would save."
    )
    assert "none was sold for 3 years" in why("dead-stock", row, 1, idle_days=1_100)
