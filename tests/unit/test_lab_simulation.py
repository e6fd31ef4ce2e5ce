"""The simulated shop: shoppers do what their tastes say, time passes, and figures mean what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lab.recommend.simulation import made, measured, told
from lab.recommend.simulation_days import PLACES, Day, Plan, Shop, exposure, gini
from lab.recommend.simulation_pieces import Piece
from lab.recommend.simulation_policies import TENANT, Alike, Loupe, Popular
from lab.recommend.simulation_shoppers import Shoppers, draw
from services.recommender.history import Who
from shared.contracts.fields import Vector
from shared.contracts.internal import SuggestRequest
from shared.contracts.models import Model

DIMENSION = 8
MODEL = Model(version="model-1", dimension=DIMENSION, no_match_below=0.5, look_at_least=0.3)
SMALL = Plan(shoppers=12, days=4, visits=8, first_hour=4)


def pieces(count: int = 60) -> list[Piece]:
    """Whose looks go by their form alone."""
    random = np.random.default_rng(0)
    made_of = []
    for number in range(count):
        vector = 0.2 * random.normal(size=DIMENSION)
        vector[number % 4] += 1
        unit: Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        kind, form = ("ring", "brooch")[number % 2], f"form {number % 4}"
        made_of.append(Piece(f"P-{number:02}", kind, "gold", "red", 10.0 + number, (form,), unit))
    return made_of


@pytest.fixture
def loupe() -> Iterator[Loupe]:
    with Loupe(MODEL) as policy:
        yield policy


def test_a_shopper_clicks_what_they_like_and_mostly_from_the_top() -> None:
    random = np.random.default_rng(1)
    liked = Shoppers(["anna"], np.array([[9.0] * 20 + [-9.0]]))
    skus = [f"P-{number}" for number in range(21)]
    clicks = np.zeros(21)
    for _ in range(400):
        for kind, sku in liked.acts(random, 0, [20, *range(20)], skus):
            clicks[skus.index(sku)] += kind == "clicked"
    assert clicks[20] <= 4, "they do not like it, first as it is"
    assert clicks[0] > 1.5 * clicks[10] > clicks[19] > 0


def test_shoppers_of_one_kind_are_alike_and_choices_go_by_taste() -> None:
    shop = pieces()
    shoppers = draw(np.random.default_rng(2), shop, 200)
    agreement = np.asarray(np.corrcoef(shoppers.utilities))[np.triu_indices(200, 1)]
    assert np.quantile(agreement, 0.95) > 0.6 > abs(float(np.median(agreement)))
    wanted = shoppers.wanted(0, range(len(shop)))
    assert wanted.sum() == pytest.approx(1)
    assert int(wanted.argmax()) == int(shoppers.utilities[0].argmax())


def test_a_night_makes_all_that_is_known_a_day_older(loupe: Loupe) -> None:
    loupe.arrive(pieces()[:30])
    loupe.told("anna", [("clicked", "P-00"), ("favourited", "P-00")])
    before = datetime.now(UTC)
    loupe.night()
    loupe.night()
    acts = loupe.history.shopper(TENANT, Who("anna")).recent
    assert [act.type for act in acts] == ["favourited", "clicked"], "in their order"
    for act in acts:
        assert timedelta(days=2) <= before - act.at < timedelta(days=2, minutes=1)
    newest = loupe.asked(SuggestRequest(tenant=TENANT, user_id="boris", limit=50)).hits
    came_in = [hit.source.at for hit in newest if hit.source.kind == "new" and hit.source.at]
    assert came_in
    assert all(timedelta(days=2) <= before - at < timedelta(days=2, minutes=1) for at in came_in)


def test_simple_policies_list_what_they_say() -> None:
    shop = pieces()
    popular, alike = Popular(), Alike(average=False)
    for policy in (popular, alike):
        policy.arrive(shop)
        policy.told("anna", [("clicked", "P-00")])
        policy.told("boris", [("clicked", "P-07")])
        policy.told("clara", [("clicked", "P-07")])
    assert popular.listed("anna", 1) == ["P-07"]
    assert "P-07" not in popular.listed("boris", 60), "it is known already"
    assert {int(sku[2:]) % 4 for sku in alike.listed("anna", 5)} == {0}, "of the same form"
    assert alike.listed("newcomer", 1) == ["P-59"], "the newest"


def test_the_same_seed_makes_the_same_days() -> None:
    world = made(pieces(), MODEL, SMALL, 3)

    def run() -> list[Day]:
        return Shop(SMALL, world.pieces, world.shoppers, Popular()).run(np.random.default_rng(4))

    assert run() == run()
    days = run()
    assert (days[-1].in_the_shop, sum(day.arrived for day in days)) == (60, 24)
    assert all(len(day.lists) == SMALL.visits for day in days)


def test_a_policy_that_lists_what_shoppers_want_scores_higher_than_one_that_does_not() -> None:
    world = made(pieces(), MODEL, SMALL, 3)
    by_look, by_chance = Alike(average=False), Popular()
    shop = Shop(SMALL, world.pieces, world.shoppers, Popular(), [by_look, by_chance])
    shop.run(np.random.default_rng(4))
    good, poor = measured(shop, by_look), measured(shop, by_chance)
    assert len(good.hits) == len(poor.hits) > 0
    assert good.hits.mean() > poor.hits.mean()
    assert ((good.hits >= 0) & (good.hits <= 1)).all()


def test_places_shared_alike_and_places_given_to_one() -> None:
    assert gini([5, 5, 5, 5]) == 0
    assert gini([0, 0, 0, 20]) == 0.75
    assert gini([0, 0]) == 0
    day = Day(4, 0, lists=[["A", "B"], ["A", "B"]])
    assert exposure([day], ["A", "B", "C", "D"]) == (0.5, 0.5)


def test_the_whole_run_is_told_of_loupe_and_of_all_it_is_measured_against() -> None:
    text = told([made(pieces(), MODEL, SMALL, 3)])
    for name in ("Loupe", "popularity", "content kNN, one average", "content kNN, per piece"):
        assert text.count(f"\n| {name} |") == 2, name
    assert f"HR@{PLACES}" in text
