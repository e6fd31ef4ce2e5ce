"""The main job, as its users do it: through the command line and the HTTP API of the running stack."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.pictures import drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until


@pytest.fixture
def api(stack: RunningStack) -> Iterator[httpx.Client]:
    with stack.api as client:
        yield client


def search(api: httpx.Client, photo: bytes, **query: Any) -> Any:
    answer = api.post("/v1/search", files={"image": ("p.jpg", photo, "image/jpeg"), "query": (None, json.dumps(query))})
    assert answer.status_code == 200, answer.text
    return answer.json()


def click(api: httpx.Client, user: str, sku: str) -> None:
    event = {"id": uuid4().hex, "type": "clicked", "user_id": user, "sku": sku, "at": datetime.now(UTC).isoformat()}
    answer = api.post("/v1/events", json={"events": [event]})
    assert answer.status_code == 202, answer.text


def suggestions(api: httpx.Client, user: str, limit: int = 6) -> Any:
    answer = api.get(f"/v1/users/{user}/suggestions", params={"limit": limit})
    assert answer.status_code == 200, answer.text
    return answer.json()


def all_items(api: httpx.Client) -> list[Any]:
    """Every item of the catalogue, page by page."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get("/v1/items", params={"limit": 100, **cursor}).json()
        found += page["items"]
        if not page.get("next_cursor"):
            return found
        cursor = {"cursor": page["next_cursor"]}


def kind(api: httpx.Client, name: str, value: str) -> list[str]:
    """The SKUs whose attribute has this value."""
    return [item["sku"] for item in all_items(api) if item["attributes"].get(name) == value]


def test_a_new_photo_of_a_piece_finds_the_piece_first(stack: RunningStack, query_photos: list[Path]) -> None:
    assert len(query_photos) >= 10
    found = []
    for photo in query_photos:
        done = stack.loupe("search", str(photo), "--json")
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout)["results"][0]["sku"] == photo.stem)
    assert sum(found) >= 0.9 * len(found), [p.stem for p, ok in zip(query_photos, found, strict=True) if not ok]


@pytest.mark.parametrize("look", ["BRAC-TENNIS-", "EAR-HOOP-", "RING-EMERALD-", "WATCH-"])
def test_three_clicks_on_one_kind_of_piece_make_its_like_appear_with_true_reasons(api: httpx.Client, look: str) -> None:
    alike = [item["sku"] for item in all_items(api) if item["sku"].startswith(look)]
    assert len(alike) == 4
    user = f"shopper-{uuid4().hex}"
    assert suggestions(api, user)["cold"] is True

    clicked = alike[:3]
    for sku in clicked:
        click(api, user, sku)
    until(lambda: alike[3] in [s["sku"] for s in suggestions(api, user)["suggestions"]], "the fourth is suggested")

    titles = {sku: api.get(f"/v1/items/{sku}").json()["title"] for sku in clicked}
    for suggestion in suggestions(api, user)["suggestions"]:
        named = [sku for sku, title in titles.items() if title in suggestion["reason"]]
        if "you clicked" in suggestion["reason"]:
            assert named, suggestion["reason"]
            if suggestion["reason"].startswith("Described"):
                named_piece = api.get(f"/v1/items/{named[0]}").json()
                assert set(suggestion["item"]["tags"]) & set(named_piece["tags"]), "the shop says alike of both"
            else:
                as_deep = {"limit": 100}  # as a look for suggestions goes
                similar = api.get(f"/v1/items/{named[0]}/similar", params=as_deep).json()["results"]
                assert suggestion["sku"] in [result["sku"] for result in similar], "it really looks like that piece"


def test_another_shopper_is_not_suggested_what_this_one_clicked_for(api: httpx.Client) -> None:
    user = f"shopper-{uuid4().hex}"
    click(api, user, kind(api, "stone", "pearl")[0])
    until(lambda: suggestions(api, user)["cold"] is False, "the click is known")
    other = suggestions(api, f"shopper-{uuid4().hex}")
    assert other["cold"] is True
    assert not any("you clicked" in s["reason"] for s in other["suggestions"])


def test_a_picture_can_be_found_followed_corrected_and_removed(api: httpx.Client) -> None:
    sku = f"NEW-{uuid4().hex[:8]}"
    photo = drawing(4711)
    assert api.put(f"/v1/items/{sku}", json={"title": "A new piece", "price": 10, "currency": "EUR"}).status_code == 201
    accepted = api.post(f"/v1/items/{sku}/images", files={"file": ("p.jpg", photo, "image/jpeg")})
    assert accepted.status_code == 202
    status_url = accepted.json()["status_url"]
    until(lambda: api.get(status_url).json()["state"] == "indexed", "the picture is indexed")

    best = search(api, photo, limit=1)["results"][0]
    assert best["sku"] == sku
    assert best["score"] > 0.5
    assert best["verdict"] == "same"
    assert best["item"]["title"] == "A new piece"
    assert httpx.get(api.base_url.join(best["image_url"])).content, "the address in the answer shows the picture"

    corrected = api.patch(f"{status_url}/analysis", json={"type": "tiara"})
    assert corrected.status_code == 200, corrected.text
    until(lambda: found_as_tiara(api, photo, sku), "the correction filters searches")
    assert api.get(status_url).json()["corrected"] == ["type"]

    assert api.delete(f"/v1/items/{sku}").status_code == 204
    until(lambda: sku not in [r["sku"] for r in search(api, photo)["results"]], "the removed piece is gone")
    assert api.get(status_url).status_code == 404


