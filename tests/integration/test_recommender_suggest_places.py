"""Suggestions beside an item and a cart, in letters, in experiments, and with something left to chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from services.recommender.experiments import Assigned, Experiments
from services.recommender.features import NAMES, Weights, plain
from services.recommender.history import Who
from shared import database
from shared.contracts.internal import Experiment, ExperimentOf, HitLists, VariantPlan
from shared.contracts.models import Sameness
from tests.support.recommending import (
    DIMENSION,
    FACTS,
    MIGRATIONS,
    NOW,
    Shop,
    Shops,
    TogetherByHand,
    shops,
    skus,
    towards,
)

RINGS, PEARLS = 0, 1
LEARNED: dict[str, bytes] = {}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("places")
    with shops(folder, f"sqlite:///{folder}/r.db", explore=0.3, learned=LEARNED.get) as made:
        yield made


@pytest.fixture(scope="module")
def sure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """Nothing is left to chance here."""
    folder = tmp_path_factory.mktemp("sure")
    told = FACTS.model_copy(update={"same": Sameness(slope=20, offset=-16), "form_dimension": 8})
    with shops(folder, f"sqlite:///{folder}/r.db", told, companions=TogetherByHand(100)) as made:
        yield made


def coloured(form: int, colour: int, other: int) -> np.ndarray:
    """Of two shapes side by side; `colour` in 0..7 is that of half of the vector's length."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[form], vector[other], vector[8 + colour] = 0.6, np.sqrt(0.5 - 0.36), np.sqrt(0.5)
    return vector


@pytest.fixture
def jewels(sure: Shops) -> Shop:
    """Rings, necklaces and earrings with emeralds or rubies: of a type all have one shape, of a stone one colour."""
    shop = sure.new()
    for form, kind in enumerate(("ring", "necklace", "earring")):
        for colour, stone in enumerate(("emerald", "ruby")):
            for number in range(5):
                shop.piece(
                    f"{kind}-{stone}-{number}",
                    coloured(form, colour, 3 + number),
                    type=kind,
                    stone=stone,
                    price=100.0,
                )
    return shop


def of(kind: str, found: list[str]) -> list[str]:
    return [sku for sku in found if kind in sku]


def test_who_clicks_emerald_rings_gets_emeralds_and_not_only_rings(jewels: Shop) -> None:
    for number in range(3):
        jewels.tell("ann", "clicked", f"ring-emerald-{number}")
    found = skus(jewels.suggest("ann", limit=10))
    assert set(found[:2]) == {"ring-emerald-3", "ring-emerald-4"}
    assert len(of("emerald", found)) >= 6
    assert of("emerald", of("necklace", found) + of("earring", found))


def test_beside_an_item_come_its_like_and_what_goes_with_it_and_never_itself(jewels: Shop) -> None:
    found = jewels.suggest("newcomer", context="item", skus=["ring-ruby-0"], limit=10)
    assert found.cold
    assert "ring-ruby-0" not in skus(found)
    assert set(skus(found)[:4]) == {f"ring-ruby-{n}" for n in range(1, 5)}
    assert {(hit.source.kind, hit.source.sku, hit.source.event) for hit in found.hits[:4]} == {
        ("item", "ring-ruby-0", None)
    }
    sets = [hit for hit in found.hits if hit.source.kind == "set"]
    assert sets
    assert all("ruby" in hit.sku and hit.type != "ring" for hit in sets)


def test_beside_a_cart_what_makes_a_set_comes_before_more_of_the_same(jewels: Shop) -> None:
    found = jewels.suggest("newcomer", context="cart", skus=["ring-ruby-0", "ring-ruby-1"], limit=6)
    assert not {"ring-ruby-0", "ring-ruby-1"} & set(skus(found))
    assert all(hit.type != "ring" and "ruby" in hit.sku for hit in found.hits[:3])
    assert {hit.source.kind for hit in found.hits[:3]} == {"set"}


def test_a_purchase_takes_its_variants_along_and_leaves_its_like(jewels: Shop) -> None:
    bought = coloured(0, 0, 3)
    jewels.piece("ring-emerald-size-56", bought, type="ring", stone="emerald")
    jewels.piece("other-picture", coloured(0, 0, 2), type="ring", title="The Emerald")
    jewels.piece("of-the-name", coloured(0, 0, 5), type="ring", title="the emerald ")
    jewels.tell("ann", "clicked", "ring-emerald-1")
    assert {"ring-emerald-size-56", "of-the-name"} < set(skus(jewels.suggest("ann", limit=40)))
    jewels.tell("ann", "purchased", "ring-emerald-0")
    jewels.tell("ann", "purchased", "other-picture")
    found = skus(jewels.suggest("ann", limit=40))
    assert not {"ring-emerald-size-56", "of-the-name", "ring-emerald-0"} & set(found)
    assert "ring-emerald-2" in found


def test_what_others_took_up_together_is_suggested_with_the_event_that_it_follows(sure: Shops) -> None:
    shop = sure.new()
    for number, axis in ((0, 0), (100, 1), (1, 2), (2, 3)):
        shop.piece(f"P-{number}", towards(axis, 1.0, 9))
    shop.tell("ann", "carted", "P-0", minutes_ago=3)
    best = shop.suggest("ann", limit=1).hits[0]
    assert (best.sku, best.source.kind, best.source.sku, best.source.event) == ("P-100", "together", "P-0", "carted")
    assert best.source.at == NOW - timedelta(minutes=3)


