"""Suggestions over a real engine and a real history, through the HTTP app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.contracts.messages import EventsRecorded
from shared.contracts.user_events import EventType, UserEvent
from tests.support.databases import NewDatabase
from tests.support.recommending import NOW, Shop, Shops, shops, skus, towards

RINGS, PEARLS, WATCHES = 0, 1, 2


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Iterator[Shops]:
    with shops(tmp_path_factory.mktemp("recommender"), new_database()) as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    """Three kinds of six pieces each: pieces of a kind have cosines of 0.81 to 0.9, of two kinds next to none."""
    made = parts.new()
    for kind, name in ((RINGS, "RING"), (PEARLS, "PEARL"), (WATCHES, "WATCH")):
        for number in range(6):
            made.piece(f"{name}-{number}", towards(kind, 0.9 + number / 100, 5 + number), type=name.lower())
    return made


def test_three_clicks_on_one_kind_bring_its_like_to_the_top_with_true_reasons(shop: Shop) -> None:
    for number in range(3):
        shop.tell("ann", "clicked", f"PEARL-{number}", minutes_ago=number)
    found = shop.suggest("ann", limit=6)
    assert set(skus(found)[:3]) == {"PEARL-3", "PEARL-4", "PEARL-5"}
    assert not found.cold
    for hit in found.hits[:3]:
        assert hit.source.kind == "look"
        assert hit.source.event == "clicked"
        assert hit.source.sku in {"PEARL-0", "PEARL-1", "PEARL-2"}
        number, seed = int(hit.sku[-1]), int(hit.source.sku[-1])
        assert hit.source.similarity == pytest.approx((0.9 + number / 100) * (0.9 + seed / 100), abs=1e-4)
        assert hit.source.at == NOW - timedelta(minutes=seed)
        assert hit.type == "pearl"


def test_what_is_looked_for_now_outweighs_a_purchase_of_last_week(shop: Shop) -> None:
    shop.tell("ann", "purchased", "WATCH-0", minutes_ago=7 * 24 * 60)
    for number in range(3):
        shop.tell("ann", "clicked", f"PEARL-{number}")
    found = skus(shop.suggest("ann", limit=6))
    assert set(found[:3]) == {"PEARL-3", "PEARL-4", "PEARL-5"}
    assert set(found[3:]) <= {f"WATCH-{number}" for number in range(1, 6)}


def test_two_tastes_are_both_served(shop: Shop) -> None:
    shop.tell("ann", "favourited", "RING-0")
    shop.tell("ann", "favourited", "WATCH-0")
    kinds = {sku.split("-")[0] for sku in skus(shop.suggest("ann", limit=10))}
    assert kinds == {"RING", "WATCH"}


def test_what_was_bought_never_comes_back_unless_it_was_returned_later(shop: Shop) -> None:
    shop.tell("ann", "purchased", "RING-0", minutes_ago=60)
    assert "RING-0" not in skus(shop.suggest("ann", limit=100))
    shop.tell("ann", "returned", "RING-0", minutes_ago=30)
    assert "RING-0" in skus(shop.suggest("ann", limit=100))
    shop.tell("ann", "purchased", "RING-0", minutes_ago=5)
    assert "RING-0" not in skus(shop.suggest("ann", limit=100))


def test_a_purchase_long_before_the_last_two_hundred_events_still_counts(shop: Shop) -> None:
    shop.tell("ann", "purchased", "RING-0", minutes_ago=1000)
    shop.tell_all([UserEvent(id=f"v{n}", type="viewed", user_id="ann", sku="WATCH-1", at=NOW) for n in range(250)])
    assert "RING-0" not in skus(shop.suggest("ann", limit=100))


def test_a_dismissed_piece_is_gone_and_its_like_falls(shop: Shop) -> None:
    shop.piece("PEARL-LIKE-RING", towards(RINGS, 0.9, PEARLS))
    shop.tell("ann", "clicked", "RING-0")
    before = {hit.sku: hit.score for hit in shop.suggest("ann").hits if hit.source.kind == "look"}
    shop.tell("ann", "dismissed", "RING-5")
    after = {hit.sku: hit.score for hit in shop.suggest("ann").hits if hit.source.kind == "look"}
    assert "RING-5" not in skus(shop.suggest("ann", limit=100))
    assert set(after) == set(before) - {"RING-5"}
    assert all(after[sku] < before[sku] for sku in after)


def test_only_pieces_in_stock_are_suggested_for_any_reason(shop: Shop) -> None:
    shop.piece("SOLD-RING", towards(RINGS, 0.99, 15), in_stock=False, age_days=0)
    shop.tell("bob", "purchased", "SOLD-RING")
    shop.tell("ann", "clicked", "RING-0")
    for user in ("ann", "newcomer"):
        assert "SOLD-RING" not in skus(shop.suggest(user, limit=100))


def test_a_newcomer_gets_what_is_popular_with_the_real_count_and_then_what_is_new(shop: Shop) -> None:
    shop.piece("YESTERDAYS", towards(9, 1.0, 10), age_days=1)
    shop.piece("TODAYS", towards(10, 1.0, 11), age_days=0)
    for user in ("ann", "bob", "cleo"):
        shop.tell(user, "viewed", "WATCH-3")
        shop.tell(user, "viewed", "WATCH-3", minutes_ago=5)
    shop.tell("ann", "purchased", "RING-2")
    shop.tell("dan", "viewed", "PEARL-1", minutes_ago=31 * 24 * 60)
    shop.tell("dan", "dismissed", "PEARL-2")
    found = shop.suggest("newcomer", limit=4)
    assert found.cold
    assert skus(found) == ["RING-2", "WATCH-3", "TODAYS", "YESTERDAYS"]
    assert [(hit.source.kind, hit.source.count) for hit in found.hits] == [
        ("popular", 1),
        ("popular", 3),
        ("new", None),
        ("new", None),
    ]
    assert found.hits[3].source.at == NOW - timedelta(days=1)


def test_a_list_is_filled_to_its_limit_each_piece_once_with_falling_scores(shop: Shop) -> None:
    shop.tell("bob", "clicked", "RING-1")
    shop.tell("bob", "clicked", "WATCH-1")
    shop.tell("ann", "clicked", "RING-0")
    found = shop.suggest("ann", limit=17)
    assert len(set(skus(found))) == 17
    kinds = [hit.source.kind for hit in found.hits]
    assert (kinds[:5], sorted(kinds[5:])) == (["look"] * 5, ["new"] * 11 + ["popular"])
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert "RING-0" not in skus(found)


def test_what_was_already_seen_fills_the_end_only_when_nothing_else_is_left(shop: Shop) -> None:
    shop.tell("ann", "viewed", "RING-0")
    found = skus(shop.suggest("ann", limit=100))
    assert len(found) == 18
    assert found[-1] == "RING-0"


def test_a_piece_is_not_told_to_look_like_one_that_it_does_not_resemble(parts: Shops) -> None:
    shop = parts.new()
    shop.piece("SEED", towards(0, 1.0, 1))
    shop.piece("UNLIKE", towards(0, 0.5, 2))
    shop.tell("ann", "clicked", "SEED")
    assert [hit.source.kind for hit in shop.suggest("ann", limit=1).hits] == ["new"]


def test_a_piece_of_another_type_comes_after_one_of_the_same_that_looks_a_little_less_alike(parts: Shops) -> None:
    shop = parts.new()
    shop.piece("SEED", towards(0, 1.0, 1), type="earring")
    shop.piece("RING", towards(0, 0.95, 2), type="ring")
    shop.piece("EARRING", towards(0, 0.9, 3), type="earring")
    shop.piece("UNKNOWN", towards(0, 0.92, 4), type=None)
    shop.tell("ann", "clicked", "SEED")
    found = skus(shop.suggest("ann", limit=3))
    assert (set(found[:2]), found[2]) == ({"UNKNOWN", "EARRING"}, "RING")


def test_a_repeated_event_counts_once_and_its_batch_is_always_confirmed(shop: Shop) -> None:
    for _ in range(3):
        shop.tell("ann", "viewed", "RING-0", event_id="e-1")
    shop.tell("bob", "viewed", "RING-1", event_id="e-1")
    assert [type(message) for message in shop.recorder.published] == [EventsRecorded] * 4
    popular = {hit.sku: hit.source.count for hit in shop.suggest("x").hits if hit.source.kind == "popular"}
    assert popular == {"RING-0": 1}


def test_the_next_call_after_an_event_reflects_it(shop: Shop) -> None:
    shop.tell("ann", "clicked", "RING-0")
    assert shop.suggest("ann", limit=1).hits[0].type == "ring"
    shop.tell("ann", "purchased", "WATCH-0")
    assert shop.suggest("ann", limit=1).hits[0].type == "watch"


def test_history_from_years_ago_still_tells_a_taste(shop: Shop) -> None:
    shop.tell("ann", "purchased", "WATCH-0", minutes_ago=3 * 365 * 24 * 60)
    assert {hit.type for hit in shop.suggest("ann", limit=5).hits} == {"watch"}


def test_an_event_from_the_future_does_not_outweigh_the_present(shop: Shop) -> None:
    shop.tell("ann", "viewed", "RING-0", minutes_ago=-365 * 24 * 60)
    shop.tell("ann", "clicked", "WATCH-0", minutes_ago=1)
    assert shop.suggest("ann", limit=1).hits[0].type == "watch"


@pytest.mark.parametrize("kind", ["viewed", "clicked", "favourited", "carted", "purchased"])
def test_shops_never_learn_of_each_others_shoppers_and_pieces(parts: Shops, kind: EventType) -> None:
    ours, theirs = parts.new(), parts.new()
    for made in (ours, theirs):
        made.piece("A", towards(0, 1.0, 1))
        made.piece("B", towards(0, 0.9, 2))
    theirs.piece("C", towards(0, 0.9, 2))
    theirs.tell("ann", kind, "A")
    found = ours.suggest("ann")
    assert found.cold
    assert set(skus(found)) == {"A", "B"}
    assert {hit.source.kind for hit in found.hits} == {"new"}


def test_an_event_with_the_id_that_another_shop_chose_is_no_repeat(parts: Shops) -> None:
    ours, theirs = parts.new(), parts.new()
    for made, user in ((theirs, "bob"), (ours, "ann")):
        made.piece("A", towards(0, 1.0, 1))
        made.tell(user, "clicked", "A", event_id="event-1")
    assert [ours.suggest("ann").cold, ours.suggest("bob").cold] == [False, True]
    assert [theirs.suggest("ann").cold, theirs.suggest("bob").cold] == [True, False]


def test_the_newest_of_a_large_catalogue_come_first_however_they_came_in(parts: Shops) -> None:
    shop = parts.new()
    for number in range(900):
        shop.piece(f"S-{number}", towards(number % 8, 0.9, 8 + number % 7), age_days=100 + number / 10_000)
    expected = [f"S-{number}" for number in range(30)]
    assert skus(shop.suggest("newcomer", limit=30)) == expected
    shop.piece("JUST-IN", towards(3, 0.9, 4), age_days=0)
    assert skus(shop.suggest("newcomer", limit=30)) == ["JUST-IN", *expected[:29]]


def test_items_of_very_many_pictures_each_still_fill_a_newcomers_list(parts: Shops) -> None:
    shop = parts.new()
    for number in range(12):
        shop.piece(f"S-{number}", *([towards(number % 8, 0.9, 9)] * 40), age_days=100 + number)
    for _ in range(2):
        assert skus(shop.suggest("newcomer", limit=8)) == [f"S-{number}" for number in range(8)]


def test_a_catalogue_that_came_in_at_one_moment_is_suggested_all_the_same(parts: Shops) -> None:
    shop = parts.new()
    for number in range(100):
        shop.piece(f"S-{number}", towards(number % 8, 0.9, 9), age_days=100)
    assert len(set(skus(shop.suggest("newcomer", limit=5)))) == 5
