"""Writes that depend on what is there, and patches: nobody's change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.gateway.merge_patch import merge
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway

ITEM = "/v1/items/RING-1"
RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_patches_merge_as_the_examples_of_rfc_7396_do(target: Any, patch: Any, result: Any) -> None:
    assert merge(target, patch) == result


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


@pytest.fixture
def on_each_database(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        yield stand


def put(gateway: Stand, body: dict[str, Any], **headers: str) -> Any:
    return gateway.client.put(ITEM, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()})


def test_an_etag_names_the_revision_and_an_item_that_is_known_is_not_sent_again(gateway: Stand) -> None:
    made = put(gateway, {"title": "A ring"})
    read = gateway.client.get(ITEM)
    assert made.headers["etag"] == read.headers["etag"] == '"r1"'
    again = gateway.client.get(ITEM, headers={"If-None-Match": 'W/"r0", "r1"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"r1"')
    assert put(gateway, {"title": "Another"}).headers["etag"] == '"r2"'
    assert gateway.client.get(ITEM, headers={"If-None-Match": '"r1"'}).json()["title"] == "Another"
    assert gateway.client.get("/v1/items/NONE", headers={"If-None-Match": "*"}).status_code == 404


def test_a_picture_makes_the_item_news_and_hinders_no_write(gateway: Stand) -> None:
    gateway.put_item()
    gateway.upload("RING-1", picture())
    etag = gateway.client.get(ITEM).headers["etag"]
    assert etag.startswith('"r1-')
    assert gateway.client.get(ITEM, headers={"If-None-Match": '"r1"'}).status_code == 200
    assert gateway.client.get(ITEM, headers={"If-None-Match": etag}).status_code == 304
    gateway.upload("RING-1", picture(2))
    assert gateway.client.get(ITEM, headers={"If-None-Match": etag}).status_code == 200
    for known in (etag, '"r2"', 'W/"r3"', '"r4-gzip"', '"x", "r5"', "*"):
        assert put(gateway, {"title": f"After {known}"}, If_Match=known).status_code == 200, known


def test_a_write_that_depends_on_another_version_changes_nothing(on_each_database: Stand) -> None:
    gateway = on_each_database
    put(gateway, {"title": "A ring"})
    put(gateway, {"title": "Changed by somebody else"})
    for stale in ('"r1"', '"r3"', "r2", '""', '"r2x"', "nonsense"):
        for method, body in (("PUT", {"title": "Mine"}), ("PATCH", {"title": "Mine"}), ("DELETE", None)):
            answer = gateway.client.request(method, ITEM, json=body, headers={"If-Match": stale})
            assert answer.status_code == 412, (method, stale)
            assert answer.headers["content-type"] == "application/problem+json"
            assert "revision 2" in answer.json()["detail"]
    assert gateway.client.get(ITEM).json()["title"] == "Changed by somebody else"
    assert len(gateway.waiting()) == 2
    assert gateway.client.delete(ITEM, headers={"If-Match": '"r2"'}).status_code == 204
    assert put(gateway, {"title": "Mine"}, If_Match='"r3"').status_code == 412
    assert put(gateway, {"title": "Mine"}, If_Match="*").status_code == 412
    assert gateway.client.get(ITEM).status_code == 404


def test_an_item_is_made_only_if_it_is_not_there(on_each_database: Stand) -> None:
    gateway = on_each_database
    assert put(gateway, {"title": "First"}, If_None_Match="*").status_code == 201
    assert put(gateway, {"title": "Second"}, If_None_Match="*").status_code == 412
    gateway.client.delete(ITEM)
    assert put(gateway, {"title": "Third"}, If_None_Match="*").status_code == 201


def test_of_writers_that_meet_one_wins(on_each_database: Stand) -> None:
    gateway = on_each_database
    put(gateway, {"title": "A ring"})

    def write(writer: int) -> int:
        return int(put(gateway, {"title": f"By {writer}"}, If_Match='"r1"').status_code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(8))) == [200] + [412] * 7
    assert gateway.client.get(ITEM).json()["revision"] == 2


def test_patches_that_meet_are_all_there_in_the_end(on_each_database: Stand) -> None:
    gateway = on_each_database
    put(gateway, {"title": "A ring"})

    def patch(writer: int) -> int:
        return gateway.client.patch(ITEM, json={"attributes": {f"by-{writer}": "yes"}}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(patch, range(8))) == {200}
    assert len(gateway.client.get(ITEM).json()["attributes"]) == 8


def test_a_patch_changes_what_it_names_and_null_takes_away(gateway: Stand) -> None:
    put(gateway, {"title": "A ring", "price": 490, "brand": "Lumen", "attributes": {"metal": "gold", "stone": "ruby"}})
    patch = {"price": 450, "brand": None, "attributes": {"metal": "rose gold", "stone": None, "cut": "oval"}}
    header = {"Content-Type": "application/merge-patch+json"}
    answer = gateway.client.patch(ITEM, json=patch, headers=header)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"r2"')
    shown = answer.json()
    assert (shown["title"], shown["price"], shown["attributes"]) == (
        "A ring",
        450,
        {"metal": "rose gold", "cut": "oval"},
    )
    assert "brand" not in shown
    assert gateway.client.patch(ITEM, json=patch).headers["etag"] == '"r2"'
    assert gateway.client.patch(ITEM, json={}).headers["etag"] == '"r2"'
    assert len(gateway.waiting()) == 2
    assert gateway.client.patch("/v1/items/NONE", json={"price": 1}).status_code == 404


BAD_PATCHES: list[tuple[Any, str]] = [
    ({"title": None}, "body.title"),
    ({"title": ""}, "body.title"),
    ({"price": -1}, "body.price"),
    ({"revision": 7}, "body.revision"),
    ({"attributes": {f"a{n}": "x" for n in range(50)}}, "body.attributes"),
    ([], "body"),
]


@pytest.mark.parametrize(("patch", "path"), BAD_PATCHES)
def test_a_patch_that_would_make_no_item_is_refused_with_the_path(gateway: Stand, patch: Any, path: str) -> None:
    put(gateway, {"title": "A ring", "attributes": {"b": "x"}})
    answer = gateway.client.patch(ITEM, json=patch)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)
    assert gateway.client.get(ITEM).headers["etag"] == '"r1"'


def test_a_body_of_another_type_is_refused_by_its_type(gateway: Stand) -> None:
    for method in ("PUT", "PATCH"):
        answer = gateway.client.request(method, ITEM, content="title=A+ring", headers={"Content-Type": "text/plain"})
        assert (answer.status_code, answer.json()["type"]) == (415, "urn:loupe:problem:unsupported-media-type")
