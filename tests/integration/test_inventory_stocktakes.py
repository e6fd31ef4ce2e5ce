"""Stock-takes by photo over a real database: seen, looked at again, confirmed once, and never counted by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from services.inventory.stocktake.taking import Stocktakes
from services.inventory.style_tables import StocktakeRow
from services.inventory.tables import Level, MovementRow
from shared.contracts.models import Models
from shared.contracts.stocktakes import CloserPhoto, CountedItem, Stocktake, StocktakeAsked
from shared.errors import Conflict, InvalidInput, NotFound, Retryable
from tests.support.databases import NewDatabase
from tests.support.looking import MODEL, LookedAt, about, looked_at, photo_of, tray_of, unit

SHOP = "acme"


@pytest.fixture
def shop(new_database: NewDatabase, tmp_path: Path) -> Iterator[LookedAt]:
    with looked_at(new_database(), tmp_path) as made:
        for number in range(6):
            made.piece(SHOP, f"RING-{number}", about(number, 1), type="ring")
        lies(made, {"RING-0": 1, "RING-1": 1, "RING-2": 2, "RING-3": 0}, "window")
        yield made


@pytest.fixture
def stocktakes(shop: LookedAt) -> Stocktakes:
    return Stocktakes(shop.books, shop.looks, lambda: Models(models=[MODEL]))


def lies(shop: LookedAt, counts: dict[str, int], location: str, tenant: str = SHOP) -> None:
    with shop.books.write() as session:
        for sku, count in counts.items():
            session.add(Level(tenant=tenant, sku=sku, location=location, on_hand=count, counted_at=None, moved_at=1))


def asked(*looks: int, location: str = "window", expected: list[str] | None = None) -> StocktakeAsked:
    photo = tray_of(*(about(look, 2) for look in looks))
    return StocktakeAsked(tenant=SHOP, location=location, photos=[photo], expected=expected)


def told(found: Stocktake) -> list[tuple[str, str | None]]:
    return [(piece.outcome, piece.sku) for piece in found.pieces]


def movements(shop: LookedAt) -> int:
    with shop.books.read() as session:
        return len(session.execute(select(MovementRow.id)).all())


def test_what_lies_there_is_told_against_what_the_ledger_says(stocktakes: Stocktakes) -> None:
    found = stocktakes.take(asked(0, 2, 5))
    assert told(found) == [("present", "RING-0"), ("present", "RING-2"), ("unexpected", "RING-5")]
    assert {(item.sku, item.expected, item.seen, item.missing) for item in found.items} == {
        ("RING-0", 1, 1, 0),
        ("RING-1", 1, 0, 1),
        ("RING-2", 2, 1, 1),
        ("RING-5", 0, 1, 0),
    }
    assert stocktakes.get(SHOP, found.stocktake_id) == found


def test_several_photos_are_of_one_place(stocktakes: Stocktakes) -> None:
    one, two = asked(0, 2), asked(1, 2)
    found = stocktakes.take(one.model_copy(update={"photos": [*one.photos, *two.photos]}))
    assert [piece.photo for piece in found.pieces] == [0, 0, 1, 1]
    assert sorted(piece.sku or "" for piece in found.pieces) == ["RING-0", "RING-1", "RING-2", "RING-2"]


def test_who_names_what_should_lie_there_is_believed(stocktakes: Stocktakes) -> None:
    found = stocktakes.take(asked(4, location="safe", expected=["RING-4", "RING-3"]))
    assert told(found) == [("present", "RING-4")]
    assert [(item.sku, item.missing) for item in found.items] == [("RING-3", 1), ("RING-4", 0)]


def test_a_closer_photo_settles_what_nobody_was_sure_of(stocktakes: Stocktakes) -> None:
    between = unit(about(0, 1) + about(1, 1))
    found = stocktakes.take(asked().model_copy(update={"photos": [tray_of(between)]}))
    assert told(found) == [("unsure", None)]
    again = stocktakes.closer(found.stocktake_id, CloserPhoto(tenant=SHOP, number=0, photo=photo_of(about(1, 3))))
    assert told(again) == [("present", "RING-1")]
    assert stocktakes.get(SHOP, found.stocktake_id) == again


def test_nothing_is_counted_until_somebody_confirms_and_then_once(stocktakes: Stocktakes, shop: LookedAt) -> None:
    found = stocktakes.take(asked(0, 2))
    said = [CountedItem(sku="RING-2", quantity=2)]
    plan = stocktakes.plan(SHOP, found.stocktake_id, said)
    assert plan.counted == [
        CountedItem(sku="RING-0", quantity=1),
        CountedItem(sku="RING-1", quantity=0),
        CountedItem(sku="RING-2", quantity=2),
    ]
    assert stocktakes.get(SHOP, found.stocktake_id).state == "open"
    confirmed = stocktakes.confirm(SHOP, found.stocktake_id, plan.counted)
    assert (confirmed.state, confirmed.counted) == ("confirmed", plan.counted)
    assert stocktakes.confirm(SHOP, found.stocktake_id, []) == confirmed
    assert stocktakes.plan(SHOP, found.stocktake_id, []) == confirmed
    with pytest.raises(Conflict):
        stocktakes.closer(found.stocktake_id, CloserPhoto(tenant=SHOP, number=0, photo=photo_of(about(1, 3))))
    assert movements(shop) == 0, "the gateway tells the ledger"


def test_a_stock_take_of_yesterday_cannot_be_confirmed(stocktakes: Stocktakes, shop: LookedAt) -> None:
    found = stocktakes.take(asked(0))
    late = found.model_copy(update={"created_at": datetime.now(UTC) - timedelta(hours=25)})
    with shop.books.write() as session:
        session.execute(update(StocktakeRow).values(stocktake=late.model_dump(mode="json")))
    assert stocktakes.get(SHOP, found.stocktake_id).state == "expired"
    with pytest.raises(Conflict):
        stocktakes.plan(SHOP, found.stocktake_id, [])


def test_a_stock_take_is_its_shops_alone(stocktakes: Stocktakes) -> None:
    found = stocktakes.take(asked(0))
    with pytest.raises(NotFound):
        stocktakes.get("other", found.stocktake_id)
    for call in (stocktakes.plan, stocktakes.confirm):
        with pytest.raises(NotFound):
            call("other", found.stocktake_id, [])


def test_a_closer_photo_of_a_piece_that_there_is_not_is_refused(stocktakes: Stocktakes) -> None:
    found = stocktakes.take(asked(0))
    with pytest.raises(NotFound):
        stocktakes.closer(found.stocktake_id, CloserPhoto(tenant=SHOP, number=1, photo=photo_of(about(0, 3))))


def test_photos_by_another_model_than_the_shops_are_asked_for_again(stocktakes: Stocktakes) -> None:
    other = asked().model_copy(update={"photos": [tray_of(about(0, 2), version="looks-2")]})
    with pytest.raises(Retryable):
        stocktakes.take(other)


def test_where_far_too_much_lies_who_counts_must_say_what_is_on_the_tray(
    stocktakes: Stocktakes, shop: LookedAt
) -> None:
    for number in range(502):
        shop.item(SHOP, f"MANY-{number}")
    lies(shop, {f"MANY-{number}": 1 for number in range(502)}, "store")
    with pytest.raises(InvalidInput):
        stocktakes.take(asked(0, location="store"))
    assert stocktakes.take(asked(0, location="store", expected=["RING-0"])).items[0].seen == 1
