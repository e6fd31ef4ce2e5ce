"""Reconcile over words and bytes that are lost, or that nobody refers to: made again, told, or taken away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from services.gateway import tenants
from services.gateway.tables import Item
from services.indexer.tables import items as indexer_items
from shared.contracts.analysis import analysis_key
from shared.contracts.messages import ImageRejected
from shared.contracts.reconcile import CatalogueListed
from shared.contracts.text import TEXT_DIMENSION
from shared.vectorstore import AnyOf, Filter, Text
from tests.support.gateway import picture
from tests.support.indexing import MODEL
from tests.support.reconciling import Shop, running_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


def text_key_of(shop: Shop, image: str) -> str:
    return str(shop.world.index()[image]["text"])


def of(image: str) -> Filter:
    return Filter(must=(AnyOf("image_id", (image,)),))


def sha256(seed: int) -> str:
    return hashlib.sha256(picture(seed)).hexdigest()


def test_words_whose_message_and_object_are_lost_are_made_again(shop: Shop) -> None:
    image = shop.put("RING-1", 1, description="An emerald.")
    before = shop.world.index()
    shop.world.analyses.delete("shop", text_key_of(shop, image))
    assert shop.reconcile() == {"item-behind": 1}
    assert shop.world.analyses.exists("shop", text_key_of(shop, image))
    assert shop.world.index() == before
    assert shop.reconcile() == {}


def test_an_item_of_before_there_were_words_gets_them(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    before = shop.world.index()
    with shop.world.database.write() as session:
        session.execute(update(indexer_items).values(text_revision=0, text_sha256=None, text_model=None))
    with shop.stand.catalogue.write() as session:
        session.execute(update(Item).values(text_sha256=None))
    shop.world.vectors.set_text("shop", of(image), None)
    shop.world.vectors.set_payload("shop", of(image), {"text": None})
    assert shop.reconcile() == {"item-behind": 1}
    assert shop.world.index() == before
    assert shop.reconcile() == {}


def test_a_point_without_its_words_gets_them_back(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    shop.world.vectors.set_text("shop", of(image), None)
    shop.world.vectors.set_payload("shop", of(image), {"text": None})
    assert shop.reconcile() == {"point-stale": 1}
    (hit,) = shop.world.vectors.search_text("shop", Text(np.eye(1, TEXT_DIMENSION, dtype=np.float32)[0], {}), 5)
    assert hit.payload["image_id"] == image
    assert shop.reconcile() == {}


def test_words_that_no_item_has_go_after_the_grace_and_not_before(shop: Shop) -> None:
    image = shop.put("RING-1", 1, description="An emerald.")
    old = text_key_of(shop, image)
    shop.put("RING-1", 1, description="A garnet.")
    new = text_key_of(shop, image)
    shop.age("analyses", new, 8)
    assert shop.reconcile() == {}
    shop.age("analyses", old, 8)
    assert shop.reconcile() == {"orphan-analysis": 1}
    assert not shop.world.analyses.exists("shop", old)
    assert shop.world.analyses.exists("shop", new)
    shop.stand.client.delete("/v1/items/RING-1")
    shop.settle()
    assert shop.reconcile()["orphan-analysis"] == 1
    assert not shop.world.analyses.exists("shop", new)


def test_a_picture_whose_bytes_are_gone_is_told_to_the_shop_and_may_be_sent_again(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    shop.stand.parts.pictures.delete("shop", sha256(1))
    assert shop.reconcile() == {"picture-lost": 1}
    told = shop.stand.client.get(f"/v1/images/{image}").json()
    assert told["state"] == "rejected"
    assert "Upload the picture again" in told["reason"]
    assert shop.reconcile() == {}
    assert shop.put("RING-1", 1) == image
    assert shop.stand.client.get(f"/v1/images/{image}").json()["state"] == "indexed"


def test_pictures_that_were_lost_only_for_a_while_are_back_by_themselves(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    shop.stand.parts.pictures.delete("shop", sha256(1))
    shop.reconcile()
    shop.stand.parts.pictures.put("shop", sha256(1), picture(1))
    assert shop.reconcile() == {"picture-back": 1}
    told = shop.stand.client.get(f"/v1/images/{image}").json()
    assert told["state"] == "indexed"
    assert "reason" not in told
    assert shop.reconcile() == {}


def test_objects_without_a_row_go_after_the_grace_and_not_before(shop: Shop) -> None:
    shop.put("RING-1", 1)
    gone, fresh = shop.put("RING-2", 2), shop.put("RING-3", 3)
    for image in (gone, fresh):
        shop.stand.client.delete(f"/v1/images/{image}")
    shop.settle()
    for seed in (1, 2):
        shop.age("pictures", sha256(seed), 8)
        shop.age("analyses", analysis_key(sha256(seed), MODEL), 8)
    shop.age("pictures", sha256(3), 6)
    assert shop.reconcile() == {"orphan-picture": 1, "orphan-analysis": 1}
    assert set(shop.stand.parts.pictures.keys("shop")) == {sha256(1), sha256(3)}
    assert shop.reconcile() == {}


def test_the_bytes_of_a_rejected_picture_stay_unless_the_shop_wants_no_faces(shop: Shop) -> None:
    shop.stand.put_item("RING-1")
    image = shop.stand.upload("RING-1", picture(1))
    told = {"tenant": "shop", "correlation_id": "c-1", "sku": "RING-1", "image_id": image}
    shop.stand.handle(ImageRejected(**told, code="unreadable", reason="It is damaged."))
    shop.age("pictures", sha256(1), 8)
    assert shop.reconcile() == {}
    tenants.set_blur_faces(shop.stand.catalogue, "shop", wanted=True)
    assert shop.reconcile() == {"orphan-picture": 1}
    assert list(shop.stand.parts.pictures.keys("shop")) == []


def test_bytes_that_are_collected_while_they_are_uploaded_again_are_there_in_the_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.stand.put_item("RING-1")
    pictures = shop.stand.parts.pictures
    add_images = type(shop.stand.parts.catalogue).add_images

    def collected_just_before(*arguments: object) -> object:
        pictures.delete("shop", sha256(1))
        return add_images(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(shop.stand.parts.catalogue), "add_images", collected_just_before)
    shop.stand.upload("RING-1", picture(1))
    assert pictures.get("shop", sha256(1)) == picture(1)


def test_an_upload_after_its_page_was_written_is_not_harmed(shop: Shop) -> None:
    shop.put("RING-1", 1)
    shop.reconciler.start("shop")
    shop.reconciler.advance()
    (page,) = shop.bus.published
    assert isinstance(page, CatalogueListed)
    shop.bus.published.clear()
    late = shop.put("RING-2", 2)
    shop.bus.publish(page)
    shop.carry()
    answered = shop.reconciler.report("shop")
    assert answered.pages == 1
    assert shop.reconcile() == {}
    assert late in shop.world.index()
