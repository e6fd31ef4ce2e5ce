"""Search, similar, classify, events and suggestions, with the two upstreams served at their contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.internal import HitList, SearchRequest, SimilarRequest, Source, SuggestRequest
from shared.contracts.messages import EventsRecorded, UserEvents
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.upstreams import Upstreams, hit, running_upstreams

PHOTO = {"image": ("photo.jpg", picture(9), "image/jpeg")}


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with running_upstreams() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    upstreams.asked.clear()
    upstreams.request_ids.clear()
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        for number, title in enumerate(["Emerald halo ring", "Pearl drops", "Gold hoops"], start=1):
            stand.put_item(f"P-{number}", title=title, price=10 * number, currency="EUR")
            stand.upload(f"P-{number}", picture(number))
        upstreams.hits = HitList(hits=[hit(f"P-{n}", image_of(stand, f"P-{n}"), 1 - n / 10) for n in (1, 2, 3)])
        yield stand


def image_of(gateway: Stand, sku: str) -> str:
    return str(gateway.client.get(f"/v1/items/{sku}").json()["images"][0]["image_id"])


def with_query(query: dict[str, Any], photo: bytes = picture(9)) -> dict[str, Any]:
    return {"image": ("photo.jpg", photo, "image/jpeg"), "query": (None, json.dumps(query), "application/json")}


def test_results_show_item_picture_score_and_reason_best_first(gateway: Stand) -> None:
    response = gateway.client.post("/v1/search", files=PHOTO, headers={"X-Request-ID": "one-id"})
    body = response.json()
    assert response.status_code == 200
    assert [r["sku"] for r in body["results"]] == ["P-1", "P-2", "P-3"]
    first = body["results"][0]
    assert first["score"] == 0.9
    assert first["reason"] == "Looks 90% like your photo"
    assert (first["item"]["title"], first["item"]["price"]) == ("Emerald halo ring", 10)
    assert gateway.client.get(first["image_url"], headers={"Authorization": ""}).content == picture(1)
    assert body["no_match"] is False
    assert "next_cursor" not in body
    assert gateway.upstreams.request_ids == ["one-id"]


def test_the_query_part_may_be_json_or_a_plain_field(gateway: Stand) -> None:
    query = {"limit": 2, "filters": {"type": ["ring"], "price_max": 500}}
    for part in ((None, json.dumps(query), "application/json"), (None, json.dumps(query)), ("q", json.dumps(query))):
        assert gateway.client.post("/v1/search", files={**PHOTO, "query": part}).status_code == 200
    for asked in gateway.upstreams.asked:
        assert isinstance(asked, SearchRequest)
        assert (asked.tenant, asked.limit, asked.cursor) == ("shop", 2, None)
        (photo,) = asked.parts
        assert list(photo.vectors or ()) == ["model-1", "model-2"], "one by each model that the embedder has loaded"
        assert (asked.filters.type, asked.filters.price_max) == (["ring"], 500)


@pytest.mark.parametrize(
    ("query", "status"),
    [('{"limit": ', 400), ('{"limit": 0}', 422), ('{"filter": {}}', 422), ('{"filters": {"price_min": "x"}}', 422)],
)
def test_a_bad_query_part_is_refused_with_its_path(gateway: Stand, query: str, status: int) -> None:
    response = gateway.client.post("/v1/search", files={**PHOTO, "query": (None, query)})
    assert response.status_code == status
    if status == 422:
        assert response.json()["errors"][0]["path"].startswith("query.")
    assert gateway.upstreams.asked == []


def test_that_nothing_matches_is_said_and_the_nearest_are_suggestions(gateway: Stand) -> None:
    gateway.upstreams.hits.no_match = True
    body = gateway.client.post("/v1/search", files=PHOTO).json()
    assert body["no_match"] is True
    assert body["results"] == []
    assert [one["sku"] for one in body["suggestions"]] == ["P-1", "P-2", "P-3"]


def test_a_cursor_leads_on_and_only_counts_for_the_same_query(gateway: Stand) -> None:
    gateway.upstreams.hits.next = "pinned.3"
    first = gateway.client.post("/v1/search", files=with_query({"limit": 3})).json()
    cursor = first["next_cursor"]
    gateway.upstreams.hits.next = None
    following = gateway.client.post("/v1/search", files=with_query({"limit": 3, "cursor": cursor}))
    assert "next_cursor" not in following.json()
    assert following.json()["search_id"] == first["search_id"], "it is one search, however many pages it has"
    assert [asked.cursor for asked in gateway.upstreams.asked] == [None, "pinned.3"]
    for query, photo in (
        ({"cursor": cursor}, picture(8)),
        ({"cursor": cursor, "filters": {"type": ["ring"]}}, picture(9)),
        ({"cursor": cursor, "words": "ring"}, picture(9)),
        ({"cursor": cursor, "user_id": "anna"}, picture(9)),
        ({"cursor": cursor, "diversity": 0.5}, picture(9)),
        ({"cursor": cursor[:-1] + "9"}, picture(9)),
        ({"cursor": "x"}, picture(9)),
    ):
        response = gateway.client.post("/v1/search", files=with_query(query, photo))
        assert response.status_code == 400
        assert "cursor" in response.json()["detail"]


def test_what_was_removed_a_moment_ago_is_not_shown(gateway: Stand) -> None:
    gateway.client.delete("/v1/items/P-1")
    gateway.upload("P-2", picture(22))
    removed = image_of(gateway, "P-2")
    gateway.client.delete(f"/v1/images/{removed}")
    gateway.client.delete(f"/v1/images/{image_of(gateway, 'P-3')}")
    results = gateway.client.post("/v1/search", files=PHOTO).json()["results"]
    assert [r["sku"] for r in results] == ["P-2"]
    assert gateway.client.get(results[0]["image_url"]).content == picture(22)


@pytest.mark.parametrize(("photo", "status"), [(b"", 415), (b"no picture", 415), (picture() + b"\0" * 20_000_000, 413)])
@pytest.mark.parametrize("path", ["/v1/search", "/v1/classify"])
def test_a_bad_photo_is_refused_before_anyone_is_asked(gateway: Stand, path: str, photo: bytes, status: int) -> None:
    assert gateway.client.post(path, files={"image": photo}).status_code == status
    assert gateway.upstreams.request_ids == []


def test_what_the_embedder_refuses_is_told_in_its_words_and_status(gateway: Stand) -> None:
    whole = picture(5, size=(400, 300))
    response = gateway.client.post("/v1/search", files={"image": whole[: len(whole) // 2]})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:loupe:problem:unreadable-picture"
    assert response.json()["detail"] == "The picture is cut off. Send it again."


def test_a_search_without_its_upstreams_says_so_and_when_to_come_back(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    with running_gateway(tmp_path, database_url=new_database()) as alone:
        response = alone.client.post("/v1/search", files=PHOTO)
        assert response.status_code == 503
        assert "embedder does not answer" in response.json()["detail"]
        assert int(response.headers["retry-after"]) > 0
        ready = alone.client.get("/readyz")
        assert ready.status_code == 503
        red = {name for name, part in ready.json()["parts"].items() if not part["ok"]}
        assert red == {"broker", "embedder", "recommender"}


def test_classify_tells_what_is_known_and_leaves_out_what_is_not(gateway: Stand) -> None:
    body = gateway.client.post("/v1/classify", files=PHOTO).json()
    box = {"x0": 0, "y0": 0, "x1": 1, "y1": 1}
    piece = {"box": box, "confidence": 1.0, "type": {"value": "ring", "confidence": 0.8}}
    assert body == {"pieces": [piece], "warnings": []}
    assert gateway.pictures() == 6


def test_similar_names_the_item_it_is_like(gateway: Stand) -> None:
    like = Source(kind="item", sku="P-1", similarity=0.81)
    gateway.upstreams.hits = HitList(hits=[hit("P-2", image_of(gateway, "P-2"), 0.81, like)], next="pinned.1")
    body = gateway.client.get("/v1/items/P-1/similar?limit=1").json()
    assert [(r["sku"], r["reason"]) for r in body["results"]] == [("P-2", "Looks 81% like the Emerald halo ring")]
    gateway.client.get("/v1/items/P-1/similar", params={"limit": 1, "cursor": body["next_cursor"]})
    first, second = gateway.upstreams.asked
    assert isinstance(first, SimilarRequest)
    assert (first.sku, first.cursor, second.cursor) == ("P-1", None, "pinned.1")
    refused = gateway.client.get("/v1/items/P-2/similar", params={"cursor": body["next_cursor"]})
    assert refused.status_code == 400
    assert gateway.client.get("/v1/items/nowhere/similar").status_code == 404


def test_suggestions_carry_their_true_reasons(gateway: Stand) -> None:
    image = {n: image_of(gateway, f"P-{n}") for n in (1, 2, 3)}
    gateway.upstreams.hits = HitList(
        hits=[
            hit("P-2", image[2], 0.7, Source(kind="look", sku="P-1", event="clicked", similarity=0.7)),
            hit("P-3", image[3], 0, Source(kind="popular", count=7)),
            hit("P-1", image[1], 0, Source(kind="new")),
        ]
    )
    gateway.client.delete("/v1/items/P-1")  # what led to it may be gone: it is named all the same
    body = gateway.client.get("/v1/users/anna%20b/suggestions?limit=5").json()
    assert [(s["sku"], s["reason"]) for s in body["suggestions"]] == [
        ("P-2", "Looks like the Emerald halo ring you clicked"),
        ("P-3", "7 shoppers looked at it lately"),
    ]
    asked = gateway.upstreams.asked[0]
    assert isinstance(asked, SuggestRequest)
    assert (asked.tenant, asked.user_id, asked.limit) == ("shop", "anna b", 5)


def event(number: int, sku: str = "P-1", **fields: Any) -> dict[str, Any]:
    return {
        "id": f"e-{number}",
        "type": "clicked",
        "user_id": "anna",
        "sku": sku,
        "at": "2026-05-01T12:00:00Z",
    } | fields


def test_events_are_kept_until_they_are_recorded_and_unknown_items_refused_by_index(gateway: Stand) -> None:
    gateway.client.delete("/v1/items/P-2")
    body = {"events": [event(1), event(2, "NEVER"), event(3, "P-2")]}
    response = gateway.client.post("/v1/events", json=body)
    assert response.status_code == 202
    assert response.json()["accepted"] == 2
    [refused] = response.json()["rejected"]
    assert (refused["index"], refused["id"]) == (1, "e-2")
    assert "'NEVER'" in refused["reason"]
    [told] = [m for m in gateway.waiting() if isinstance(m, UserEvents)]
    assert [e.id for e in told.events] == ["e-1", "e-3"]
    for _ in range(2):
        gateway.handle(EventsRecorded(tenant="shop", correlation_id="c", batch_id=told.batch_id))
    assert not any(isinstance(m, UserEvents) for m in gateway.waiting())


@pytest.mark.parametrize(
    "events",
    [
        [],
        [event(1, "NEVER")],
        [event(1, type="bought")],
        [event(1, at="2026-05-01T12:00:00")],
        [event(1, id="a b")],
        [event(n) for n in range(1001)],
    ],
)
def test_events_that_break_the_contract_leave_nothing(gateway: Stand, events: list[dict[str, Any]]) -> None:
    response = gateway.client.post("/v1/events", json={"events": events})
    assert response.status_code == 422
    assert response.json()["errors"]
    assert not any(isinstance(m, UserEvents) for m in gateway.waiting())
