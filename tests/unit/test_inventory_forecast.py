"""Forecasts of the inventory: what they must hold for any shop, on series whose truth is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from services.inventory.forecast import counts
from services.inventory.forecast.backtest import choose, covered
from services.inventory.forecast.borrowing import borrow
from services.inventory.forecast.demand import Dimensions, fit
from services.inventory.forecast.forecasting import forecast
from services.inventory.forecast.groups import Groups, Neighbours
from services.inventory.forecast.reconcile import Told, reconcile
from services.inventory.forecast.sales import Days, Sales, week_of_year, weekly
from services.inventory.forecast.smoothing import adida, croston, seasonal_naive, ses, tsb

MONDAY = date(2024, 1, 1)


def shop(rates: list[float], weeks: int = 104, seed: int = 0) -> Sales:
    random = np.random.default_rng(seed)
    sold = random.poisson(np.array(rates)[:, None] + np.zeros(weeks)).astype(np.float32)
    return Sales([f"P{at}" for at in range(len(rates))], MONDAY, sold, np.ones_like(sold))


def of(types: list[str], styles: list[str] | None = None, alike: Neighbours | None = None) -> Dimensions:
    return Dimensions(Groups.of(types), Groups.of(styles or types), alike=alike)


def test_days_become_weeks_with_the_share_of_each_in_stock() -> None:
    days = Days(
        piece=np.array([0, 0, 1]),
        day=np.array([2, 9, 0]),
        sold=np.array([1, 0, 0]),
        change=np.array([-1, 2, 1]),
        opening=np.array([1, 0]),
    )
    found = weekly(["A", "B"], MONDAY, 2, days)
    assert found.sold.tolist() == [[1, 0], [0, 0]]
    assert found.in_stock[0].tolist() == pytest.approx([2.5 / 7, 5 / 7])
    assert found.in_stock[1].tolist() == [1, 1]


def test_a_week_without_stock_is_no_week_without_demand() -> None:
    sales = shop([2.0] * 40)
    there = np.ones_like(sales.in_stock)
    there[:20, ::2] = 0
    censored = Sales(sales.skus, MONDAY, sales.sold * there, there)
    found = fit(censored, of(["ring"] * 40))
    assert found.rate[:20].mean() == pytest.approx(2.0, rel=0.1)


def test_nothing_after_the_last_week_is_looked_at() -> None:
    sales = shop([1.0, 0.2, 3.0] * 10)
    before = fit(sales.until(60), of(["ring", "watch", "brooch"] * 10)).rate
    changed = Sales(sales.skus, MONDAY, sales.sold.copy(), sales.in_stock)
    changed.sold[:, 60:] = 99
    assert np.array_equal(before, fit(changed.until(60), of(["ring", "watch", "brooch"] * 10)).rate)


def test_a_yearly_peak_is_forecast_where_it_was_before() -> None:
    random = np.random.default_rng(1)
    weeks = np.array([week_of_year(MONDAY + timedelta(weeks=week)) for week in range(114)])
    rate = np.where((weeks >= 47) & (weeks <= 50), 3.0, 1.0)
    sold = random.poisson(np.broadcast_to(rate, (60, 114))).astype(np.float32)
    sales = Sales([str(at) for at in range(60)], MONDAY, sold, np.ones_like(sold))
    ahead = forecast(sales, of(["ring"] * 60), ahead=52).of["shop"].mean[0]
    later = np.array([week_of_year(MONDAY + timedelta(weeks=114 + week)) for week in range(52)])
    peak = (later >= 47) & (later <= 50)
    assert ahead[peak].mean() == pytest.approx(180, rel=0.15)
    assert ahead[~peak].mean() == pytest.approx(60, rel=0.15)


def test_a_piece_without_sales_is_believed_to_sell_as_those_that_look_like_it() -> None:
    rates = [3.0] * 30 + [0.3] * 30
    sales = shop(rates)
    new = Sales(
        [*sales.skus, "NEW"],
        MONDAY,
        np.vstack([sales.sold, np.zeros(104)]).astype(np.float32),
        np.vstack([sales.in_stock, np.zeros(104)]).astype(np.float32),
    )
    pairs = [(a, b) for a in range(61) for b in range(61) if a != b and (a % 60 < 30) == (b % 60 < 30)]
    piece, other = (np.array(one) for one in zip(*pairs, strict=True))
    alike = Neighbours(piece, other, np.full(len(piece), 0.9))
    found = fit(new, of(["ring"] * 61, alike=alike))
    assert found.rate[60] == pytest.approx(3.0, rel=0.2)
    assert fit(new, of(["ring"] * 61)).rate[60] == pytest.approx(1.65, rel=0.25)


def test_own_sales_outweigh_what_was_believed_as_they_come() -> None:
    believed = borrow(np.array([0.0]), np.array([0.0]), None)
    assert believed.rate[0] == believed.believed[0]
    few, many = (borrow(np.array([0.0] * 40 + [n]), np.array([10.0] * 40 + [n / 4]), None).rate[-1] for n in (4, 400))
    assert few < many == pytest.approx(4.0, rel=0.05)


def test_smoothers_find_a_constant_rate_and_forget_what_died() -> None:
    random = np.random.default_rng(2)
    constant = random.poisson(0.3, (200, 150)).astype(float)
    for smoother in (ses, croston, tsb, adida):
        assert smoother(constant).mean() == pytest.approx(0.3, rel=0.15)
    died = constant.copy()
    died[:, 75:] = 0
    assert tsb(died).mean() < 0.1 < croston(died).mean()


def test_seasonal_naive_is_last_years_same_week() -> None:
    series = np.arange(60, dtype=float)[None]
    assert seasonal_naive(series, 3).tolist() == [[8, 9, 10]]
    assert seasonal_naive(series[:, :10], 2).tolist() == [[9, 9]]


def test_the_negative_binomial_agrees_with_drawing_from_it() -> None:
    random = np.random.default_rng(3)
    for mean, spread in ((0.2, 0.5), (3.0, 0.1), (20.0, 0.3), (200.0, 0.05)):
        drawn = random.poisson(random.gamma(1 / spread, mean * spread, 200_000))
        for share in (0.1, 0.5, 0.9):
            found = counts.quantile(np.array([mean]), np.array([spread]), share)[0]
            assert found == pytest.approx(np.quantile(drawn, share), abs=max(0.5, 0.02 * mean))
            below = counts.at_most(np.array([found]), np.array([mean]), np.array([spread]))[0]
            assert below == pytest.approx((drawn <= found).mean(), abs=0.01)
    assert counts.at_most(np.array([-1.0]), np.array([1.0]), np.array([0.1]))[0] == 0


@pytest.mark.parametrize("way", ["bottom-up", "top-down", "minimum-trace"])
def test_groups_are_the_sums_of_their_pieces_however_they_are_reconciled(way: str) -> None:
    groups = Groups.rows(["a", "b"], 3, np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), np.array([1, 1, 1, 1.0]))
    told = [Told(groups, np.array([2.0, 6.0]), np.array([0.01, 0.01]))]
    pieces = reconcile(way, np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]), told)  # type: ignore[arg-type]
    assert groups.total(pieces).sum() == pytest.approx(pieces.sum())
    if way == "minimum-trace":
        assert groups.total(pieces) == pytest.approx([2, 6], rel=0.05)


def test_what_the_past_says_of_intervals_holds_later() -> None:
    random = np.random.default_rng(4)
    level = np.exp(np.cumsum(random.normal(0, 0.05, (20, 130)), axis=1))
    rate = np.repeat(level, 10, axis=0) * 0.6
    sold = random.poisson(rate).astype(np.float32)
    sales = Sales([str(at) for at in range(200)], MONDAY, sold, np.ones_like(sold))
    dimensions = of(["ring"] * 200, [f"s{at // 10}" for at in range(200)])
    chosen = choose(sales.until(110), dimensions)
    inside = []
    for end in (110, 114, 118, 122, 126):
        style = forecast(sales.until(end), dimensions, chosen, ahead=4).of["style"]
        inside.append(
            covered(style.mean.sum(axis=1), dimensions.styles.total(sold[:, end : end + 4].sum(axis=1)), style.spread)
        )
    assert 0.7 <= np.mean(inside) <= 0.92


def test_a_shop_without_any_sales_is_forecast_to_sell_nothing_and_nothing_fails() -> None:
    empty = Sales(["A", "B"], MONDAY, np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32))
    found = forecast(empty, of(["ring", ""]))
    assert np.isfinite(found.of["piece"].mean).all()
    assert found.of["piece"].mean.shape == (2, 26)
