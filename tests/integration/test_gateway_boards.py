"""Boards over HTTP: gathered, searched by, shared, erased; never another shop's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.gateway.boards import pictures as board_pictures
from services.gateway.boards.pictures import BoardPictures
from shared import objectstore
from shared.contracts.boards import MAX_BOARDS
from shared.contracts.catalogue_map import CatalogueMap
from shared.contracts.internal import HitList, SearchRequest
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway
from tests.support.upstreams import Upstreams, hit, running_upstreams

OTHER = {"Authorization": f"Bearer {OTHER_KEY}"}


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with running_upstreams() as running:
        running.clean = picture(77)
        yield running


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    upstreams.asked.clear()
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        for number in (1, 2, 3):
            stand.put_item(f"P-{number}")
        images = [stand.upload(f"P-{number}", picture(number)) for number in (1, 2)]
        upstreams.hits = HitList(hits=[hit("P-2", images[1], 0.8)])
        yield stand


def begun(gateway: Stand, *entries: dict[str, Any], title: str = "Spring") -> dict[str, Any]:
    answer = gateway.client.post("/v1/boards", json={"title": title, "entries": list(entries)})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/boards/{body['board_id']}"
    return body


def uploaded(gateway: Stand, board_id: str) -> dict[str, str]:
    answer = gateway.client.post(f"/v1/boards/{board_id}/pictures", files={"image": ("a.jpg", picture(5))})
    assert answer.status_code == 201, answer.text
    body: dict[str, str] = answer.json()
    return body


def kept(gateway: Stand) -> list[str]:
    return list(objectstore.open(f"file://{gateway.folder}/objects", board_pictures.BUCKET).keys("shop"))


def test_a_board_shows_pieces_with_title_and_picture_and_says_which_are_gone(gateway: Stand) -> None:
    entries: list[dict[str, Any]] = [
        {"sku": "P-1", "weight": 0.5, "note": "leaves"},
        {"sku": "P-3"},
        {"sku": "NEVER"},
        {"words": "gold"},
    ]
    board = begun(gateway, *entries)
    one, without_picture, never, words = gateway.client.get(f"/v1/boards/{board['board_id']}").json()["entries"]
    assert (one["title"], one["weight"], one["note"], one["gone"]) == ("Title of P-1", 0.5, "leaves", False)
    assert gateway.client.get(one["image_url"], headers={"Authorization": ""}).content == picture(1)
    assert (without_picture["gone"], never["gone"], words["gone"]) == (True, True, False)


def test_the_board_changed_last_is_listed_first_with_its_pictures(gateway: Stand) -> None:
    first, second = begun(gateway, {"sku": "P-1"}, title="one"), begun(gateway, title="two")
    gateway.client.put(f"/v1/boards/{first['board_id']}", json={"title": "1", "entries": [{"sku": "P-2"}]})
    listed = gateway.client.get("/v1/boards").json()["boards"]
    assert [(one["title"], one["entries"], len(one["image_urls"])) for one in listed] == [("1", 1, 1), ("two", 0, 0)]
    assert listed[1]["board_id"] == second["board_id"]


def test_an_uploaded_picture_is_kept_without_faces_and_shown_by_its_signed_address(gateway: Stand) -> None:
    board_id = begun(gateway)["board_id"]
    made = uploaded(gateway, board_id)
    assert gateway.upstreams.without_faces[-1] == picture(5)
    shown = gateway.client.get(made["image_url"], headers={"Authorization": ""})
    assert (shown.status_code, shown.content) == (200, picture(77))
    for address in (
        made["image_url"].partition("?")[0],
        made["image_url"].replace("signature=shop.", "signature=other."),
    ):
        assert gateway.client.get(address, headers={"Authorization": ""}).status_code == 401
        assert gateway.client.get(address, headers=OTHER).status_code == 404


def test_a_board_searches_by_its_heaviest_entries_each_by_weight_and_sign(gateway: Stand) -> None:
    board_id = begun(gateway)["board_id"]
    named = uploaded(gateway, board_id)["picture_id"]
    entries = [
        {"words": "halo", "negative": True, "weight": 0.2},
        {"sku": "P-1", "weight": 0.7},
        {"picture_id": named},
        {"sku": "NEVER"},
        {"picture_id": "bp_" + "0" * 24, "weight": 0.9},
    ]
    gateway.client.put(f"/v1/boards/{board_id}", json={"title": "x", "entries": entries})
    answer = gateway.client.post(f"/v1/boards/{board_id}:search", json={"limit": 5, "filters": {"type": ["ring"]}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["used"] == [2, 1, 0]
    assert [result["sku"] for result in answer.json()["results"]] == ["P-2"]
    request = gateway.upstreams.asked[-1]
    assert isinstance(request, SearchRequest)
    assert [(bool(p.vectors), p.sku, bool(p.text), p.weight, p.negative) for p in request.parts] == [
        (True, None, False, 1.0, False),
        (False, "P-1", False, 0.7, False),
        (False, None, True, 0.2, True),
    ]
    assert (request.limit, request.filters.type) == (5, ["ring"])


def test_no_more_than_eight_entries_and_four_pictures_are_searched_by(gateway: Stand) -> None:
    board_id = begun(gateway)["board_id"]
    pictures = [{"picture_id": uploaded(gateway, board_id)["picture_id"]} for _ in range(5)]
    entries = [*pictures, *({"words": f"word {number}", "weight": 0.5} for number in range(6))]
    gateway.client.put(f"/v1/boards/{board_id}", json={"title": "x", "entries": entries})
    used = gateway.client.post(f"/v1/boards/{board_id}:search", json={}).json()["used"]
    assert used == [0, 1, 2, 3, 5, 6, 7, 8]


@pytest.mark.parametrize("entries", [[], [{"sku": "NEVER"}], [{"words": "halo", "negative": True}]])
def test_a_board_with_nothing_to_search_by_says_so(gateway: Stand, entries: list[dict[str, Any]]) -> None:
    answer = gateway.client.post(f"/v1/boards/{begun(gateway, *entries)['board_id']}:search", json={})
    assert answer.status_code == 409
    assert "nothing on this board to search by" in answer.json()["detail"]


def test_whoever_has_the_address_of_a_shared_board_sees_it_without_a_key_until_it_is_taken_back(gateway: Stand) -> None:
    board = begun(gateway, {"sku": "P-1", "note": "<b>this</b>"}, {"sku": "P-3"}, {"words": "gold", "negative": True})
    path = f"/v1/boards/{board['board_id']}"
    assert "share_url" not in board
    address = gateway.client.post(f"{path}:share").json()["share_url"]
    assert gateway.client.post(f"{path}:share").json()["share_url"] == address
    seen = gateway.client.get(f"/public{address}", headers={"Authorization": ""})
    assert seen.status_code == 200
    assert "P-1" not in seen.text.replace("Title of P-1", "")
    assert [one.get("title") or one.get("words") for one in seen.json()["entries"]] == ["Title of P-1", "gold"]
    assert "share_url" not in gateway.client.post(f"{path}:unshare").json()
    assert gateway.client.get(f"/public{address}").status_code == 404
    assert gateway.client.post(f"{path}:share").json()["share_url"] != address


def test_an_erased_board_is_gone_with_its_pictures_and_its_address(gateway: Stand) -> None:
    board_id = begun(gateway)["board_id"]
    made = uploaded(gateway, board_id)
    address = gateway.client.post(f"/v1/boards/{board_id}:share").json()["share_url"]
    assert gateway.client.delete(f"/v1/boards/{board_id}").status_code == 204
    assert kept(gateway) == []
    for path in (f"/v1/boards/{board_id}", f"/public{address}", made["image_url"]):
        assert gateway.client.get(path).status_code == 404


def test_a_board_is_no_other_shops(gateway: Stand) -> None:
    board = begun(gateway, {"sku": "P-1"})
    path = f"/v1/boards/{board['board_id']}"
    calls = [("GET", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}:share"), ("POST", f"{path}:search")]
    for method, address in calls:
        answer = gateway.client.request(method, address, headers=OTHER, json={"title": "x"} if method == "PUT" else {})
        assert answer.status_code == 404, (method, address)
    assert gateway.client.get("/v1/boards", headers=OTHER).json() == {"boards": []}
    assert gateway.client.get(path).json() == board


def test_a_shop_has_no_more_boards_than_it_may(gateway: Stand) -> None:
    for number in range(MAX_BOARDS):
        begun(gateway, title=str(number))
    answer = gateway.client.post("/v1/boards", json={"title": "one more"})
    assert answer.status_code == 409
    assert "boards already" in answer.json()["detail"]


def test_pictures_that_no_entry_names_go_after_a_day(gateway: Stand) -> None:
    board_id = begun(gateway)["board_id"]
    named, unnamed = (uploaded(gateway, board_id)["picture_id"] for _ in range(2))
    gateway.client.put(f"/v1/boards/{board_id}", json={"title": "x", "entries": [{"picture_id": named}]})
    gateway.parts.board_pictures.clean()
    assert len(kept(gateway)) == 2
    store = objectstore.open(f"file://{gateway.folder}/objects", board_pictures.BUCKET)
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)
    BoardPictures(gateway.catalogue, store, gateway.parts.embedder, now=lambda: later).clean()
    assert kept(gateway) == [f"{board_id}/{named}.jpg"]
    assert unnamed not in str(kept(gateway))


@pytest.mark.parametrize(
    "entry",
    [{}, {"sku": "A", "words": "b"}, {"sku": "A", "weight": 0}, {"sku": "A", "weight": 2}, {"picture_id": "../x"}],
)
def test_an_entry_is_one_thing_with_a_weight(gateway: Stand, entry: dict[str, Any]) -> None:
    assert gateway.client.post("/v1/boards", json={"title": "x", "entries": [entry]}).status_code == 422


def test_a_map_that_somebody_has_already_is_not_sent_again(gateway: Stand, upstreams: Upstreams) -> None:
    first = gateway.client.get("/v1/map")
    known = {"If-None-Match": first.headers["etag"]}
    again = gateway.client.get("/v1/map", headers=known)
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["cache-control"] == "private, no-cache"
    before = upstreams.map
    try:
        upstreams.map = CatalogueMap(state="empty")
        assert gateway.client.get("/v1/map", headers=known).json()["state"] == "empty"
    finally:
        upstreams.map = before
