"""Pictures of several pieces in the index: each piece is found, all come, change and go with their picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from services.indexer.points import collection_of
from services.indexer.tables import images
from shared.contracts.messages import ImageIndexed
from shared.contracts.models import Model, ReindexStart
from shared.errors import Retryable
from shared.vectorstore import Between, Filter
from tests.support.databases import NewDatabase
from tests.support.indexing import World, image_id, worlds

SECOND = Model(version="model-2", dimension=5, no_match_below=0.3, look_at_least=0.4)
NEW = collection_of(SECOND.version, 2)
BESIDE = Filter(must=(Between("piece", low=1),))


@pytest.fixture
def parts(tmp_path: Path, new_database: NewDatabase) -> Iterator[Callable[[], World]]:
    with worlds(tmp_path, new_database()) as new_world:
        yield new_world


@pytest.fixture
def world(parts: Callable[[], World]) -> World:
    """In its pictures each model sees three pieces."""
    made = parts()
    made.seen = lambda _model, _image: 3
    return made


def names(*pictures: int, pieces: int = 3) -> set[str]:
    return {image_id(picture, piece) for picture in pictures for piece in range(pieces)}


def test_each_piece_has_its_box_its_type_and_all_that_is_said_of_the_item(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1))
    index = world.index()
    assert set(index) == names(1)
    main, second = index[image_id(1)], index[image_id(1, 1)]
    assert main.keys() & {"piece", "x0", "y0", "x1", "y1"} == set(), "as it was when a picture was one piece"
    assert (second["x0"], second["x1"]) == (0.083333, 0.166667)
    assert (main["type"], second["type"]) == ("ring", "watch")
    for name in ("sku", "sha256", "item_revision", "price", "tags", "in_stock"):
        assert main[name] == second[name]


def test_the_main_piece_has_the_id_that_a_picture_always_had(world: World) -> None:
    world.tenant = "shop"
    world.deliver(world.analysed(1, 1))
    main = world.vectors.scroll("shop", Filter(must_not=BESIDE.must))
    assert [point.id for point in main] == ["6993f008-af3c-52e7-867e-246999e1e1d3"]


def test_the_outcome_and_corrections_are_of_the_main_piece(world: World) -> None:
    world.deliver(world.analysed(1, 1), world.corrected(1, 1, {"type": "pendant", "cut": "oval"}), world.analysed(1, 1))
    outcome = world.recorder.published[-1]
    assert isinstance(outcome, ImageIndexed)
    assert outcome.type
    assert outcome.cut
    assert (outcome.type.value, outcome.cut.value) == ("pendant", "oval")
    index = world.index()
    assert [index[name]["type"] for name in sorted(index)] == ["pendant", "watch", "watch"]
    assert [index[name].get("cut") for name in sorted(index)] == ["oval", None, None]


def test_a_price_reaches_all_pieces_and_each_removal_takes_all_of_them(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.analysed(2, 1), world.changed(2, price=7))
    assert {payload["price"] for payload in world.index().values()} == {7}
    world.deliver(world.removed(1))
    assert set(world.index()) == names(2)
    world.deliver(world.changed(3, removed=True))
    assert world.index() == {}


def test_a_new_analysis_with_fewer_pieces_leaves_none_behind(world: World) -> None:
    world.deliver(world.analysed(1, 1), world.analysed(2, 1))
    world.seen = lambda _model, _image: 2
    world.deliver(world.analysed(1, 1))
    assert set(world.index()) == names(1, pieces=2) | names(2)


def test_in_one_bundle_the_pictures_may_have_any_number_of_pieces(world: World) -> None:
    world.deliver(*(world.analysed(n, 1) for n in range(1, 5)))
    world.seen = lambda _model, image: image
    world.indexer.images_analysed([world.analysed(n, 1) for n in range(1, 5)])
    assert set(world.index()) == {image_id(n, piece) for n in range(1, 5) for piece in range(n)}


def test_what_a_killed_indexer_had_written_of_more_pieces_goes_when_the_message_comes_again(world: World) -> None:
    world.deliver(world.analysed(1, 1))
    with world.database.write() as session:  # as it is when the commit after the write never came
        session.execute(delete(images).where(images.c.tenant == world.tenant))
    world.seen = lambda _model, _image: 1
    world.deliver(world.analysed(1, 1))
    assert set(world.index()) == names(1, pieces=1)


def test_one_shops_pieces_go_without_touching_anothers(parts: Callable[[], World], world: World) -> None:
    other = parts()
    other.seen = world.seen
    for each in (world, other):
        each.deliver(each.analysed(1, 1))
    world.seen = lambda _model, _image: 1
    world.deliver(world.analysed(1, 1))
    assert set(other.index()) == names(1)


def fill(world: World) -> None:
    for number in (1, 2):
        world.analysed_by(SECOND, number, 1)
    for _ in range(5):
        world.filler.step()


def test_a_model_that_sees_another_number_of_pieces_fills_a_collection_that_agrees(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.analysed(2, 1))
    world.seen = lambda model, image: image + 1 if model == SECOND else 3
    world.reindex.start(ReindexStart(model=SECOND, hold=True))
    fill(world)
    world.deliver(world.analysed(1, 1))  # the old model again: it says nothing of the new collection
    now = world.reindex.status()
    assert (now.total, now.done) == (2, 2), "pictures, not pieces"
    world.reindex.switch()
    assert set(world.index()) == names(1, pieces=2) | names(2)


def test_pieces_that_come_and_go_while_a_collection_is_filled_agree_with_it_in_the_end(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.analysed(2, 1))
    world.reindex.start(ReindexStart(model=SECOND, hold=True))
    fill(world)
    world.seen = lambda _model, _image: 1
    world.deliver(world.analysed_by(SECOND, 1, 1))
    world.reindex.switch()
    assert set(world.index()) == names(1, pieces=1) | names(2)


def test_a_piece_that_a_filled_collection_lacks_stops_the_switch(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.analysed(2, 1))
    world.reindex.start(ReindexStart(model=SECOND, hold=True))
    fill(world)
    store = world.directory.open(NEW, SECOND.dimension)
    lost = Filter(must=(Between("piece", low=2, high=2),))
    store.delete(world.tenant, lost)
    store.close()
    with pytest.raises(Retryable, match=r"holds 4 points .* and 6 belong there"):
        world.reindex.switch()


def test_points_from_before_there_were_several_pieces_stay_as_they_are(parts: Callable[[], World]) -> None:
    world = parts()
    message = world.analysed(1, 1)
    world.deliver(world.changed(1), message)
    (before,) = world.vectors.scroll(world.tenant)
    world.seen = lambda _model, _image: 3
    world.deliver(world.analysed(1, 1))
    after = {point.id: dict(point.payload) for point in world.vectors.scroll(world.tenant)}
    assert len(after) == 3
    assert after[before.id] == dict(before.payload)
