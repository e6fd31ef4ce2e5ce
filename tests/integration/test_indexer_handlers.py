"""The indexer over a real database, object store and vector engine: any order, any number of times, one result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations, zip_longest

import pytest

from shared.contracts.analysis import Attribute, analysis_key
from shared.contracts.messages import (
    AnalysisMissing,
    ImageIndexed,
    ImageUnindexed,
)
from shared.errors import Retryable
from tests.support.databases import NewDatabase
from tests.support.indexing import CREATED, MODEL, World, image_id, worlds


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Iterator[Callable[[], World]]:
    with worlds(tmp_path_factory.mktemp("indexer"), new_database()) as new_world:
        yield new_world


@pytest.fixture
def world(parts: Callable[[], World]) -> World:
    return parts()


def test_a_picture_and_its_items_fields_meet_in_the_index_whichever_comes_first(parts: Callable[[], World]) -> None:
    tellings = []
    for order in permutations((0, 1)):
        world = parts()
        messages = [world.changed(1), world.analysed(1, item_revision=1)]
        world.deliver(*(messages[i] for i in order))
        tellings.append(world.index()[image_id(1)])
    assert tellings[0] == tellings[1]
    assert tellings[0] == {
        "sku": "RING-1",
        "image_id": image_id(1),
        "sha256": f"{1:064x}",
        "model_version": MODEL,
        "item_revision": 1,
        "type": "ring",
        "type_confidence": 0.75,
        "title": "at 1",
        "price": 100.0,
        "in_stock": True,
        "tags": ["gold"],
        "created_at": "2026-05-01T12:00:00+00:00",
        "created_ts": CREATED.timestamp(),
    }


def test_what_the_shop_says_of_a_piece_is_searched_by_and_a_correction_of_a_picture_counts_more(
    parts: Callable[[], World],
) -> None:
    for order in permutations(range(3)):
        world = parts()
        said = world.changed(1, said={"type": "brooch", "metal": "silver"})
        messages = [said, world.analysed(1, item_revision=1), world.corrected(1, 1, {"metal": "gold"})]
        world.deliver(*(messages[i] for i in order))
        told = world.index()[image_id(1)]
        assert (told["type"], told["metal"], told["type_confidence"]) == ("brooch", "gold", 1.0)
        assert [m.type and m.type.value for m in world.recorder.published if isinstance(m, ImageIndexed)] == ["ring"]


def test_what_the_shop_says_no_more_is_what_the_model_saw(world: World) -> None:
    world.deliver(world.changed(1, said={"type": "brooch"}), world.analysed(1, item_revision=1), world.changed(2))
    assert world.index()[image_id(1)]["type"] == "ring"


def test_the_outcome_tells_what_the_picture_shows_and_its_warnings(world: World) -> None:
    world.deliver(world.corrected(1, 1, {"metal": "gold"}), world.analysed(1, 1))
    outcome = world.recorder.published[-1]
    assert isinstance(outcome, ImageIndexed)
    assert outcome.type == Attribute(value="ring", confidence=0.75)
    assert outcome.metal == Attribute(value="gold", confidence=1.0)
    assert outcome.stone is None
    assert [warning.code for warning in outcome.warnings] == ["blurred"]


def test_a_price_change_that_overtakes_a_picture_does_not_drop_it(world: World) -> None:
    world.deliver(world.changed(1), world.changed(2, price=90.0), world.analysed(1, item_revision=1))
    assert world.index()[image_id(1)]["price"] == 90.0


def test_a_price_that_is_taken_back_is_gone_from_the_index(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.changed(2, price=None))
    assert "price" not in world.index()[image_id(1)]


def test_a_picture_analysed_after_its_removal_stays_out_and_that_is_said(world: World) -> None:
    world.deliver(world.removed(1), world.analysed(1, 1))
    assert world.index() == {}
    assert [type(m) for m in world.recorder.published] == [ImageUnindexed, ImageUnindexed]


def test_an_item_put_again_lives_even_when_its_removal_arrives_last(world: World) -> None:
    old, new = world.analysed(1, item_revision=1), world.analysed(2, item_revision=3)
    world.deliver(world.changed(1), old, world.changed(3), new, world.changed(2, removed=True), old)
    assert set(world.index()) == {image_id(2)}
    assert world.index()[image_id(2)]["title"] == "at 3"


def test_a_correction_taken_back_shows_what_the_model_saw(world: World) -> None:
    world.deliver(world.analysed(1, 1), world.corrected(1, 1, {"type": "pendant"}))
    assert world.index()[image_id(1)]["type"] == "pendant"
    assert world.index()[image_id(1)]["type_confidence"] == 1.0
    world.deliver(world.corrected(1, 2, {}))
    assert world.index()[image_id(1)]["type"] == "ring"
    assert world.index()[image_id(1)]["type_confidence"] == 0.75


def test_an_older_correction_that_arrives_later_changes_nothing(world: World) -> None:
    world.deliver(world.corrected(1, 2, {"type": "pendant"}), world.corrected(1, 1, {"type": "watch"}))
    world.deliver(world.analysed(1, 1))
    assert world.index()[image_id(1)]["type"] == "pendant"


def test_a_late_tombstone_spares_the_correction_of_a_picture_that_is_still_to_come(world: World) -> None:
    world.deliver(world.corrected(1, 1, {"type": "pendant"}), world.changed(2, removed=True))
    world.deliver(world.analysed(1, item_revision=3))
    assert world.index()[image_id(1)]["type"] == "pendant"


def test_messages_handled_by_many_threads_at_once_end_in_the_same_index(world: World) -> None:
    kept = [world.analysed(image, item_revision=3) for image in range(10, 20)]
    gone = [world.analysed(image, item_revision=1) for image in range(1, 10)]
    changes = [world.changed(1), world.changed(2, removed=True), *(world.changed(r, price=r) for r in range(3, 12))]
    removals = [world.removed(image) for image in range(10, 15)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(world.deliver, [m for four in zip_longest(kept, gone, changes, removals) for m in four if m]))
    assert set(world.index()) == {image_id(image) for image in range(15, 20)}
    assert {payload["price"] for payload in world.index().values()} == {11.0}


def test_every_repeat_publishes_its_outcome_again(world: World) -> None:
    change = world.changed(1)
    world.deliver(world.text_analysed(change))
    messages = [change, world.analysed(1, 1), world.corrected(1, 1, {"type": "x"}), world.removed(1)]
    for message in messages:
        world.deliver(message, message)
    names = [type(m).__name__ for m in world.recorder.published]
    assert names == [n for n in ("ItemIndexed", "ImageIndexed", "CorrectionIndexed", "ImageUnindexed") for _ in (1, 2)]


def test_an_analysis_that_is_not_there_yet_is_tried_again_and_nothing_is_written(world: World) -> None:
    message = world.analysed(1, 1)
    world.analyses.delete(world.tenant, analysis_key(message.sha256, MODEL))
    with pytest.raises(Retryable, match="not in the object store"):
        world.deliver(message)
    assert world.index() == {}
    assert world.recorder.published == []
    world.deliver(world.analysed(1, 1))
    assert set(world.index()) == {image_id(1)}


def test_a_picture_analysed_by_another_model_alone_is_asked_for_by_this_one(world: World) -> None:
    message = world.analysed(1, 1)
    other = message.model_copy(update={"model_version": "model-0"})
    world.deliver(other)
    assert world.recorder.published == [], "its analysis by this model is there, and its message comes by itself"
    world.analyses.delete(world.tenant, analysis_key(message.sha256, MODEL))
    world.deliver(other)
    (asked,) = world.recorder.published
    assert asked == AnalysisMissing(**message.model_dump(exclude={"at"}), at=asked.at)
    assert world.index() == {}


def test_one_shops_removal_leaves_anothers_same_picture_in_place(parts: Callable[[], World]) -> None:
    ours, theirs = parts(), parts()
    ours.deliver(ours.changed(1), ours.analysed(1, 1))
    theirs.deliver(theirs.changed(1), theirs.analysed(1, 1))
    theirs.deliver(theirs.removed(1), theirs.changed(2, removed=True))
    assert set(ours.index()) == {image_id(1)}
    assert theirs.index() == {}
