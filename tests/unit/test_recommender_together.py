"""What shoppers take up together: counted, packed, asked, and learned as a lesson."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.recommender.together import Companions, Together
from services.recommender.together_counting import Recipe, count, sequences
from services.recommender.together_lesson import fit
from tests.support.baskets import NOW, STRENGTHS, Basket, Done, Shop, basket

PLAIN = Recipe(nearness=0.5, backward=0.5, damping=0.0, fading=0.5)


def learned(*baskets: Basket, recipe: Recipe = PLAIN) -> Companions:
    return Companions(fit(sequences(baskets, STRENGTHS), recipe))


def found(model: Companions, *seeds: str, limit: int = 10) -> list[str]:
    return [one.sku for one in model.of([(sku, 1.0) for sku in seeds], limit)]


def test_nearer_acts_count_more_and_so_does_what_comes_after() -> None:
    acts = sequences([basket("ann", "A", "B", "C")], STRENGTHS)
    counts = count(acts, PLAIN)
    of = [
        dict(zip(counts.item[a:b].tolist(), counts.count[a:b].tolist(), strict=True))
        for a, b in zip(counts.start[:-1], counts.start[1:], strict=True)
    ]
    wanted = [{1: 1, 2: 0.5}, {0: 0.5, 2: 1}, {0: 0.25, 1: 0.5}]
    assert of == [pytest.approx(one, rel=1e-3) for one in wanted]


def test_what_more_shoppers_took_up_together_comes_first_and_says_because_of_what() -> None:
    model = learned(*(basket(f"{n}", "RING", "NECKLACE") for n in range(3)), basket("x", "RING", "WATCH"))
    best = model.of([("RING", 1.0)], 10)
    assert [one.sku for one in best] == ["NECKLACE", "WATCH"]
    assert 1 > best[0].score > best[1].score > 0
    assert {one.because for one in best} == {"RING"}


def test_the_last_seed_counts_most_and_seeds_are_no_companions() -> None:
    model = learned(basket("a", "RING", "CHAIN"), basket("b", "WATCH", "STRAP"), basket("c", "RING", "WATCH"))
    assert found(model, "RING", "WATCH") == ["CHAIN", "STRAP"]
    assert found(model, "WATCH", "RING") == ["STRAP", "CHAIN"]
    assert [one.because for one in model.of([("WATCH", 1.0), ("RING", 1.0)], 2)] == ["WATCH", "RING"]
    assert found(model, "WATCH", "RING", limit=1) == ["STRAP"]


def test_a_heavier_seed_outweighs_a_later_one() -> None:
    model = learned(basket("a", "RING", "CHAIN"), basket("b", "WATCH", "STRAP"))
    assert [one.sku for one in model.of([("WATCH", 0.2), ("RING", 1.0)], 2)] == ["CHAIN", "STRAP"]


def test_a_purchase_counts_more_than_a_click_and_what_went_back_nothing() -> None:
    bought = basket("a", "RING", "CHAIN", kind="purchased")
    back = ("c", [*basket("c", "RING", "WATCH", kind="purchased")[1], Done("WATCH", "returned", NOW)])
    model = learned(bought, basket("b", "RING", "STRAP"), back)
    assert found(model, "RING") == ["CHAIN", "STRAP"]


def test_what_was_taken_up_long_ago_counts_less() -> None:
    model = learned(basket("a", "RING", "OLD", days_ago=400), basket("b", "RING", "NEW"))
    assert found(model, "RING") == ["NEW", "OLD"]


def test_an_item_nobody_took_up_with_another_has_no_companions_and_breaks_nothing() -> None:
    model = learned(basket("a", "RING", "CHAIN"), basket("b", "ALONE"))
    assert found(model, "ALONE") == found(model, "NEVER HEARD OF") == found(model) == []
    assert found(model, "NEVER HEARD OF", "RING") == ["CHAIN"]
    assert found(learned(), "RING") == []
    assert found(learned(basket("ä", "Ring ö", "日本")), "Ring ö") == ["日本"]


def test_bytes_of_something_else_are_refused() -> None:
    held = fit(sequences([basket("a", "RING", "CHAIN")], STRENGTHS), PLAIN)
    for wrong in (b"", b"loupe-together-0" + held[16:], held[:-40], b"x" * 100):
        with pytest.raises(ValueError, match="model of companions"):
            Companions(wrong)


def test_a_tenants_companions_are_those_of_the_model_in_use() -> None:
    in_use: dict[str, bytes] = {}
    together = Together(lambda tenant, _name: in_use.get(tenant))
    assert together.companions("acme", [("RING", 1.0)], 5) == []
    for companion in ("CHAIN", "WATCH"):
        in_use["acme"] = fit(sequences([basket("a", "RING", companion)], STRENGTHS), PLAIN)
        assert [one.sku for one in together.companions("acme", [("RING", 1.0)], 5)] == [companion]
        assert together.companions("other", [("RING", 1.0)], 5) == []


def test_a_lesson_learns_all_acts_and_is_measured_on_later_ones() -> None:
    shop = Shop()
    shop.sell(500, from_days_ago=20)
    taught = shop.lesson().learn("acme")
    assert taught
    assert taught.figure > 0.9
    assert taught.before is None
    assert taught.of >= 30
    assert found(Companions(taught.held), "3-0")[0] == "3-1"


def test_a_model_of_other_times_is_beaten_by_one_that_knows_the_newer_acts() -> None:
    shop = Shop()
    shop.sell(400, from_days_ago=200, in_order=False)
    before = timedelta(days=100)
    old = [(who, [Done(act.sku, act.type, act.at - before) for act in acts]) for who, acts in shop.baskets]
    shop.in_use = fit(sequences(old, STRENGTHS), PLAIN)
    shop.baskets.clear()
    shop.sell(2_000, from_days_ago=20)
    taught = shop.lesson().learn("acme")
    assert taught
    assert taught.before is not None
    assert taught.figure > taught.before + 0.2
    assert not taught.worse()


def test_too_few_acts_teach_nothing() -> None:
    shop = Shop()
    assert shop.lesson().learn("acme") is None
    shop.sell(20, from_days_ago=20)
    assert shop.lesson().learn("acme") is None
