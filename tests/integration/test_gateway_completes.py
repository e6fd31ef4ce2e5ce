"""What completes an item: its other half is looked for by the mirror image of its picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.analysis import Attribute
from shared.contracts.internal import CompletesRequest, HitList, Reason, Source
from shared.contracts.messages import ImageIndexed
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.upstreams import Upstreams, analysis, hit, running_upstreams


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with running_upstreams() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    upstreams.asked.clear()
    upstreams.mirrored = 0
    upstreams.hits = HitList(hits=[])
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        yield stand


def put(gateway: Stand, sku: str, kind: str, seed: int, title: str = "") -> str:
    """An indexed item whose main piece the model takes for `kind`."""
    gateway.put_item(sku, title=title or f"Piece {sku}")
    image_id = gateway.upload(sku, picture(seed))
    of = {"tenant": "shop", "correlation_id": "c", "sku": sku, "image_id": image_id, "model_version": "model-1"}
    gateway.handle(ImageIndexed.model_validate(of | {"type": Attribute(value=kind, confidence=0.9)}))
    return image_id


def completes(gateway: Stand, sku: str, **params: Any) -> CompletesRequest:
    """What the recommender was asked for it."""
    response = gateway.client.get(f"/v1/items/{sku}/completes", params=params)
    assert response.status_code == 200, response.text
    request = gateway.upstreams.asked[-1]
    assert isinstance(request, CompletesRequest)
    return request


def test_an_earring_is_looked_for_by_its_mirror_image_which_is_made_once(gateway: Stand) -> None:
    put(gateway, "LEFT", "earring", 1)
    asked = completes(gateway, "LEFT", limit=5)
    main = analysis("0" * 64).pieces[0].vector
    assert (asked.sku, asked.limit, asked.mirrored) == ("LEFT", 5, {"model-1": main, "model-2": main})
    completes(gateway, "LEFT")
    assert gateway.upstreams.mirrored == 1


@pytest.mark.parametrize("kind", ["necklace", "ring"])
def test_no_other_kind_has_a_mirror_image(gateway: Stand, kind: str) -> None:
    put(gateway, "PIECE", kind, 2)
    assert completes(gateway, "PIECE").mirrored is None
    assert gateway.upstreams.mirrored == 0


def test_a_merchants_word_for_what_it_is_wins(gateway: Stand) -> None:
    image_id = put(gateway, "PIECE", "brooch", 3)
    gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"type": "earring"})
    assert completes(gateway, "PIECE").mirrored is not None


def test_what_the_shop_says_it_is_wins_over_the_model(gateway: Stand) -> None:
    put(gateway, "EARRING", "brooch", 4, title="Single pearl earring")
    assert completes(gateway, "EARRING").mirrored is not None
    put(gateway, "RING", "earring", 5, title="Pearl ring")
    assert completes(gateway, "RING").mirrored is None


def test_an_item_whose_picture_is_not_indexed_yet_has_a_set_all_the_same(gateway: Stand) -> None:
    gateway.put_item("NEW")
    assert completes(gateway, "NEW").mirrored is None


def test_the_answer_says_which_is_the_other_half(gateway: Stand) -> None:
    put(gateway, "LEFT", "earring", 1)
    right = put(gateway, "RIGHT", "earring", 2)
    found = hit("RIGHT", right, 0.97, Source(kind="item", sku="LEFT", similarity=0.97))
    gateway.upstreams.hits = HitList(hits=[found.model_copy(update={"reasons": [Reason(kind="pair", share=0.5)]})])
    body = gateway.client.get("/v1/items/LEFT/completes").json()
    (result,) = body["results"]
    assert result["reason"] == "Looks 97% like the Piece LEFT: the other half of the pair"
    assert result["reasons"] == [{"kind": "pair", "differs": False, "share": 0.5}]
    assert gateway.client.get("/v1/items/NOWHERE/completes").status_code == 404
