"""The catalogue as something to learn from: what the shop said, what was corrected, what the model alone saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.contracts.messages import ImageIndexed
from shared.contracts.training import TrainingPage
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


def add(gateway: Stand, sku: str, seed: int, *, analysed: bool = True, **attributes: str) -> str:
    gateway.put_item(sku, attributes=attributes)
    image_id = gateway.upload(sku, picture(seed))
    if analysed:
        gateway.analysed(gateway.client.get(f"/v1/images/{image_id}").json()["sha256"])
    message = {"tenant": "shop", "correlation_id": "c", "sku": sku, "image_id": image_id, "model_version": "model-1"}
    gateway.handle(ImageIndexed.model_validate(message))
    return image_id


def training(gateway: Stand, **asked: Any) -> TrainingPage:
    answer = gateway.client.get("/v1/admin/training", params={"model": "model-1", **asked})
    assert answer.status_code == 200, answer.text
    return TrainingPage.model_validate(answer.json())


def test_a_picture_has_the_shops_words_the_correction_and_what_the_model_alone_saw(gateway: Stand) -> None:
    image_id = add(gateway, "A-1", 1, type="Armband", metal="gold", brand="Ours")
    gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"type": "bracelet"})
    page = training(gateway)
    (one,) = page.pictures
    assert (page.tenant, page.model_version, page.lacking) == ("shop", "model-1", 0)
    assert one.said == {"type": "Armband", "metal": "gold"}
    assert one.corrected == {"type": "bracelet"}
    assert one.piece.type
    assert one.piece.type.value == "ring"
    assert np.array_equal(one.piece.embedding(), np.eye(1, 4, dtype=np.float32)[0])


def test_pages_hold_each_indexed_picture_once(gateway: Stand) -> None:
    ids = {add(gateway, f"A-{number}", number) for number in range(5)}
    gateway.put_item("WAITS")
    gateway.upload("WAITS", picture(9))
    pages = [training(gateway, limit=2)]
    while cursor := pages[-1].next_cursor:
        pages.append(training(gateway, limit=2, cursor=cursor))
    assert [len(page.pictures) for page in pages] == [2, 2, 1]
    assert {one.image_id for page in pages for one in page.pictures} == ids


def test_pictures_that_the_model_has_not_analysed_are_counted(gateway: Stand) -> None:
    add(gateway, "A-1", 1)
    add(gateway, "A-2", 2, analysed=False)
    page = training(gateway)
    assert ([one.sku for one in page.pictures], page.lacking) == (["A-1"], 1)


def test_another_shop_learns_nothing_of_it(gateway: Stand) -> None:
    add(gateway, "A-1", 1)
    answer = gateway.client.get(
        "/v1/admin/training", params={"model": "model-1"}, headers={"Authorization": f"Bearer {OTHER_KEY}"}
    )
    assert answer.json() == {"tenant": "other", "model_version": "model-1", "pictures": [], "lacking": 0}


def test_a_cursor_of_another_model_is_refused(gateway: Stand) -> None:
    for number in range(2):
        add(gateway, f"A-{number}", number)
    cursor = training(gateway, limit=1).next_cursor
    answer = gateway.client.get("/v1/admin/training", params={"model": "model-2", "cursor": cursor})
    assert answer.status_code == 400


def test_who_may_only_read_may_not_have_it(gateway: Stand) -> None:
    made = gateway.client.post("/v1/admin/keys", json={"name": "web", "scopes": ["read"]}).json()
    answer = gateway.client.get(
        "/v1/admin/training", params={"model": "model-1"}, headers={"Authorization": f"Bearer {made['key']}"}
    )
    assert answer.status_code == 403
