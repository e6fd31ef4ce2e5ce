"""Reconcile over stores that a test has damaged: all is found, repaired and counted; a second run finds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, update

from services.gateway import reconcile
from services.gateway.outbox_keys import item_key
from services.gateway.tables import OUTBOX, Image, Item, Reconciliation
from services.indexer import compare
from services.indexer.tables import images as indexer_images
from services.indexer.tables import items as indexer_items
from shared.contracts.analysis import analysis_key
from shared.contracts.messages import ImageStored
from shared.contracts.reconcile import IndexCompared
from shared.vectorstore import AnyOf, Between, Filter, Point
from tests.support.gateway import picture
from tests.support.indexing import DIMENSION, MODEL, image_id
from tests.support.reconciling import Shop, running_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


def of(image: str) -> Filter:
    return Filter(must=(AnyOf("image_id", (image,)),))


def sha256(seed: int) -> str:
    return hashlib.sha256(picture(seed)).hexdigest()


def test_a_shop_in_order_is_compared_and_nothing_is_found(shop: Shop) -> None:
    for number in range(5):
        shop.put(f"RING-{number}", number, price=10.5 + number, currency="EUR", tags=["gold"])
    shop.put("RING-0", 0, price=12.25, currency="EUR")
    shop.put("NO-PRICE", 9)
    before = shop.world.index()
    assert shop.reconcile() == {}
    assert shop.world.index() == before


def test_a_point_that_is_gone_is_put_again_from_its_analysis(shop: Shop) -> None:
    image = shop.put("RING-1", 1, price=10, currency="EUR")
    before = shop.world.index()
    shop.world.vectors.delete("shop", of(image))
    assert shop.reconcile() == {"point-missing": 1}
    assert shop.world.index() == before
    assert shop.reconcile() == {}


def test_a_stale_payload_is_put_right(shop: Shop) -> None:
    image = shop.put("RING-1", 1, price=10, currency="EUR")
    before = shop.world.index()
    shop.world.vectors.set_payload("shop", of(image), {"price": 99.0, "title": "old"})
    assert shop.reconcile() == {"point-stale": 1}
    assert shop.world.index() == before
    assert shop.reconcile() == {}


def test_of_a_picture_of_several_pieces_each_is_compared_and_put_right(shop: Shop) -> None:
    shop.pieces = 3
    image = shop.put("RING-1", 1, price=10, currency="EUR")
    shop.put("RING-2", 2)
    before = shop.world.index()
    assert len(before) == 6
    assert shop.reconcile() == {}
    of_last = Filter(must=(*of(image).must, Between("piece", low=2)))
    (last,) = shop.world.vectors.scroll("shop", of_last)
    shop.world.vectors.delete("shop", of_last)
    assert shop.reconcile() == {"point-missing": 1}
    assert shop.world.index() == before
    shop.world.vectors.set_payload("shop", of_last, {"x0": 0.25})
    assert shop.reconcile() == {"point-stale": 1}
    shop.world.vectors.upsert("shop", [Point(image_id(700), last.vector, {**last.payload, "piece": 3})])
    assert shop.reconcile() == {"point-stale": 1}, "a piece too many"
    assert shop.world.index() == before
    assert shop.reconcile() == {}


def test_a_lost_analysis_is_asked_for_and_made_again(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    before = shop.world.index()
    key = analysis_key(sha256(1), MODEL)
    shop.world.analyses.delete("shop", key)
    shop.world.vectors.delete("shop", of(image))
    assert shop.reconcile() == {"analysis-missing": 1}
    assert [message.image_id for message in shop.asked] == [image]
    assert shop.world.analyses.exists("shop", key)
    assert shop.world.index() == before
    assert shop.reconcile() == {}


def test_a_point_that_neither_catalogue_nor_indexer_knows_is_removed(shop: Shop) -> None:
    kept = shop.put("RING-1", 1)
    payload = {"sku": "GHOST", "image_id": image_id(7), "item_revision": 1}
    vector = np.eye(DIMENSION, dtype=np.float32)[0]
    shop.world.vectors.upsert("shop", [Point(image_id(700), vector, payload)])
    assert shop.reconcile() == {"stranger": 1}
    assert set(shop.world.index()) == {kept}
    assert shop.reconcile() == {}


def test_a_picture_that_the_indexer_knows_and_the_catalogue_does_not_is_removed(shop: Shop) -> None:
    kept, gone = shop.put("RING-1", 1), shop.put("RING-2", 2)
    with shop.stand.catalogue.write() as session:
        session.execute(delete(Image).where(Image.image_id == gone))
    assert shop.reconcile() == {"stranger": 1}
    assert set(shop.world.index()) == {kept}
    assert shop.reconcile() == {}


def test_a_removed_picture_whose_point_came_back_is_taken_out(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    (point,) = shop.world.vectors.scroll("shop")
    shop.stand.client.delete(f"/v1/images/{image}")
    shop.settle()
    shop.world.vectors.upsert("shop", [point])
    assert shop.reconcile() == {"point-of-removed": 1}
    assert shop.world.index() == {}
    assert shop.reconcile() == {}


def test_an_indexer_that_lost_its_tables_gets_them_back(shop: Shop) -> None:
    shop.put("RING-1", 1, price=10, currency="EUR")
    before = shop.world.index()
    with shop.world.database.write() as session:
        session.execute(delete(indexer_images))
        session.execute(delete(indexer_items))
    shop.reconcile()
    assert shop.reconcile() == {}
    assert shop.world.index() == before


def test_an_item_of_which_the_index_missed_the_newest_revision_is_told_again(shop: Shop) -> None:
    image = shop.put("RING-1", 1, price=10, currency="EUR")
    shop.stand.put_item("RING-1", price=8, currency="EUR")
    with shop.stand.catalogue.write() as session:
        OUTBOX.close(session, item_key("shop", "RING-1", 2))
    assert shop.reconcile() == {"item-behind": 1}
    assert shop.world.index()[image]["price"] == 8.0
    assert shop.reconcile() == {}


def test_an_item_of_which_the_catalogue_was_restored_to_an_older_revision_can_be_changed_again(shop: Shop) -> None:
    image = shop.put("RING-1", 1, price=10, currency="EUR")
    with shop.stand.catalogue.read() as session:
        old = session.get_one(Item, ("shop", "RING-1"))
    for price in (9, 8, 7):
        shop.stand.put_item("RING-1", price=price, currency="EUR")
        shop.settle()
    with shop.stand.catalogue.write() as session:
        session.execute(update(Item).values(revision=old.revision, body=old.body))
    assert shop.reconcile() == {"item-ahead": 1}
    assert shop.world.index()[image]["price"] == 10.0, "the catalogue is what holds"
    shop.stand.put_item("RING-1", price=6, currency="EUR")
    shop.settle()
    assert shop.world.index()[image]["price"] == 6.0
    assert shop.reconcile() == {}


def test_a_point_gone_an_object_without_a_row_and_a_stale_revision_are_all_told_and_put_right(shop: Shop) -> None:
    lost, stale, removed = shop.put("RING-1", 1), shop.put("RING-2", 2), shop.put("RING-3", 3)
    shop.stand.client.delete(f"/v1/images/{removed}")
    shop.settle()
    before = shop.world.index()
    shop.world.vectors.delete("shop", of(lost))
    shop.world.vectors.set_payload("shop", of(stale), {"item_revision": 0})
    shop.age("pictures", sha256(3), 8)
    shop.age("analyses", analysis_key(sha256(3), MODEL), 8)
    found = {"point-missing": 1, "point-stale": 1, "orphan-picture": 1, "orphan-analysis": 1}
    assert shop.reconcile() == found
    assert shop.stand.client.get("/v1/admin/reconcile").json()["found"] == found
    assert shop.world.index() == before
    assert set(shop.stand.parts.pictures.keys("shop")) == {sha256(1), sha256(2)}
    assert shop.reconcile() == {}


def test_a_change_that_is_on_its_way_is_no_finding(shop: Shop) -> None:
    shop.put("RING-1", 1, price=10, currency="EUR")
    shop.put("RING-2", 3)
    shop.stand.put_item("RING-1", price=8, currency="EUR")
    shop.stand.upload("RING-1", picture(2))
    shop.stand.client.delete("/v1/items/RING-2")
    assert shop.reconcile() == {}


def test_a_picture_whose_outbox_row_is_lost_is_sent_again(shop: Shop) -> None:
    shop.stand.put_item("RING-1")
    image = shop.stand.upload("RING-1", picture(1))
    with shop.stand.catalogue.write() as session:
        session.execute(delete(OUTBOX.table).where(OUTBOX.table.c.message == ImageStored.name))
    assert shop.reconcile() == {"message-lost": 1}
    assert shop.stand.client.get(f"/v1/images/{image}").json()["state"] == "indexed"
    assert shop.reconcile() == {}


def test_many_pictures_go_in_small_pages_one_at_a_time_and_none_is_skipped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_PAGE", 3)
    monkeypatch.setattr(compare, "_SCANNED", 6)
    images = [shop.put(f"RING-{number}", number) for number in range(10)]
    for image in images[::2]:
        shop.world.vectors.delete("shop", of(image))
    for number in range(25):  # 30 points to scan, and up to 5 that are put right ahead of the scan: always 6 pages
        payload = {"sku": "GHOST", "image_id": image_id(number), "item_revision": 1}
        vector = np.eye(DIMENSION, dtype=np.float32)[0]
        shop.world.vectors.upsert("shop", [Point(image_id(700 + number), vector, payload)])
    assert shop.reconcile() == {"point-missing": 5, "stranger": 25}
    assert shop.reconciler.report("shop").pages == 6
    assert set(shop.world.index()) == set(images)
    assert shop.reconcile() == {}


def test_a_page_whose_answer_stays_away_is_sent_again_and_a_second_answer_changes_nothing(shop: Shop) -> None:
    image = shop.put("RING-1", 1)
    shop.world.vectors.delete("shop", of(image))
    shop.reconciler.start("shop")
    shop.reconciler.advance()
    shop.reconciler.advance()
    assert len(shop.bus.published) == 1, "the page is on its way"
    lost = shop.bus.published.pop()
    with shop.stand.catalogue.write() as session:
        session.execute(update(Reconciliation).values(sent_at=datetime.now(UTC) - timedelta(minutes=2)))
    shop.reconciler.advance()
    (page,) = shop.bus.published
    assert page.model_dump(exclude={"at", "correlation_id"}) == lost.model_dump(exclude={"at", "correlation_id"})
    shop.bus.published = [lost, page]
    answers = []
    while shop.bus.published:
        message = shop.bus.published.pop(0)
        answers.append(message) if isinstance(message, IndexCompared) else shop._handle(message)
    assert len(answers) == 2
    for answer in answers:
        shop.reconciler.compared(answer)
    assert shop.reconciler.report("shop").found == {"point-missing": 1}
    assert shop.reconciler.report("shop").pages == 1


def test_a_start_while_one_runs_is_that_one_and_shops_see_only_their_own(shop: Shop) -> None:
    client = shop.stand.client
    assert client.get("/v1/admin/reconcile").status_code == 404
    first, second = client.post("/v1/admin/reconcile"), client.post("/v1/admin/reconcile")
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert client.get("/v1/admin/reconcile").json()["run"] == 1
