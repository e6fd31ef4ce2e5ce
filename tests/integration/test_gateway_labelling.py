"""Pictures for a person to look at: the least certain first, gone from the list once said, told as a manifest."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.datasets import read
from shared.contracts.analysis import Attribute
from shared.contracts.labelling import LabellingPage
from shared.contracts.messages import ImageIndexed
from tests.support.databases import NewDatabase
from tests.support.gateway import KEY, OTHER_KEY, Stand, picture, running_gateway


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        yield stand


def add(gateway: Stand, sku: str, seed: int, confidence: float | None) -> str:
    """A picture that the index was told to show a ring, as sure as that; with None it was told nothing."""
    gateway.put_item(sku)
    image_id = gateway.upload(sku, picture(seed))
    told = None if confidence is None else Attribute(value="ring", confidence=confidence)
    message = ImageIndexed(
        tenant="shop", correlation_id="c", sku=sku, image_id=image_id, model_version="model-1", type=told
    )
    gateway.handle(message)
    return image_id


def labelling(gateway: Stand, **asked: Any) -> LabellingPage:
    answer = gateway.client.get("/v1/labelling", params=asked)
    assert answer.status_code == 200, answer.text
    return LabellingPage.model_validate(answer.json())


def test_the_least_certain_picture_comes_first_by_pages_and_one_of_which_nothing_is_known_before_it(
    gateway: Stand,
) -> None:
    ids = {sure: add(gateway, f"A-{seed}", seed, sure) for seed, sure in enumerate((0.9, 0.3, None, 0.30000001, 0.6))}
    twin = add(gateway, "A-9", 9, 0.3)
    gateway.put_item("WAITS")
    gateway.upload("WAITS", picture(8))
    pages = [labelling(gateway, limit=2)]
    while cursor := pages[-1].next_cursor:
        pages.append(labelling(gateway, limit=2, cursor=cursor))
    listed = [image.image_id for page in pages for image in page.images]
    assert listed == [ids[None], *sorted((ids[0.3], twin)), ids[0.30000001], ids[0.6], ids[0.9]]
    assert {(page.left, page.pictures) for page in pages} == {(6, 6)}


def test_what_somebody_said_leaves_the_list_comes_back_when_it_is_taken_back_and_is_a_class_from_then_on(
    gateway: Stand,
) -> None:
    first, second = add(gateway, "A-1", 1, 0.2), add(gateway, "A-2", 2, 0.8)
    assert "signet" not in labelling(gateway).classes
    gateway.client.patch(f"/v1/images/{first}/analysis", json={"type": "signet"}).raise_for_status()
    page = labelling(gateway)
    assert ([image.image_id for image in page.images], page.left, page.pictures) == ([second], 1, 2)
    assert page.classes[0] == "bracelet", "those that models tell"
    assert page.classes[-1] == "signet", "and then the shop's own"
    assert labelling(gateway, attribute="metal").left == 2, "of another attribute nothing was said"
    gateway.client.patch(f"/v1/images/{first}/analysis", json={"type": None}).raise_for_status()
    assert [image.image_id for image in labelling(gateway).images] == [first, second]


def test_what_people_said_is_a_manifest_that_the_lab_reads(gateway: Stand, tmp_path: Path) -> None:
    one, own, back = (add(gateway, f"A-{number}", number, 0.5) for number in range(3))
    add(gateway, "A-4", 4, 0.5)
    for image_id, said in (
        (one, {"type": "earring", "metal": "rose gold"}),
        (own, {"type": "signet, old"}),
        (back, {"type": "ring"}),
        (back, {"type": None}),
    ):
        gateway.client.patch(f"/v1/images/{image_id}/analysis", json=said).raise_for_status()
    answer = gateway.client.get("/v1/labelling/manifest.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = {row["image_id"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert rows.keys() == {one, own}, "what was taken back, and what nobody looked at, is not in it"
    assert (rows[own]["type"], rows[own]["class"]) == ("", "signet, old"), "a type that no model tells"
    (tmp_path / "set" / "pictures").mkdir(parents=True)
    for image_id in rows:
        content = gateway.client.get(f"/v1/images/{image_id}/content").content
        (tmp_path / "set" / "pictures" / image_id).write_bytes(content)
    (tmp_path / "set" / "manifest.csv").write_bytes(answer.content)
    told = {record.item_id: (record.type, record.style, record.metal) for record in read(tmp_path / "set")}
    assert told == {"A-0": ("earring", "", "rose gold"), "A-1": ("", "signet, old", "")}


def test_another_shop_sees_none_of_it(gateway: Stand) -> None:
    image_id = add(gateway, "A-1", 1, 0.5)
    gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"metal": "ours alone"}).raise_for_status()
    other = {"Authorization": f"Bearer {OTHER_KEY}"}
    page = gateway.client.get("/v1/labelling", params={"attribute": "metal"}, headers=other).json()
    assert (page["images"], page["left"], page["pictures"]) == ([], 0, 0)
    assert "ours alone" not in page["classes"]
    assert image_id not in gateway.client.get("/v1/labelling/manifest.csv", headers=other).text


def test_who_asks_is_told_which_shop_they_ask_and_what_they_may_do_there(gateway: Stand) -> None:
    told = gateway.client.get("/v1/holder", headers={"Authorization": f"Bearer {KEY}"}).json()
    assert told["tenant"] == "shop"
    assert {"read", "write"} <= set(told["scopes"])
    assert told["key_id"].startswith("k_")
