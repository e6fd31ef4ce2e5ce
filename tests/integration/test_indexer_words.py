"""Words meet the points of their item in the index: any order, any number of times, the newest revision's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import pytest

from shared.contracts.messages import ItemChanged, ItemIndexed, ItemTextAnalysed, Message
from shared.contracts.models import Model, ReindexStart
from shared.contracts.text import text_key
from shared.errors import Retryable
from shared.vectorstore import Filter
from tests.support.databases import NewDatabase
from tests.support.indexing import TEXT_MODEL, World, image_id, worlds
from tests.support.waiting import until

SECOND = Model(version="model-2", dimension=12, no_match_below=0.7, look_at_least=0.6)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Iterator[Callable[[], World]]:
    with worlds(tmp_path_factory.mktemp("indexer"), new_database()) as new_world:
        yield new_world


@pytest.fixture
def world(parts: Callable[[], World]) -> World:
    return parts()


def told(world: World) -> list[int]:
    """The revisions of which the outcome was told."""
    return [message.revision for message in world.recorder.published if isinstance(message, ItemIndexed)]


def key(message: ItemTextAnalysed) -> str:
    return text_key(message.sha256, TEXT_MODEL)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_words_picture_and_fields_meet_whichever_comes_first(world: World, order: tuple[int, ...]) -> None:
    change = world.changed(1)
    messages: list[Message] = [change, world.text_analysed(change), world.analysed(1, item_revision=1)]
    world.deliver(*(messages[i] for i in order))
    assert world.told_by_words(change) == image_id(1)
    assert world.index()[image_id(1)]["text"] == key(world.text_analysed(change))
    assert told(world) == [1]


def test_an_item_is_not_told_to_be_indexed_before_its_words_are(world: World) -> None:
    change = world.changed(1)
    world.deliver(change)
    assert told(world) == []
    world.deliver(world.text_analysed(change))
    assert told(world) == [1]
    world.deliver(change, world.text_analysed(change))
    assert told(world) == [1, 1, 1], "a repeat tells it again"


def test_a_removal_waits_for_no_words(world: World) -> None:
    change = world.changed(1)
    world.deliver(change, world.analysed(1, 1), world.changed(2, removed=True))
    assert told(world) == [2]
    world.deliver(world.text_analysed(change))
    assert told(world) == [2, 1], "a revision that a higher one followed waits for nothing"
    assert world.index() == {}


def test_words_of_an_older_revision_do_not_replace_newer_ones(world: World) -> None:
    old, new = world.changed(1), world.changed(2)
    world.deliver(old, new, world.analysed(1, 1), world.text_analysed(new), world.text_analysed(old))
    assert world.told_by_words(new) == image_id(1)
    assert world.told_by_words(old) is None
    assert sorted(told(world)) == [1, 2]


def test_a_new_price_leaves_the_words_and_is_told_as_soon_as_they_are_known_to_be_the_same(world: World) -> None:
    first = world.changed(1)
    fields = first.fields and first.fields.model_copy(update={"price": 9.0})
    second = ItemChanged(tenant=world.tenant, correlation_id="c", sku="RING-1", revision=2, fields=fields)
    world.deliver(first, world.text_analysed(first), world.analysed(1, 1), second, world.text_analysed(second))
    assert world.told_by_words(second) == image_id(1)
    assert world.index()[image_id(1)]["price"] == 9.0
    assert told(world) == [1, 2]


def test_an_item_put_again_after_its_removal_gets_its_own_words(world: World) -> None:
    old, new = world.changed(1), world.changed(3)
    world.deliver(old, world.text_analysed(old), world.changed(2, removed=True), world.analysed(1, item_revision=3))
    assert world.told_by_words(old) is None
    world.deliver(new, world.text_analysed(new), world.text_analysed(old))
    assert world.told_by_words(new) == image_id(1)


def test_words_of_a_removed_revision_come_too_late(world: World) -> None:
    old = world.changed(1)
    world.deliver(old, world.changed(2, removed=True), world.text_analysed(old), world.analysed(1, item_revision=3))
    assert world.told_by_words(old) is None
    assert "text" not in world.index()[image_id(1)]


def test_a_repeat_writes_the_words_again(world: World) -> None:
    change = world.changed(1)
    world.deliver(change, world.text_analysed(change), world.analysed(1, 1))
    world.vectors.set_text(world.tenant, Filter(), None)
    assert world.told_by_words(change) is None
    world.deliver(world.text_analysed(change))
    assert world.told_by_words(change) == image_id(1)


def test_words_whose_object_is_not_there_yet_are_tried_again(world: World) -> None:
    change = world.changed(1)
    message = world.text_analysed(change)
    world.deliver(change, world.analysed(1, 1))
    world.analyses.delete(world.tenant, key(message))
    with pytest.raises(Retryable, match="not in the object store"):
        world.deliver(message)
    assert told(world) == []
    world.deliver(world.text_analysed(change))
    assert world.told_by_words(change) == image_id(1)
    assert told(world) == [1]


def test_a_correction_leaves_the_words(world: World) -> None:
    change = world.changed(1)
    world.deliver(change, world.text_analysed(change), world.analysed(1, 1), world.corrected(1, 1, {"metal": "gold"}))
    assert world.told_by_words(change) == image_id(1)


def test_a_collection_that_is_filled_has_the_words_and_gets_new_ones(tmp_path: Path, new_database: NewDatabase) -> None:
    with worlds(tmp_path, new_database()) as new_world:
        world = new_world()
        first = world.changed(1)
        world.deliver(first, world.text_analysed(first), world.analysed(1, 1), world.analysed_by(SECOND, 1, 1))
        world.reindex.start(ReindexStart(model=SECOND, hold=True))
        until(lambda: world.filler.step() and not world.reindex.status().waiting, "the collection is filled")
        second = world.changed(2)
        world.deliver(second, world.text_analysed(second))
        world.reindex.switch()
        assert world.told_by_words(second) == image_id(1)
        assert world.told_by_words(first) is None


def test_a_switch_keeps_the_words(tmp_path: Path, new_database: NewDatabase) -> None:
    with worlds(tmp_path, new_database()) as new_world:
        world = new_world()
        change = world.changed(1)
        world.deliver(change, world.text_analysed(change), world.analysed(1, 1), world.analysed_by(SECOND, 1, 1))
        world.reindex.start(ReindexStart(model=SECOND))
        until(lambda: not world.filler.step(), "the collection is filled and searched")
        assert world.told_by_words(change) == image_id(1)
