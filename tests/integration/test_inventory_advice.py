"""A night's forecasts and advice over a real database: from movements to what is told, and who hears of a crossing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from services.inventory.advice.advising import Terms
from services.inventory.advice.making import AdviceMaker
from services.inventory.advice.telling import AdviceTelling
from services.inventory.forecast.books import read
from services.inventory.ledger import record
from services.inventory.tables import OUTBOX
from shared.contracts.advice import Advice
from shared.contracts.messages import ItemChanged, ItemFields
from shared.contracts.stock import Movement, StockAlert
from shared.errors import NotFound
from tests.support.booking import moved, movement
from tests.support.databases import NewDatabase
from tests.support.looking import LookedAt, about, looked_at

NOW = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
TERMS = Terms()


@pytest.fixture
def shop(new_database: NewDatabase, tmp_path: Path) -> Iterator[LookedAt]:
    with looked_at(new_database(), tmp_path) as made:
        yield made


def move(shop: LookedAt, *movements: Movement, tenant: str = "acme") -> None:
    with shop.books.write() as session:
        record(session.connection(), [moved(movements[at : at + 500], tenant) for at in range(0, len(movements), 500)])


def put(shop: LookedAt, sku: str, tenant: str = "acme", revision: int = 1, **fields: object) -> None:
    said = ItemFields.model_validate({"title": sku, "price": 100, "created_at": NOW - timedelta(days=400)} | fields)
    shop.catalogue.items_changed(
        [ItemChanged(tenant=tenant, correlation_id="c", sku=sku, revision=revision, fields=said)]
    )


def day(ago: float) -> datetime:
    return NOW - timedelta(days=ago)


def sell_weekly(shop: LookedAt, sku: str, weeks: int, each: int, left: int, tenant: str = "acme") -> None:
    """It came with enough to sell `each` a week, and `left` are left."""
    total = weeks * each + left
    came = movement("received", total, sku=sku, at=day(7 * weeks + 1))
    sold = [movement("sold", each, sku=sku, at=day(7 * week + 3.5)) for week in range(weeks)]
    move(shop, came, *sold, tenant=tenant)


def night(shop: LookedAt, tenant: str = "acme", now: datetime = NOW, terms: Terms = TERMS) -> AdviceTelling:
    AdviceMaker(shop.books, terms).make(tenant, now)
    return AdviceTelling(shop.books, terms)


def value(advice: Advice, name: str) -> float:
    return next(one.value for one in advice.numbers if one.name == name)


def alerts(shop: LookedAt) -> list[StockAlert]:
    with shop.books.read() as session:
        rows = session.execute(select(OUTBOX.table.c.payload).order_by(OUTBOX.table.c.id)).scalars()
        return [StockAlert.model_validate(row) for row in rows]


def test_the_ledger_is_read_as_weeks_with_counts_transfers_and_days_without_stock(shop: LookedAt) -> None:
    put(shop, "RING")
    move(
        shop,
        movement("counted", 2, sku="RING", at=day(13.5)),
        movement("sold", 1, sku="RING", at=day(12.5)),
        movement("moved", 1, sku="RING", at=day(11.5), to_location="till"),
        movement("sold", 1, sku="RING", at=day(10.5), location="till"),
        movement("counted", 5, sku="RING", at=day(3.5)),
        movement("sold", 2, sku="RING", at=day(2.5)),
    )
    with shop.books.read() as session:
        books = read(session.connection(), "acme", NOW)
    assert books.sales.sold.tolist() == [[2, 2]]
    assert books.sales.in_stock[0] == pytest.approx([3.5 / 7, 4 / 7], abs=0.08)
    assert books.on_hand.tolist() == [3]


def test_a_shop_whose_sales_nobody_told_is_not_advised_to_order(shop: LookedAt) -> None:
    for sku in ("RING", "HOOP"):
        put(shop, sku)
    move(shop, *(movement("counted", 1, sku=sku, at=day(30)) for sku in ("RING", "HOOP")))
    told = night(shop)
    assert told.page("acme", "piece", "order", 0, 20).advice == []
    move(shop, *(movement("sold", 1, sku="RING", at=day(1 + ago)) for ago in range(19)))
    assert night(shop).page("acme", "piece", "order", 0, 20).advice == []
    assert alerts(shop) == []
    move(shop, movement("sold", 1, sku="RING", at=day(0.5)))
    assert "RING" in [one.sku for one in night(shop).page("acme", "piece", "order", 0, 20).advice]


def test_what_runs_out_is_advised_to_be_ordered_with_its_numbers(shop: LookedAt) -> None:
    put(shop, "FAST")
    put(shop, "CALM")
    sell_weekly(shop, "FAST", weeks=30, each=3, left=2)
    sell_weekly(shop, "CALM", weeks=30, each=1, left=12)
    told = night(shop)
    page = told.page("acme", "piece", None, 0, 20)
    assert [(one.sku, one.kind) for one in page.advice] == [("FAST", "order")]
    assert page.counts == {"order": 1}
    fast = page.advice[0]
    assert value(fast, "on_hand") == 2
    assert value(fast, "sold_12_weeks") == 36
    assert value(fast, "lead_time_demand") == pytest.approx(9, rel=0.3)
    assert value(fast, "stock_out_risk") > 0.9
    assert fast.quantity == value(fast, "hold_up_to") - 2
    assert f"Order {fast.quantity}" in fast.why
    calm = told.advice("acme", "piece", "CALM")
    assert calm.kind is None
    assert value(calm, "days_of_cover") == pytest.approx(84, rel=0.35)
    sources = {one.source for one in fast.numbers if one.source}
    assert sources == {
        "/v1/inventory/items/FAST",
        "/v1/inventory/forecasts?sku=FAST",
        "/v1/inventory/movements?sku=FAST&kind=sold",
    }


def test_a_unique_piece_is_never_ordered_again_but_more_like_it_are_asked_for(shop: LookedAt) -> None:
    for number in range(10):
        sku = f"RING-{number}"
        shop.piece("acme", sku, about(0, number), type="ring")
        put(shop, sku, revision=2, tags=["unique"])
        move(shop, movement("received", 1, sku=sku, at=day(60)), movement("sold", 1, sku=sku, at=day(30 - number)))
    shop.maker.make("acme")
    page = night(shop).page("acme", "piece", None, 0, 50)
    assert {one.kind for one in page.advice} == {"make-more"}
    assert page.advice[0].question is not None
    assert any((one.source or "").startswith("/v1/inventory/styles/") for one in page.advice[0].numbers)


def test_what_lies_is_told_as_a_question(shop: LookedAt) -> None:
    put(shop, "DEAD")
    put(shop, "MUCH")
    move(shop, movement("received", 4, sku="DEAD", at=day(300)))
    sell_weekly(shop, "MUCH", weeks=40, each=1, left=150)
    page = night(shop).page("acme", "piece", None, 0, 20)
    found = {one.sku: one for one in page.advice}
    assert (found["DEAD"].kind, found["DEAD"].quantity) == ("dead-stock", 4)
    assert found["DEAD"].question is not None
    assert "mark-down" in found["DEAD"].question
    assert found["MUCH"].kind == "overstock"
    assert 80 < (found["MUCH"].quantity or 0) < 140


def test_a_crossing_is_told_once_and_again_only_after_it_was_over(shop: LookedAt) -> None:
    put(shop, "FAST")
    sell_weekly(shop, "FAST", weeks=30, each=3, left=2)
    for _ in range(3):
        night(shop)
    assert [(one.sku, one.kind, one.on_hand) for one in alerts(shop)] == [("FAST", "low-stock", 2)]
    move(shop, movement("received", 60, sku="FAST", at=day(0.1)))
    night(shop)
    move(shop, movement("counted", 1, sku="FAST", at=day(0.05)))
    night(shop)
    night(shop)
    assert [one.kind for one in alerts(shop)] == ["low-stock", "low-stock"]


def test_forecasts_are_told_with_their_past_and_of_live_pieces_only(shop: LookedAt) -> None:
    put(shop, "FAST")
    sell_weekly(shop, "FAST", weeks=30, each=3, left=2)
    told = night(shop)
    forecast = told.forecast("acme", "piece", "FAST")
    assert len(forecast.weeks) == 26
    assert forecast.weeks[0].begins == NOW.date()
    assert sum(week.sold for week in forecast.past) == 90
    assert forecast.weekly == pytest.approx(3, rel=0.3)
    assert all(week.low <= week.mean + 1 and week.mean <= week.high + 1 for week in forecast.weeks)
    assert told.forecast("acme", "shop", "").weekly == pytest.approx(forecast.weekly, rel=0.2)
    shop.remove("acme", "FAST", revision=2)
    with pytest.raises(NotFound):
        told.forecast("acme", "piece", "FAST")
    with pytest.raises(NotFound):
        told.advice("acme", "piece", "FAST")
    assert told.page("acme", "piece", None, 0, 20).advice == []


def test_a_shop_hears_nothing_of_another_ones(shop: LookedAt) -> None:
    put(shop, "FAST")
    sell_weekly(shop, "FAST", weeks=30, each=3, left=2)
    put(shop, "FAST", tenant="other")
    told = night(shop)
    night(shop, tenant="other")
    assert told.page("other", "piece", None, 0, 20).advice == []
    assert told.forecast("other", "piece", "FAST").past[-1].sold == 0
    assert told.forecast("acme", "piece", "FAST").past[-1].sold == 3


def test_pages_of_advice_hold_each_once_in_the_order_of_what_weighs_most(shop: LookedAt) -> None:
    for number in range(7):
        put(shop, f"P{number}", price=10 * (number + 1))
        sell_weekly(shop, f"P{number}", weeks=20, each=2, left=0)
    told = night(shop)
    after, skus = 0, []
    while True:
        page = told.page("acme", "piece", "order", after, 3)
        skus += [one.sku for one in page.advice]
        if page.next_cursor is None:
            break
        after = int(page.next_cursor)
    assert skus == [f"P{number}" for number in reversed(range(7))]


def test_a_piece_says_how_long_its_orders_take(shop: LookedAt) -> None:
    put(shop, "NEAR", attributes={"lead_days": "7"})
    put(shop, "FAR", attributes={"lead_days": "84"})
    for sku in ("NEAR", "FAR"):
        sell_weekly(shop, sku, weeks=30, each=2, left=16)
    told = night(shop)
    assert told.advice("acme", "piece", "NEAR").kind is None
    assert told.advice("acme", "piece", "FAR").kind == "order"


def test_an_empty_shop_has_a_run_and_no_advice(shop: LookedAt) -> None:
    told = night(shop)
    page = told.page("acme", "piece", None, 0, 20)
    assert page.advice == []
    assert page.made_at == NOW
    assert np.isfinite(page.terms.lead_days)