def test_a_piece_that_came_in_now_and_is_near_to_a_taste_is_given_a_place_in_the_middle(sure: Shops) -> None:
    shop = sure.new()
    for number in range(60):
        shop.piece(f"OLD-{number}", towards(0, 0.9 + number / 1000, 1 + number % 7))
    shop.tell("ann", "clicked", "OLD-3")
    shop.piece("JUST-IN", towards(0, 0.88, 9), age_days=0)
    middle = shop.suggest("ann", limit=12).hits[6]
    assert middle.source.sku in ("OLD-3",)
    assert (middle.sku, middle.source.kind, middle.propensity) == ("JUST-IN", "new", 1.0)


def test_what_is_left_to_chance_stays_for_a_while_and_says_how_likely_it_was(parts: Shops) -> None:
    shop = parts.new()
    for number in range(40):
        shop.piece(f"S-{number}", towards(number % 8, 0.9, 9), age_days=100 + number)
    lists = {user: shop.suggest(user, limit=10) for user in ("ann", "bob", "cleo", "dan")}
    assert len({tuple(skus(found)) for found in lists.values()}) > 1, "not all are drawn alike"
    for user, found in lists.items():
        assert skus(shop.suggest(user, limit=10)) == skus(found)
        for hit in found.hits:
            assert 0 < (hit.propensity or 0) <= 1
            assert len(hit.features) == len(NAMES)
    drawn = [hit for found in lists.values() for hit in found.hits if hit.propensity == pytest.approx(0.3 / 20)]
    assert drawn, "some were unlikely"


def test_a_batch_gives_each_user_the_list_they_would_get_alone(parts: Shops) -> None:
    shop = parts.new()
    for number in range(12):
        shop.piece(f"S-{number}", towards(number % 4, 0.9, 4 + number))
    shop.tell("ann", "clicked", "S-1")
    answer = shop.ask("/suggest-batch", user_ids=["bob", "ann"], limit=5)
    lists = HitLists.model_validate_json(answer.content).lists
    assert [skus(one) for one in lists] == [skus(shop.suggest(user, limit=5)) for user in ("bob", "ann")]
    assert [one.cold for one in lists] == [True, False]


def test_a_visit_of_nobody_known_is_suggested_what_is_popular_and_new(parts: Shops) -> None:
    shop = parts.new()
    shop.piece("S-1", towards(0, 0.9, 5))
    found = shop.ask("/suggest", session_id="v-1", limit=5)
    assert found.status_code == 200
    assert (found.json()["cold"], found.json()["hits"][0]["sku"]) == (True, "S-1")


def compared(shop: Shop, experiment: Experiment | None) -> None:
    body = ExperimentOf(tenant=shop.tenant, experiment=experiment).model_dump(mode="json")
    assert shop.put("/experiment", **body).status_code == 200


HALVES = Experiment(
    name="weights",
    variants={"old": VariantPlan(share=0.5, policy="plain", explore=0), "new": VariantPlan(share=0.5, explore=0)},
)


def test_an_experiment_ranks_each_user_by_one_of_its_variants_until_it_is_stopped(parts: Shops) -> None:
    shop = parts.new()
    shop.piece("LIKE", towards(0, 0.9, 5), age_days=300)
    shop.piece("SEED", towards(0, 1.0, 6))
    shop.piece("NEWER", towards(3, 0.9, 6), age_days=0)
    fond_of_the_new = plain.values.copy()
    fond_of_the_new[NAMES.index("new")] = 50.0
    LEARNED[shop.tenant] = Weights("learned-1", -3.0, fond_of_the_new).packed()
    users = [f"user-{number}" for number in range(40)]
    for user in users:
        shop.tell(user, "clicked", "SEED")
    compared(shop, HALVES)
    lists = {user: shop.suggest(user, limit=1) for user in users}
    for found in lists.values():
        if found.variant == "weights/old":
            assert (skus(found), found.ranking) == (["LIKE"], "suggest-2:plain")
        else:
            assert (found.variant, skus(found), found.ranking) == ("weights/new", ["NEWER"], "suggest-2:learned-1")
    assert 10 <= sum(found.variant == "weights/old" for found in lists.values()) <= 30
    compared(shop, None)
    assert {shop.suggest(user, limit=1).variant for user in users} == {""}
    assert parts.new().suggest("user-1").variant == "", "no other shop was ever in it"


def test_shares_are_kept_and_a_user_stays_where_they_are_in_every_process(tmp_path: Path) -> None:
    events = database.open(f"sqlite:///{tmp_path}/r.db")
    events.migrate(MIGRATIONS)
    here, there = Experiments(events), Experiments(events)
    plans = {"a": VariantPlan(share=0.2), "b": VariantPlan(share=0.3), "c": VariantPlan(share=0.5)}
    here.put("shop", Experiment(name="x", variants=plans))
    nothing = Assigned("learned", 0.05)
    drawn = Counter(here.assigned("shop", Who(f"u{n}"), nothing).variant for n in range(4_000))
    assert [drawn[f"x/{name}"] / 4_000 for name in "abc"] == pytest.approx([0.2, 0.3, 0.5], abs=0.03)
    for n in range(50):
        assert there.assigned("shop", Who(f"u{n}"), nothing) == here.assigned("shop", Who(f"u{n}"), nothing)
    drawn_before = [here.assigned("shop", Who(f"u{n}"), nothing).variant for n in range(400)]
    here.put("shop", Experiment(name="y", variants=plans))
    users = [Who(f"u{n}") for n in range(400)]
    before = [name.partition("/")[2] for name in drawn_before]
    after = [here.assigned("shop", who, nothing).variant.partition("/")[2] for who in users]
    moved = sum(one != other for one, other in zip(before, after, strict=True))
    assert moved > 100, "another experiment draws anew"
    events.close()
