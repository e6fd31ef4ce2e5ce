"""Answers are kept for those who ask the same, and never outlive a change of the shop's index."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from tests.support.recommending import Shop, Shops, by_picture, shops, skus, towards

QUERY = towards(0, 1.0, 1)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("cache")
    with shops(folder, f"sqlite:///{folder}/recommender.db") as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    made = parts.new()
    made.piece("RING", towards(0, 0.9, 2), price=10.0)
    return made


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("loupe_recommender_cache_total", {"outcome": outcome}) or 0.0


def hits_of(shop: Shop, **more: object) -> tuple[bool, list[str]]:
    """Whether the cache answered, and what was found."""
    before = count("hit")
    found = shop.search(QUERY, **more)
    return count("hit") > before, skus(found)


def test_who_asks_the_same_gets_the_same_without_a_search(shop: Shop) -> None:
    assert hits_of(shop) == (False, ["RING"])
    assert hits_of(shop) == (True, ["RING"])


@pytest.mark.parametrize("change", ["put", "reprice", "remove"])
def test_after_a_write_nothing_old_is_told(shop: Shop, change: str) -> None:
    filters = {"price_max": 100}
    hits_of(shop, filters=filters)
    if change == "put":
        shop.piece("NEARER", towards(0, 0.99, 2), price=20.0)
    elif change == "reprice":
        shop.change("RING", price=500.0)
    else:
        shop.remove("RING")
    cached, found = hits_of(shop, filters=filters)
    assert not cached
    assert found == {"put": ["NEARER", "RING"], "reprice": [], "remove": []}[change]


def test_a_write_of_another_shop_changes_nothing(parts: Shops, shop: Shop) -> None:
    hits_of(shop)
    parts.new().piece("RING", towards(0, 0.9, 2))
    assert hits_of(shop) == (True, ["RING"])


@pytest.mark.parametrize(
    "other", [{"limit": 3}, {"filters": {"type": ["ring"]}}, {"user_id": "ann"}, {"diversity": 0.5}]
)
def test_whatever_is_asked_otherwise_is_searched_for(shop: Shop, other: dict[str, object]) -> None:
    hits_of(shop)
    assert not hits_of(shop, **other)[0]


def test_shops_never_get_each_others_answers(parts: Shops, shop: Shop) -> None:
    hits_of(shop)
    assert hits_of(parts.new()) == (False, [])


def test_what_another_kind_of_question_has_asked_is_no_answer(shop: Shop) -> None:
    shop.piece("BRACELET", towards(0, 0.8, 3), type="bracelet")
    shop.piece("OTHER-RING", towards(0, 0.7, 4))
    assert skus(shop.similar("RING")) == ["BRACELET", "OTHER-RING"]
    assert skus(shop.completes("RING")) == ["BRACELET"]


def test_what_fails_is_not_kept(shop: Shop) -> None:
    for _ in range(2):
        assert shop.ask("/similar", sku="NOWHERE").status_code == 404
    shop.piece("NOWHERE", towards(0, 0.5, 3))
    assert skus(shop.similar("NOWHERE")) == ["RING"]


def test_searches_are_counted_by_their_outcome_and_their_stages_timed(parts: Shops) -> None:
    def outcomes() -> list[float]:
        name = "loupe_recommender_searches_total"
        return [REGISTRY.get_sample_value(name, {"outcome": one}) or 0.0 for one in ("found", "no_match", "nothing")]

    def timed() -> list[float]:
        name = "loupe_recommender_stage_seconds_count"
        return [REGISTRY.get_sample_value(name, {"stage": one}) or 0.0 for one in ("candidates", "rank", "explain")]

    shop = parts.new()
    shop.piece("RING", towards(0, 0.9, 2))
    before, stages = outcomes(), timed()
    shop.search(QUERY)
    shop.search(towards(5, 1.0, 6))
    shop.compose(by_picture(QUERY), filters={"type": ["watch"]}, prefer={"metal": ["gold"]})
    shop.compose({"sku": "RING"})
    assert [now - then for now, then in zip(outcomes(), before, strict=True)] == [1, 2, 1]
    assert [now - then for now, then in zip(timed(), stages, strict=True)] == [4, 4, 4]
