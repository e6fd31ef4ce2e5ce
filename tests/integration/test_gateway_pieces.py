"""Photos of several pieces and boxes that a shopper drew, over HTTP, with the two upstreams at their contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.contracts.analysis import Attribute, Box
from shared.contracts.fields import unpack_vector
from shared.contracts.internal import HitList
from shared.contracts.messages import ImageIndexed
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.upstreams import Upstreams, analysis, hit, running_upstreams

NONE = "0" * 64
LEFT, MIDDLE, RIGHT = Box(x1=0.3), Box(x0=0.35, x1=0.6), Box(x0=0.7)
DRAWN = {"x0": 0.1, "y0": 0.2, "x1": 0.4, "y1": 0.9}


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with running_upstreams() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    upstreams.asked.clear()
    upstreams.hits = HitList(hits=[])
    upstreams.seen = [analysis(NONE, boxes=[LEFT, MIDDLE, RIGHT])]
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        yield stand


def search(gateway: Stand, query: dict[str, Any] | None = None, photo: bytes = picture(9)) -> Any:
    files: Any = {"image": ("photo.jpg", photo, "image/jpeg"), "query": (None, json.dumps(query or {}))}
    return gateway.client.post("/v1/search", files=files)


def searched_by(gateway: Stand, model: str = "model-1") -> int:
    """The number of the piece whose vector the recommender was asked with last."""
    return int(np.argmax(unpack_vector(gateway.upstreams.asked[-1].parts[0].vectors[model])))


def test_a_search_goes_by_the_main_piece_and_tells_of_all(gateway: Stand) -> None:
    body = search(gateway).json()
    assert [piece["box"] for piece in body["pieces"]] == [box.model_dump() for box in (LEFT, MIDDLE, RIGHT)]
    assert all(piece["type"]["value"] == "ring" and piece["confidence"] == 1 for piece in body["pieces"])
    assert not any("vector" in piece for piece in body["pieces"])
    assert (body["piece"], searched_by(gateway)) == (0, 0)


def test_another_piece_is_searched_by_when_its_number_is_given(gateway: Stand) -> None:
    body = search(gateway, {"piece": 2}).json()
    assert (body["piece"], len(body["pieces"]), searched_by(gateway)) == (2, 3, 2)


def test_a_drawn_box_is_the_only_piece(gateway: Stand) -> None:
    body = search(gateway, {"box": DRAWN}).json()
    assert ([piece["box"] for piece in body["pieces"]], body["piece"]) == ([DRAWN], 0)


@pytest.mark.parametrize(
    ("query", "path", "told"),
    [
        ({"box": {"x0": 0.4, "x1": 0.4}}, "query.box", "empty"),
        ({"box": {"y0": 0.9, "y1": 0.2}}, "query.box", "empty"),
        ({"box": {"x0": -0.1}}, "query.box.x0", "greater than or equal to 0"),
        ({"box": {"x1": 400}}, "query.box.x1", "less than or equal to 1"),
        ({"box": {"x1": "NaN"}}, "query.box.x1", "needs a number, without quotes"),
        ({"box": [0, 0, 1, 1]}, "query.box", "object"),
        ({"box": DRAWN, "piece": 1}, "query", "not both"),
        ({"piece": 3}, "query.piece", "numbered from 0 to 2"),
        ({"piece": 12}, "query.piece", "less than 12"),
        ({"piece": -1}, "query.piece", "greater than or equal to 0"),
    ],
)
def test_a_box_or_number_that_is_none_is_refused_with_its_path(
    gateway: Stand, query: dict[str, Any], path: str, told: str
) -> None:
    response = search(gateway, query)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["path"] == path
    assert told in response.json()["detail"]
    assert gateway.upstreams.asked == []


def test_each_model_is_asked_with_the_piece_that_it_sees_in_the_same_place(gateway: Stand) -> None:
    gateway.upstreams.seen.append(analysis(NONE, "model-2", [Box(x0=0.68, x1=0.99), Box(x0=0.02, x1=0.31)]))
    search(gateway, {"piece": 2})
    assert (searched_by(gateway), searched_by(gateway, "model-2")) == (2, 0)
    search(gateway, {"piece": 0})
    assert (searched_by(gateway), searched_by(gateway, "model-2")) == (0, 1)


def test_a_cursor_counts_for_its_piece_or_box_alone(gateway: Stand) -> None:
    gateway.upstreams.hits.next = "pinned.20"
    of_main = search(gateway).json()["next_cursor"]
    of_box = search(gateway, {"box": DRAWN}).json()["next_cursor"]
    gateway.upstreams.asked.clear()
    assert search(gateway, {"cursor": of_main}).status_code == 200
    assert search(gateway, {"cursor": of_main, "piece": 0}).status_code == 200, "0 is the main one"
    assert search(gateway, {"cursor": of_box, "box": DRAWN}).status_code == 200
    assert [asked.cursor for asked in gateway.upstreams.asked] == ["pinned.20"] * 3
    assert search(gateway, {"cursor": of_main, "piece": 1}).status_code == 400
    assert search(gateway, {"cursor": of_main, "box": DRAWN}).status_code == 400
    assert search(gateway, {"cursor": of_box, "box": DRAWN | {"x0": 0.11}}).status_code == 400


def test_filters_by_all_that_is_known_of_a_piece_reach_the_recommender(gateway: Stand) -> None:
    filters = {"metal": ["gold"], "stone": ["ruby", "garnet"], "cut": ["oval"], "setting": ["halo"]}
    assert search(gateway, {"filters": filters}).status_code == 200
    assert gateway.upstreams.asked[0].filters.model_dump(include=set(filters)) == filters


def test_a_result_says_which_box_of_which_picture_is_alike(gateway: Stand) -> None:
    gateway.put_item()
    first, second = gateway.upload("RING-1", picture(1)), gateway.upload("RING-1", picture(2))
    found = hit("RING-1", second).model_copy(update={"box": RIGHT})
    gateway.upstreams.hits = HitList(hits=[found])
    (result,) = search(gateway).json()["results"]
    assert (result["image_id"], result["box"]) == (second, RIGHT.model_dump())
    gateway.client.delete(f"/v1/images/{second}")
    (result,) = search(gateway).json()["results"]
    assert result["image_id"] == first
    assert "box" not in result, "it was a box of the other picture"


def test_classify_tells_of_every_piece(gateway: Stand) -> None:
    body = gateway.client.post("/v1/classify", files={"image": picture(9)}).json()
    assert [piece["box"] for piece in body["pieces"]] == [box.model_dump() for box in (LEFT, MIDDLE, RIGHT)]


def test_a_picture_of_the_shop_shows_all_its_pieces_with_corrections_on_the_main_one(gateway: Stand) -> None:
    gateway.put_item()
    data = picture(1)
    image_id = gateway.upload("RING-1", data)
    gateway.analysed(hashlib.sha256(data).hexdigest(), [LEFT, RIGHT])
    assert "pieces" not in gateway.client.get(f"/v1/images/{image_id}").json()
    told = {"type": Attribute(value="ring", confidence=0.8), "cut": Attribute(value="oval", confidence=0.7)}
    of = {"tenant": "shop", "correlation_id": "c", "sku": "RING-1", "image_id": image_id, "model_version": "model-1"}
    gateway.handle(ImageIndexed.model_validate(of | told))
    image = gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"type": "pendant", "setting": "bezel"}).json()
    assert [piece["box"] for piece in image["pieces"]] == [LEFT.model_dump(), RIGHT.model_dump()]
    assert [piece["type"]["value"] for piece in image["pieces"]] == ["pendant", "ring"]
    assert (image["type"]["value"], image["cut"]["value"]) == ("pendant", "oval")
    assert image["setting"] == image["pieces"][0]["setting"] == {"value": "bezel", "confidence": 1}
    assert "setting" not in image["pieces"][1]
    assert gateway.client.get(f"/v1/images/{image_id}").json()["pieces"] == image["pieces"]
