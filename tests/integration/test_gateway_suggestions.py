"""Suggestions for users and visits, on pages and in letters, and the experiment; the recommender at its contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.contracts.impressions import ImpressionsShown, ShownList
from shared.contracts.internal import HitList, Source, SuggestBatchRequest, SuggestRequest
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway
from tests.support.upstreams import hit, running_upstreams

HALVES = {"name": "ranking-2", "variants": {"a": {"share": 0.5, "policy": "plain"}, "b": {"share": 0.5}}}


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One for all tests, with three items: little of what is asked here is kept."""
    with running_upstreams() as upstreams, running_gateway(tmp_path_factory.mktemp("gateway"), upstreams) as stand:
        for number in (1, 2, 3):
            stand.put_item(f"P-{number}")
            stand.upload(f"P-{number}", picture(number))
        yield stand


@pytest.fixture
def gateway(stand: Stand) -> Stand:
    stand.upstreams.asked.clear()
    stand.upstreams.experiments.clear()
    stand.parts.impressions.flush()
    hits = []
    for number in (1, 2, 3):
        image_id = stand.client.get(f"/v1/items/P-{number}").json()["images"][0]["image_id"]
        hits.append(hit(f"P-{number}", image_id, source=Source(kind="new")))
        hits[-1].propensity, hits[-1].features = number / 4, [1.0, float(number)]
    stand.upstreams.hits = HitList(hits=hits, ranking="suggest-2", variant="ranking-2/a")
    return stand


@pytest.fixture(scope="module")
def admin(stand: Stand) -> dict[str, str]:
    return {"Authorization": f"Bearer {stand.parts.api_keys.add('shop', 'admin', ['admin']).key}"}


def told(gateway: Stand) -> list[ShownList]:
    """What was noted in this test."""
    gateway.parts.impressions.flush()
    return [message for message in gateway.waiting() if isinstance(message, ImpressionsShown)][-1].lists


