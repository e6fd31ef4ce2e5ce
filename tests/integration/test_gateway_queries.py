"""Queries of several parts, of words and of every piece, over HTTP, with the two upstreams at their contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.analysis import Box
from shared.contracts.internal import HitList, SearchRequest, ValueCounts
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.upstreams import Upstreams, analysis, hit, running_upstreams, text_vectors

NONE = "0" * 64
LEFT, RIGHT = Box(x1=0.4), Box(x0=0.6)
DRAWN = {"x0": 0.1, "y0": 0.2, "x1": 0.4, "y1": 0.9}


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with running_upstreams() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    upstreams.asked.clear()
    upstreams.texts.clear()
    upstreams.request_ids.clear()
    upstreams.seen = [analysis(NONE, boxes=[LEFT, RIGHT])]
    facets: Any = {"tags": {"vintage": 3, "sale": 1}, "type": {"ring": 4}}
    upstreams.counted = ValueCounts(pictures=4, values=facets)
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        for number in (1, 2):
            stand.put_item(f"P-{number}")
            stand.upload(f"P-{number}", picture(number))
        images = [stand.client.get(f"/v1/items/P-{n}").json()["images"][0]["image_id"] for n in (1, 2)]
        upstreams.hits = HitList(hits=[hit("P-1", images[0], 0.9), hit("P-2", images[1], 0.4)])
        yield stand


def search(gateway: Stand, query: dict[str, Any], *photos: bytes) -> Any:
    files: list[Any] = [("image", ("photo.jpg", photo, "image/jpeg")) for photo in photos]
    return gateway.client.post("/v1/search", files=[*files, ("query", (None, json.dumps(query)))])


def alone(gateway: Stand, query: dict[str, Any]) -> Any:
    return gateway.client.post("/v1/search", json=query)


def asked(gateway: Stand) -> SearchRequest:
    """What the recommender was asked last."""
    request = gateway.upstreams.asked[-1]
    assert isinstance(request, SearchRequest)
    return request


def kinds(request: SearchRequest) -> list[tuple[str, float, bool]]:
    names = ("vectors", "sku", "text")
    return [(next(n for n in names if getattr(part, n)), part.weight, part.negative) for part in request.parts]


def test_parts_of_every_kind_reach_the_recommender_with_their_weights(gateway: Stand) -> None:
    parts = [
        {"image": 0, "piece": 1},
        {"image": 1, "box": DRAWN, "weight": 0.5},
        {"sku": "P-1", "negative": True},
        {"words": "twisted", "weight": 0.25},
        {"words": "ring", "negative": True},
    ]
    response = search(gateway, {"parts": parts, "diversity": 0.3, "user_id": "anna"}, picture(8), picture(9))
    assert response.status_code == 200, response.text
    request = asked(gateway)
    assert kinds(request) == [
        ("vectors", 1, False),
        ("vectors", 0.5, False),
        ("sku", 1, True),
        ("text", 0.25, False),
        ("text", 1, True),
    ]
    assert request.parts[0].vectors == {"model-1": analysis(NONE, boxes=[LEFT, RIGHT]).pieces[1].vector}
    assert request.parts[4].text == text_vectors("ring"), "no word is taken out of what a piece is not to be like"
    assert [part.known for part in request.parts] == [{"type": "ring"}, {"type": "ring"}, {}, {}, {"type": "ring"}]
    assert (request.diversity, request.user_id, request.filters.type) == (0.3, "anna", None)
    body = response.json()
    assert (len(body["pieces"]), body["piece"]) == (2, 1)


def test_words_alone_need_no_form(gateway: Stand) -> None:
    body = alone(gateway, {"words": "ring twisted", "limit": 1}).json()
    assert [one["sku"] for one in body["results"]] == ["P-1", "P-2"]
    assert [(chip["id"], chip["filter"]) for chip in body["chips"]] == [("type:ring", True)]
    assert asked(gateway).filters.type == ["ring"]
    assert kinds(asked(gateway)) == [("text", 1, False)]
    assert gateway.upstreams.texts == ["twisted"], "what was understood is not searched for again"
    assert (body["pieces"], body.get("piece")) == ([], None)


def test_a_chip_that_is_taken_away_is_words_again(gateway: Stand) -> None:
    body = alone(gateway, {"words": "ring twisted", "ignore": ["type:ring"]}).json()
    assert body["chips"] == []
    assert asked(gateway).filters.type is None
    assert gateway.upstreams.texts == ["ring twisted"]


def test_words_beside_a_photo_are_a_part_of_their_own(gateway: Stand) -> None:
    search(gateway, {"words": "twisted", "piece": 1}, picture(9))
    assert kinds(asked(gateway)) == [("vectors", 1, False), ("text", 1, False)]


def test_filters_given_and_understood_both_hold(gateway: Stand) -> None:
    alone(gateway, {"words": "ring", "filters": {"type": ["ring", "brooch"], "price_max": 500}})
    assert (asked(gateway).filters.type, asked(gateway).filters.price_max) == (["ring"], 500)
    gateway.upstreams.asked.clear()
    body = alone(gateway, {"words": "ring", "filters": {"type": ["brooch"]}}).json()
    assert (body["results"], body["found"], [chip["id"] for chip in body["chips"]]) == ([], 0, ["type:ring"])
    assert gateway.upstreams.asked == [], "no piece is a ring and none"


def test_tags_are_understood_by_the_vocabulary_of_the_shop_unless_tags_were_asked_for(gateway: Stand) -> None:
    assert [chip["id"] for chip in alone(gateway, {"words": "vintage"}).json()["chips"]] == ["tags:vintage"]
    body = alone(gateway, {"words": "vintage", "filters": {"tags": ["sale"]}}).json()
    assert body["chips"] == []
    assert asked(gateway).filters.tags == ["sale"]
    assert kinds(asked(gateway)) == [("text", 1, False)]


def test_a_query_of_filters_alone_lists_what_they_allow(gateway: Stand) -> None:
    gateway.upstreams.hits.facets = {"type": {"ring": 2}}
    gateway.upstreams.hits.found = 2
    body = alone(gateway, {"filters": {"brand": ["Aurum"], "created_after": "2026-01-01T00:00:00Z"}}).json()
    assert asked(gateway).parts == []
    assert asked(gateway).filters.brand == ["Aurum"]
    assert (body["facets"], body["found"], body["capped"]) == ({"type": {"ring": 2}}, 2, False)


def test_words_that_are_filters_alone_are_the_reason_for_what_they_list(gateway: Stand) -> None:
    body = alone(gateway, {"words": "vintage"}).json()
    assert body["chips"][0]["filter"]
    assert {one["reason"] for one in body["results"]} == {f"Matches {body['chips'][0]['label']}"}


def test_every_piece_of_a_photo_gets_a_list_of_its_own(gateway: Stand) -> None:
    body = search(gateway, {"every_piece": True, "words": "twisted"}, picture(9)).json()
    by_piece = body["by_piece"]
    assert [one["piece"] for one in by_piece] == [0, 1]
    assert [one["sku"] for one in by_piece[1]["results"]] == ["P-1", "P-2"]
    assert body["results"] == by_piece[0]["results"]
    vectors = {request.parts[0].vectors["model-1"] for request in gateway.upstreams.asked}
    assert vectors == {piece.vector for piece in analysis(NONE, boxes=[LEFT, RIGHT]).pieces}
    assert all(kinds(request)[1:] == [("text", 1, False)] for request in gateway.upstreams.asked)
    assert len(gateway.upstreams.request_ids) == 1, "the photo is looked at once"


@pytest.mark.parametrize(
    ("query", "photos", "path", "told"),
    [
        ({"parts": [{"image": 1}]}, 1, "query.parts.0.image", "has 1"),
        ({"parts": [{"image": 0}]}, 2, "query.parts", "No part names picture 1"),
        ({"parts": [{"image": 4}]}, 1, "query.parts.0.image", "less than 4"),
        ({"parts": [{"image": 0, "sku": "P-1"}]}, 1, "query.parts.0", "one of image, sku and words"),
        ({"parts": [{"image": 0, "weight": 0}]}, 1, "query.parts.0.weight", "greater than 0"),
        ({"parts": [{"image": 0}, {"image": 0, "piece": 5}]}, 1, "query.parts.1.piece", "no piece 5"),
        ({"parts": [{"image": 0, "negative": True}]}, 1, "query.parts", "All parts are negative"),
        ({"parts": [{"sku": "P-1"}] * 9}, 0, "query.parts", "at most 8"),
        ({"parts": [{"image": 0}], "words": "ring"}, 1, "query", "short forms"),
        ({"words": ""}, 1, "query.words", "at least 1"),
        ({"words": "x" * 301}, 1, "query.words", "at most 300"),
        ({"box": DRAWN}, 2, "query.box", "there are 2"),
        ({"words": "ring", "piece": 1}, 0, "query.piece", "there are 0"),
        ({"every_piece": True}, 2, "query.every_piece", "there are 2"),
        ({"every_piece": True, "piece": 1}, 1, "query", "every_piece"),
        ({"words": "ring", "ignore": ["ring"]}, 1, "query.ignore.0", "pattern"),
        ({"diversity": 1.1}, 1, "query.diversity", "less than or equal to 1"),
    ],
)
def test_a_query_that_says_no_search_is_refused_with_its_path(
    gateway: Stand, query: dict[str, Any], photos: int, path: str, told: str
) -> None:
    response = search(gateway, query, *(picture(n) for n in range(photos)))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["path"] == path
    assert told in response.json()["detail"]
    assert gateway.upstreams.asked == []


def test_more_pictures_or_bytes_than_a_search_takes_are_refused(gateway: Stand) -> None:
    response = search(gateway, {}, *(picture(n) for n in range(5)))
    assert (response.status_code, "4 parts" in response.json()["detail"]) == (400, True)
    large = picture() + b"\0" * 15_000_000
    response = search(gateway, {}, large, large, large)
    assert (response.status_code, "together" in response.json()["detail"]) == (413, True)
    assert gateway.upstreams.request_ids == []


@pytest.mark.parametrize(
    ("content", "kind", "status", "path"),
    [
        (b"{", "application/json", 400, None),
        (b'{"limit": 0}', "application/json", 422, "body.limit"),
        (b'{"parts": [{"image": 0}]}', "application/json; charset=utf-8", 422, "body.parts.0.image"),
        (b'{"words": "ring"}', "text/plain", 415, None),
    ],
)
def test_json_that_is_no_query_is_refused(
    gateway: Stand, content: bytes, kind: str, status: int, path: str | None
) -> None:
    response = gateway.client.post("/v1/search", content=content, headers={"Content-Type": kind})
    assert response.status_code == status
    if path:
        assert response.json()["errors"][0]["path"] == path
    assert gateway.upstreams.asked == []


def test_a_form_without_picture_and_words_is_a_mistake_and_no_list_of_the_shop(gateway: Stand) -> None:
    response = gateway.client.post("/v1/search", files={"file": ("photo.jpg", picture(), "image/jpeg")})
    assert response.status_code == 400
    response = search(gateway, {"filters": {"type": ["ring"]}})
    assert (response.status_code, "'image'" in response.json()["detail"]) == (400, True)
    assert gateway.upstreams.asked == []


def test_the_same_photo_is_not_looked_at_again_for_a_page_a_chip_or_a_piece(gateway: Stand) -> None:
    seen = gateway.upstreams.request_ids
    for query in ({}, {"piece": 1}, {"words": "ring"}, {"words": "ring", "ignore": ["type:ring"]}):
        assert search(gateway, query, picture(9)).status_code == 200
    assert len(seen) == 1
    search(gateway, {"box": DRAWN}, picture(9))
    search(gateway, {}, picture(8))
    assert len(seen) == 3
    with_other = {"Authorization": "Bearer key-of-another-shop"}
    gateway.client.post("/v1/search", files={"image": picture(9)}, headers=with_other)
    assert len(seen) == 4, "what one shop sent is nothing to another"