def found_as_tiara(api: httpx.Client, photo: bytes, sku: str) -> bool:
    return [r["sku"] for r in search(api, photo, filters={"type": ["tiara"]})["results"]] == [sku]


def test_a_price_change_shows_in_filters_within_a_moment(api: httpx.Client) -> None:
    sku = kind(api, "type", "ring")[0]
    item = api.get(f"/v1/items/{sku}").json()
    body = {key: item[key] for key in ("title", "description", "currency", "stock", "tags", "attributes")}
    assert api.put(f"/v1/items/{sku}", json={**body, "price": 777_777}).status_code == 200
    photo = httpx.get(api.base_url.join(item["images"][0]["image_url"])).content
    until(
        lambda: [r["sku"] for r in search(api, photo, filters={"price_min": 777_000})["results"]] == [sku],
        "the new price is found",
    )
    api.put(f"/v1/items/{sku}", json={**body, "price": item["price"]})


def test_a_picture_that_cannot_be_decoded_is_rejected_with_a_reason(api: httpx.Client) -> None:
    sku = f"BROKEN-{uuid4().hex[:8]}"
    api.put(f"/v1/items/{sku}", json={"title": "Broken"})
    truncated = drawing(1)[:3000]
    status_url = api.post(f"/v1/items/{sku}/images", files={"file": ("p.jpg", truncated, "image/jpeg")}).json()[
        "status_url"
    ]
    until(lambda: api.get(status_url).json()["state"] == "rejected", "the picture is rejected")
    assert "again" in api.get(status_url).json()["reason"]
    api.delete(f"/v1/items/{sku}")


def test_one_correlation_id_leads_through_every_service(stack: RunningStack, api: httpx.Client) -> None:
    sku = f"TRACED-{uuid4().hex[:8]}"
    trace = {"X-Request-ID": f"trace-{uuid4().hex}"}
    api.put(f"/v1/items/{sku}", json={"title": "Traced"})
    photo = drawing(99)
    upload = api.post(f"/v1/items/{sku}/images", files={"file": ("p.jpg", photo, "image/jpeg")}, headers=trace)
    assert upload.headers["X-Request-ID"] == trace["X-Request-ID"]
    until(lambda: api.get(upload.json()["status_url"]).json()["state"] == "indexed", "the picture is indexed")
    api.post("/v1/search", files={"image": ("p.jpg", photo, "image/jpeg")}, headers=trace)

    def services() -> set[str]:
        logged = [json.loads(line) for line in stack.log_lines() if trace["X-Request-ID"] in line]
        return {entry["service"] for entry in logged}

    every = {"gateway", "embedder", "indexer", "recommender", "inventory", "authenticity"}
    until(lambda: services() == every, "all of them logged it")
    api.delete(f"/v1/items/{sku}")


def test_metrics_show_rate_errors_duration_queues_and_batches(stack: RunningStack) -> None:
    text = stack.metrics()
    for name in (
        "loupe_http_requests_total",
        "loupe_http_request_seconds_bucket",
        "loupe_messages_total",
        "loupe_message_seconds_bucket",
        "loupe_queue_waiting",
        "loupe_queue_oldest_seconds",
        "loupe_embedder_batch_size_bucket",
    ):
        assert f"\n{name}{{" in text, name


def test_a_search_beside_a_full_queue_is_answered_before_the_queue_is_empty(api: httpx.Client) -> None:
    sku = f"BULK-{uuid4().hex[:8]}"
    api.put(f"/v1/items/{sku}", json={"title": "Bulk"})
    files = [("file", ("p.jpg", drawing(5000 + number, side=1200), "image/jpeg")) for number in range(96)]
    for batch in (files[:32], files[32:64], files[64:]):
        sent = api.post("/v1/images:batch", files=batch, data={"skus": json.dumps([sku] * len(batch))})
        assert sent.status_code == 202, sent.text
    started = time.monotonic()
    search(api, drawing(1))
    answered = time.monotonic() - started
    waiting = api.get("/v1/status").json()["images"]
    assert waiting.get("stored", 0) + waiting.get("analysed", 0) > 0, f"answered in {answered:.2f} s, after the queue"
    until(lambda: not api.get("/v1/status").json()["images"].get("stored"), "the queue is worked off", 60)
    api.delete(f"/v1/items/{sku}")
