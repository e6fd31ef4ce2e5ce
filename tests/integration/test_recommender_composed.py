"""Queries of several pictures, items and words, and of what is not wanted, over the real engine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from shared.contracts.models import Probability
from tests.support.recommending import (
    FACTS,
    Shop,
    Shops,
    by_picture,
    by_words,
    shops,
    skus,
    towards,
)

MODEL = FACTS.model_copy(update={"style": Probability(slope=10, offset=-6)})
ROUND, SQUARE, LONG = 0, 1, 2


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("composed")
    with shops(folder, f"sqlite:///{folder}/recommender.db", MODEL) as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    return parts.new()


def test_what_is_like_both_pictures_stands_before_what_is_like_one(shop: Shop) -> None:
    shop.piece("ROUND", towards(ROUND, 1.0, 5), in_stock=False)
    shop.piece("SQUARE", towards(SQUARE, 1.0, 5), in_stock=False)
    shop.piece("BOTH", towards(ROUND, 0.7071, SQUARE), in_stock=False)
    found = shop.compose(by_picture(towards(ROUND, 1.0, 5)), by_picture(towards(SQUARE, 1.0, 5), weight=0.5))
    assert skus(found) == ["BOTH", "ROUND", "SQUARE"]
    assert [hit.score for hit in found.hits] == pytest.approx([0.7071, 2 / 3, 1 / 3], abs=1e-4)


def test_an_item_found_by_one_part_is_compared_with_the_other_by_all_of_its_pieces(shop: Shop) -> None:
    """Its second picture is too far from the first part to be among what is read for it."""
    for number in range(250):
        shop.piece(f"SQUARE-{number}", towards(SQUARE, 0.9, 4 + number % 8), in_stock=False)
    shop.piece("TWO-VIEWS", towards(ROUND, 0.99, 5), towards(SQUARE, 0.8, 3), in_stock=False)
    found = shop.compose(by_picture(towards(ROUND, 1.0, 5)), by_picture(towards(SQUARE, 1.0, 4)))
    assert found.hits[0].sku == "TWO-VIEWS"
    assert found.hits[0].score == pytest.approx((0.99 + 0.8) / 2, abs=0.01)


def test_what_is_nearer_to_the_unwanted_than_to_the_wanted_stands_below_all_others(shop: Shop) -> None:
    shop.piece("LIKE-IT", towards(ROUND, 0.8, 5))
    shop.piece("LIKE-BOTH", towards(ROUND, 0.6, SQUARE))
    shop.piece("FAR", towards(ROUND, 0.2, 6))
    found = shop.compose(by_picture(towards(ROUND, 1.0, 5)), by_picture(towards(SQUARE, 1.0, 5), negative=True))
    assert skus(found) == ["LIKE-IT", "FAR", "LIKE-BOTH"]
    assert (found.hits[-1].score, found.hits[-1].verdict, found.hits[-1].reasons) == (0, "related", [])
    weaker = shop.compose(
        by_picture(towards(ROUND, 1.0, 5)), by_picture(towards(SQUARE, 1.0, 5), negative=True, weight=0.5)
    )
    assert skus(weaker) == ["LIKE-IT", "LIKE-BOTH", "FAR"]


def test_when_many_are_unwanted_those_that_are_not_are_still_found(shop: Shop) -> None:
    for number in range(900):
        shop.piece(f"SILVER-{number}", towards(ROUND, 0.9, 5 + number % 8), metal="silver")
    shop.piece("GOLD", towards(ROUND, 0.5, 4), metal="gold")
    no_silver = by_words("silver", negative=True, known={"metal": "silver"})
    found = shop.compose(by_picture(towards(ROUND, 1.0, 5)), no_silver, limit=3)
    assert found.hits[0].sku == "GOLD"


def test_not_like_that_ring_means_what_it_has_otherwise_and_not_that_it_is_a_ring(shop: Shop) -> None:
    shop.piece("LIKED", towards(ROUND, 1.0, 5), metal="gold", setting="halo")
    shop.piece("DISLIKED", towards(ROUND, 0.9, 6), metal="gold", setting="bezel")
    shop.piece("HALO", towards(ROUND, 0.8, 7), metal="gold", setting="halo")
    shop.piece("BEZEL", towards(ROUND, 0.95, 7), metal="gold", setting="bezel")
    found = shop.compose({"sku": "LIKED"}, {"sku": "DISLIKED", "negative": True, "weight": 0.1})
    assert skus(found) == ["HALO", "BEZEL"]
    assert found.hits[0].score > 0 == found.hits[1].score


def test_words_that_are_not_wanted_leave_out_what_has_all_of_them(shop: Shop) -> None:
    shop.piece("HALO", towards(ROUND, 0.9, 5), words="gold halo ring")
    shop.piece("BEZEL", towards(ROUND, 0.8, 5), words="gold bezel ring")
    found = shop.compose(by_picture(towards(ROUND, 1.0, 5)), by_words("halo ring", negative=True))
    assert [(hit.sku, hit.score > 0) for hit in found.hits] == [("BEZEL", True), ("HALO", False)]


def test_a_wish_counts_and_is_no_condition(shop: Shop) -> None:
    shop.piece("SILVER", towards(ROUND, 0.9, 5), metal="silver")
    shop.piece("GOLD", towards(ROUND, 0.85, 5), metal="gold")
    query = by_picture(towards(ROUND, 1.0, 6))
    assert skus(shop.compose(query)) == ["SILVER", "GOLD"]
    found = shop.compose(query, prefer={"metal": ["gold"]})
    assert skus(found) == ["GOLD", "SILVER"]
    (metal,) = [reason for reason in found.hits[0].reasons if reason.kind == "metal"]
    assert (metal.value, metal.differs) == ("gold", False)
    assert metal.share == pytest.approx(0.2 / (0.8 * 0.85 + 0.2), abs=0.01)


def test_by_words_alone_the_words_rank_and_are_the_reason(shop: Shop) -> None:
    shop.piece("HALO", towards(ROUND, 1.0, 5), words="emerald halo ring")
    shop.piece("PLAIN", towards(SQUARE, 1.0, 5), words="plain gold band")
    found = shop.compose(by_words("emerald ring"))
    assert skus(found) == ["HALO", "PLAIN"]
    assert found.hits[0].source.kind == "words"
    assert found.hits[0].reasons[0].kind == "words"
    assert not found.no_match


def test_words_that_no_item_has_or_means_are_no_match(shop: Shop) -> None:
    shop.piece("HALO", towards(ROUND, 1.0, 5), words="emerald halo ring")
    found = shop.compose(by_words("winter tyres"))
    assert found.no_match
    assert not shop.compose(by_words("emerald")).no_match


def test_words_beside_a_picture_decide_among_what_looks_alike(shop: Shop) -> None:
    shop.piece("PLAIN", towards(ROUND, 0.92, 5), words="plain gold band")
    shop.piece("HALO", towards(ROUND, 0.9, 6), words="emerald halo ring")
    query = by_picture(towards(ROUND, 1.0, 7))
    assert skus(shop.compose(query)) == ["PLAIN", "HALO"]
    found = shop.compose(query, by_words("emerald halo", weight=0.5))
    assert skus(found) == ["HALO", "PLAIN"]
    assert {reason.kind for reason in found.hits[0].reasons} >= {"words"}
    assert found.hits[0].source.kind == "picture"


def test_without_parts_the_newest_come_first_under_the_filters(shop: Shop) -> None:
    for age in (5, 1, 9, 3):
        shop.piece(f"S-{age}", towards(ROUND, 1.0, 5), age_days=age, brand="orla" if age > 3 else "lumen")
    assert skus(shop.compose()) == ["S-1", "S-3", "S-5", "S-9"]
    found = shop.compose(filters={"brand": ["orla"]}, limit=1)
    assert (skus(found), found.hits[0].source.kind, found.found, found.capped) == (["S-5"], "new", 2, False)
    assert skus(shop.compose(filters={"brand": ["orla"]}, limit=1, cursor=found.next)) == ["S-9"]
    since = shop.compose(filters={"created_after": found.hits[0].source.at.isoformat()})  # type: ignore[union-attr]
    assert skus(since) == ["S-1", "S-3", "S-5"]


def test_only_what_is_not_wanted_is_no_question(shop: Shop) -> None:
    answer = shop.ask("/search", parts=[by_picture(towards(0, 1.0, 1), negative=True)])
    assert answer.status_code == 422
    assert "all of them are negative" in answer.json()["detail"]


def test_facets_count_items_and_say_when_there_are_more(shop: Shop) -> None:
    for number in range(30):
        views = [towards(ROUND, 0.9, 5 + number % 8)] * 2
        shop.piece(f"S-{number}", *views, metal="gold" if number % 3 else "silver", tags=["new", "sale"], brand="orla")
    found = shop.search(towards(ROUND, 1.0, 5), limit=5)
    assert (found.found, found.capped) == (30, False)
    assert found.facets["metal"] == {"gold": 20, "silver": 10}
    assert found.facets["tags"] == {"new": 30, "sale": 30}
    assert found.facets["brand"] == {"orla": 30}
    assert "stone" not in found.facets
    for number in range(100):
        shop.piece(f"MORE-{number}", *([towards(ROUND, 0.5, 5)] * 2), metal="gold")
    assert shop.search(towards(ROUND, 1.0, 5), limit=5).capped


def test_diversity_puts_a_twin_behind_what_looks_otherwise(shop: Shop) -> None:
    shop.piece("ONE", towards(ROUND, 0.9, 5))
    shop.piece("TWIN", towards(ROUND, 0.89, 5))
    shop.piece("OTHER", towards(ROUND, 0.8, 6))
    query = by_picture(towards(ROUND, 1.0, 7))
    assert skus(shop.compose(query)) == ["ONE", "TWIN", "OTHER"]
    assert skus(shop.compose(query, diversity=0.5)) == ["ONE", "OTHER", "TWIN"]


def test_boosts_decide_among_what_is_as_alike_and_are_told(shop: Shop) -> None:
    shop.piece("SEED", towards(ROUND, 1.0, 5))
    shop.piece("SOLD-OUT", towards(ROUND, 0.8, 6), in_stock=False)
    shop.piece("IN-STOCK", towards(ROUND, 0.8, 7))
    shop.piece("NEW", towards(ROUND, 0.8, 8), age_days=0)
    shop.piece("NEARER", towards(ROUND, 0.9, 9), in_stock=False)
    shop.tell("ann", "purchased", "NEW")
    found = shop.similar("SEED")
    assert skus(found) == ["NEARER", "NEW", "IN-STOCK", "SOLD-OUT"]
    kinds = {hit.sku: {reason.kind for reason in hit.reasons} - {"type"} for hit in found.hits}
    assert kinds == {"NEARER": set(), "NEW": {"stock", "new", "popular"}, "IN-STOCK": {"stock"}, "SOLD-OUT": set()}
    plain, boosted = found.hits[3].score, found.hits[2].score
    assert 0 < boosted - plain <= 0.02


def test_a_picture_alone_asks_which_piece_it_is_so_that_nothing_but_likeness_counts(shop: Shop) -> None:
    shop.piece("NEARER", towards(ROUND, 0.801, 6), in_stock=False)
    shop.piece("NEW", towards(ROUND, 0.8, 7), age_days=0)
    found = shop.search(towards(ROUND, 1.0, 5))
    assert skus(found) == ["NEARER", "NEW"]
    assert [hit.score for hit in found.hits] == pytest.approx([0.801, 0.8], abs=1e-5)


def test_similar_is_told_where_the_style_is_as_likely_as_not(shop: Shop) -> None:
    shop.piece("SEED", towards(ROUND, 1.0, 5))
    shop.piece("ALIKE", towards(ROUND, 0.61, 6))
    shop.piece("UNLIKE", towards(ROUND, 0.59, 7))
    assert [(hit.sku, hit.verdict) for hit in shop.similar("SEED").hits] == [
        ("ALIKE", "similar"),
        ("UNLIKE", "related"),
    ]


def test_what_is_asked_about_is_never_an_answer(shop: Shop) -> None:
    shop.piece("SEED", towards(ROUND, 1.0, 5))
    shop.piece("OTHER", towards(ROUND, 0.9, 5))
    assert skus(shop.compose({"sku": "SEED"}, by_picture(np.eye(16, dtype=np.float32)[0]))) == ["OTHER"]


def test_not_like_an_item_means_all_that_the_photo_is_not_known_to_share(shop: Shop) -> None:
    shop.piece("GOLD", towards(ROUND, 0.95, 5), type="ring", metal="gold")
    shop.piece("SILVER", towards(ROUND, 0.9, 5), type="ring", metal="silver")
    shop.piece("OF-GOLD", towards(SQUARE, 1.0, 5), type="ring", metal="gold")
    photo = towards(ROUND, 1.0, 12)
    assert skus(shop.compose(by_picture(photo)))[0] == "GOLD"
    unlike = {"sku": "OF-GOLD", "negative": True}
    found = shop.compose(by_picture(photo), unlike)
    assert [(hit.sku, hit.score > 0) for hit in found.hits] == [("SILVER", True), ("GOLD", False)]
    of_gold = shop.compose(by_picture(photo, known={"metal": "gold"}), unlike)
    assert [(hit.sku, hit.score > 0) for hit in of_gold.hits] == [("GOLD", True), ("SILVER", True)]


def test_words_that_say_not_so_hold_though_the_photo_shows_it(shop: Shop) -> None:
    shop.piece("GOLD", towards(ROUND, 0.95, 5), metal="gold")
    shop.piece("SILVER", towards(ROUND, 0.9, 5), metal="silver")
    gold_photo = by_picture(towards(ROUND, 1.0, 12), known={"metal": "gold"})
    found = shop.compose(gold_photo, by_words("gold", negative=True, known={"metal": "gold"}))
    assert [(hit.sku, hit.score > 0) for hit in found.hits] == [("SILVER", True), ("GOLD", False)]
