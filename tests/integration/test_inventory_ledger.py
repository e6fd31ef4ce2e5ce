"""What is on hand by the ledger: whatever comes twice, late, out of order or at once."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.inventory.checking import differing
from shared.contracts.stock import Movement
from tests.support.booking import BEGIN, DAY, Books, moved, movement
from tests.support.databases import NewDatabase


@pytest.fixture(scope="module")
def books(new_database: NewDatabase) -> Iterator[Books]:
    opened = Books(new_database())
    yield opened
    opened.close()


@pytest.fixture
def shop() -> str:
    return f"t-{uuid.uuid4().hex}"


def test_pieces_come_and_go_and_the_books_say_what_is_left_where(books: Books, shop: str) -> None:
    books.move(movement("received", 5), movement("received", 2, location="Graz"), tenant=shop)
    books.move(movement("sold", 2), movement("returned", 1), movement("adjusted", -1), tenant=shop)
    level = books.move(movement("moved", 2, location="Graz", to_location="main"), tenant=shop).levels[0]
    assert (level.on_hand, level.locations) == (5, {"Graz": 0, "main": 5})


def test_what_was_only_sold_is_not_counted_until_somebody_counts_or_receives(books: Books, shop: str) -> None:
    assert books.move(movement("sold", 1), tenant=shop).levels[0].on_hand is None
    assert books.move(movement("received", 5), tenant=shop).levels[0].on_hand == 4, "the sale was of one of them"
    assert books.move(movement("counted", None, at=BEGIN + DAY), tenant=shop).levels[0].on_hand is None
    assert books.move(movement("received", 5, at=BEGIN + 2 * DAY), tenant=shop).levels[0].on_hand is None
    assert books.move(movement("counted", 3, at=BEGIN + 3 * DAY), tenant=shop).levels[0].on_hand == 3


def test_a_movement_that_comes_again_changes_nothing_and_its_outcome_is_told_again(books: Books, shop: str) -> None:
    sold = movement("sold", 1)
    first = books.move(movement("counted", 3, at=BEGIN - DAY), sold, sold, tenant=shop)
    again = books.move(sold, movement("received", 9, id=sold.id), tenant=shop)
    assert first.levels == again.levels
    assert first.levels[0].on_hand == 2


def test_the_same_id_at_another_shop_is_another_movement(books: Books, shop: str) -> None:
    counted = movement("counted", 3)
    assert books.move(counted, tenant=shop).levels[0].on_hand == 3
    assert books.move(counted, tenant=f"{shop}-2").levels[0].on_hand == 3


def test_what_comes_late_from_before_a_count_is_kept_and_changes_nothing(books: Books, shop: str) -> None:
    books.move(movement("counted", 7, at=BEGIN), tenant=shop)
    before = books.move(movement("counted", 4, at=BEGIN + 7 * DAY), tenant=shop).levels[0]
    late = books.move(movement("sold", 1, at=BEGIN + 3 * DAY), tenant=shop).levels[0]
    assert late == before, "who counted saw that it was gone"
    books.move(movement("sold", 1, at=BEGIN + 8 * DAY), tenant=shop)
    level = books.move(movement("counted", 6, at=BEGIN + 7.5 * DAY), tenant=shop).levels[0]
    assert level.on_hand == 5, "a count that comes late holds from its time on"


def test_late_data_may_show_that_more_went_than_came(books: Books, shop: str) -> None:
    books.move(movement("received", 1), movement("sold", 3), tenant=shop)
    assert books.level(tenant=shop).on_hand == -2
    assert books.move(movement("received", 5, at=BEGIN - DAY), tenant=shop).levels[0].on_hand == 3


def test_the_sequence_grows_with_each_change_and_only_then(books: Books, shop: str) -> None:
    sequences = [
        books.move(movement("counted", 3), tenant=shop).levels[0].sequence,
        books.move(movement("sold", 1), tenant=shop).levels[0].sequence,
        books.move(movement("sold", 1, at=BEGIN - DAY), tenant=shop).levels[0].sequence,
        books.move(movement("counted", 2, at=BEGIN + DAY), tenant=shop).levels[0].sequence,
    ]
    assert sequences == [1, 2, 2, 2]


def test_of_two_that_record_at_once_none_is_lost(books: Books, shop: str) -> None:
    books.move(movement("counted", 1_000, at=BEGIN - DAY), tenant=shop)
    told = [moved([movement("sold", 1), movement("sold", 1, sku="OTHER")], shop) for _ in range(40)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(books.hear, told))
        list(pool.map(books.hear, told))
    assert books.move(movement("sold", 1), tenant=shop).levels[0].on_hand == 959


KINDS = st.sampled_from(["received", "sold", "returned", "adjusted", "counted", "moved"])
TOLD = st.builds(
    lambda kind, quantity, place, day: movement(
        kind,
        quantity if kind != "adjusted" else -quantity,
        location="AB"[place],
        to_location="AB"[1 - place] if kind == "moved" else None,
        at=BEGIN + timedelta(days=day),
    ),
    KINDS,
    st.integers(1, 9),
    st.integers(0, 1),
    st.integers(0, 12),
)


def replayed(told: Sequence[Movement]) -> dict[str, int | None]:
    """What lies where, by the order of time, and of those of the same time by the order in which they came."""
    levels: dict[str, int | None] = {}
    for place in "AB":
        here = [
            one for one in sorted(told, key=lambda one: one.occurred_at) if place in (one.location, one.to_location)
        ]
        opened = any(one.kind not in ("sold", "returned") for one in here)
        level = 0
        for one in here:
            if one.kind == "counted":
                level = one.quantity or 0
            else:
                gone = one.kind == "sold" or (one.kind == "moved" and one.location == place)
                level += -(one.quantity or 0) if gone else one.quantity or 0
        if here and opened:
            levels[place] = level
    return levels


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOLD, min_size=1, max_size=14), st.randoms(use_true_random=False), st.integers(1, 5))
def test_whatever_the_order_and_the_bundles_the_levels_are_those_of_a_replay(
    books: Books, told: list[Movement], order: random.Random, at_once: int
) -> None:
    tenant = f"t-{uuid.uuid4().hex}"
    arriving = order.sample(told, len(told))
    for start in range(0, len(arriving), at_once):
        books.recorder.many_moved([moved([one], tenant) for one in arriving[start : start + at_once]])
    assert books.level(tenant=tenant).locations == replayed(arriving)
    with books.database.read() as session:
        assert differing(session.connection(), tenant) == []