@pytest.mark.parametrize(
    ("path", "whose"),
    [("users/anna%20b", {"user_id": "anna b"}), ("sessions/visit-1", {"session_id": "visit-1"})],
)
@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", {"context": "home", "skus": [], "limit": 20}),
        ("?context=item&sku=P-1&limit=5", {"context": "item", "skus": ["P-1"], "limit": 5}),
        ("?context=cart&sku=P-2&sku=P-1&sku=P-2", {"context": "cart", "skus": ["P-2", "P-1"], "limit": 20}),
    ],
)
def test_the_recommender_is_asked_for_whom_and_where(
    gateway: Stand, path: str, whose: dict[str, str], query: str, where: dict[str, Any]
) -> None:
    answer = gateway.client.get(f"/v1/{path}/suggestions{query}")
    assert answer.status_code == 200, answer.text
    assert gateway.upstreams.asked == [SuggestRequest(tenant="shop", **whose, **where)]
    assert [one["sku"] for one in answer.json()["suggestions"]] == ["P-1", "P-2", "P-3"]
    assert answer.json()["variant"] == "ranking-2/a"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?sku=P-1", "add context=item or context=cart"),
        ("?context=item", "add sku="),
        ("?context=cart", "add sku="),
        ("?context=checkout&sku=P-1", "context"),
        ("?context=cart&" + "&".join(f"sku=P-{number}" for number in range(51)), "sku"),
        ("?limit=101", "limit"),
        ("?context=item&sku=%00", "sku"),
    ],
)
@pytest.mark.parametrize("path", ["users/anna", "sessions/visit-1"])
def test_a_page_that_does_not_fit_is_refused_with_what_to_do(gateway: Stand, path: str, query: str, words: str) -> None:
    answer = gateway.client.get(f"/v1/{path}/suggestions{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert words in answer.json()["detail"]
    assert answer.json()["errors"][0]["path"].startswith("query.")
    assert gateway.upstreams.asked == []


def test_what_was_shown_is_told_with_all_that_ranked_it(gateway: Stand) -> None:
    gateway.upstreams.hits.hits[1].sku = "P-REMOVED"  # a moment ago: the recommender does not know yet
    shown = gateway.client.get("/v1/sessions/visit-1/suggestions").json()
    (one,) = told(gateway)
    assert (one.search_id, one.place, one.session_id, one.user_id) == (shown["search_id"], "for-you", "visit-1", None)
    assert (one.ranking, one.variant) == ("suggest-2", "ranking-2/a")
    assert (one.skus, one.propensities, one.features) == (["P-1", "P-3"], [0.25, 0.75], [[1.0, 1.0], [1.0, 3.0]])


def test_propensities_are_told_of_all_that_was_shown_or_of_nothing(gateway: Stand) -> None:
    gateway.upstreams.hits.hits[1].propensity = None
    gateway.client.get("/v1/users/anna/suggestions")
    (one,) = told(gateway)
    assert (one.propensities, len(one.features)) == ([], 3)


def test_places_given_away_by_chance_are_counted_apart(gateway: Stand) -> None:
    def counted() -> list[float]:
        return [
            REGISTRY.get_sample_value("loupe_suggested_places_total", {"by": by}) or 0.0 for by in ("ranking", "chance")
        ]

    ranking, chance = counted()
    for one, propensity in zip(gateway.upstreams.hits.hits, (0.95, 0.005, None), strict=True):
        one.propensity = propensity
    gateway.client.get("/v1/users/anna/suggestions")
    assert counted() == [ranking + 2, chance + 1]


def test_a_letter_to_each_of_many_is_written_and_noted(gateway: Stand) -> None:
    gateway.upstreams.hits.cold = True
    answer = gateway.client.post("/v1/suggestions:batch", json={"user_ids": ["boris", "anna"], "limit": 2})
    assert answer.status_code == 200, answer.text
    users = answer.json()["users"]
    assert gateway.upstreams.asked[0] == SuggestBatchRequest(tenant="shop", user_ids=["boris", "anna"], limit=2)
    assert [(one["user_id"], one["cold"], one["variant"]) for one in users] == [
        ("boris", True, "ranking-2/a"),
        ("anna", True, "ranking-2/a"),
    ]
    assert all(one["suggestions"][0]["reason"] == "New in the shop" for one in users)
    noted = told(gateway)
    assert [(one.place, one.user_id, one.search_id) for one in noted] == [
        ("e-mail", one["user_id"], one["search_id"]) for one in users
    ]
    assert len({one.search_id for one in noted}) == 2


@pytest.mark.parametrize("body", [{"user_ids": []}, {"user_ids": ["a"] * 101}, {"user_ids": ["a/b"]}, {"users": ["a"]}])
def test_a_batch_that_breaks_the_contract_is_refused(gateway: Stand, body: dict[str, Any]) -> None:
    assert gateway.client.post("/v1/suggestions:batch", json=body).status_code == 422


def test_an_experiment_runs_until_it_is_stopped_and_is_the_shops_own(gateway: Stand, admin: dict[str, str]) -> None:
    client = gateway.client
    assert client.get("/v1/experiment", headers=admin).status_code == 404
    started = client.put("/v1/experiment", headers=admin, json=HALVES)
    assert started.status_code == 200, started.text
    running = client.get("/v1/experiment", headers=admin).json()
    assert (running, running["variants"]["b"]["policy"]) == (started.json(), "learned")
    other = {"Authorization": f"Bearer {gateway.parts.api_keys.add('other', 'admin', ['admin']).key}"}
    assert client.get("/v1/experiment", headers=other).status_code == 404
    assert client.delete("/v1/experiment", headers=other).status_code == 204
    assert client.get("/v1/experiment", headers=admin).json() == running
    for _ in range(2):
        assert client.delete("/v1/experiment", headers=admin).status_code == 204
    assert client.get("/v1/experiment", headers=admin).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Ranking 2"},
        {"variants": {}},
        {"variants": {"a": {"share": 0.5}}},
        {"variants": {"a": {"share": 1, "explore": 0.9}}},
        {"variants": {"a": {"share": 1, "policy": "best"}}},
    ],
)
def test_an_experiment_that_breaks_the_contract_is_refused(
    gateway: Stand, admin: dict[str, str], wrong: dict[str, Any]
) -> None:
    assert gateway.client.put("/v1/experiment", headers=admin, json=HALVES | wrong).status_code == 422
    assert gateway.upstreams.experiments == {}


def test_another_shop_is_asked_for_by_its_own_name(gateway: Stand) -> None:
    header = {"Authorization": f"Bearer {OTHER_KEY}"}
    assert gateway.client.get("/v1/users/anna/suggestions", headers=header).json()["suggestions"] == []
    assert [asked.tenant for asked in gateway.upstreams.asked] == ["other"]
