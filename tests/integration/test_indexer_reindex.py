"""The index moves to another model while it is written: nothing is missed, whatever comes in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.indexer.points import collection_of
from shared.contracts.messages import AnalysisMissing, ImageIndexed, ImageRejected
from shared.errors import Conflict, Retryable
from shared.vectorstore import Filter
from tests.support.databases import NewDatabase
from tests.support.indexing import FIRST, World, image_id, worlds
from tests.support.qdrant_server import RunningQdrant
from tests.support.reindexing import NEW, SECOND, active, answer, asked, start, step


@pytest.fixture
def world(new_database: NewDatabase, tmp_path: Path) -> Iterator[World]:
    """SQLite with the embedded engine, PostgreSQL with a server, for which the stand-in proves the wiring."""
    database_url = new_database()
    server = None if database_url.startswith("sqlite") else RunningQdrant(tmp_path / "qdrant")
    with worlds(tmp_path, database_url, server.url if server else None) as new_world:
        yield new_world()
    if server:
        server.stop()


def test_an_empty_index_begins_with_the_collection_of_its_model(world: World) -> None:
    found = world.directory.active()
    assert found
    assert found.name == collection_of(FIRST.version)
    assert found.about == FIRST.model_dump()
    world.reindex.ensure_first(SECOND)
    assert active(world) == collection_of(FIRST.version), "an index that has a model keeps it"


def test_a_new_collection_takes_every_picture_then_searches_and_then_the_old_one_goes(world: World) -> None:
    world.deliver(world.changed(1), *(world.analysed(n, 1) for n in range(1, 80)), world.corrected(3, 1, {"type": "x"}))
    world.deliver(world.removed(5))
    before = world.index()
    world.recorder.published.clear()
    start(world)
    step(world)
    assert len(asked(world)) == 64, "no more at a time than the embedder does in seconds"
    assert active(world) == collection_of(FIRST.version)
    answer(world)
    step(world)
    answer(world)
    step(world)
    found = world.directory.active()
    assert found
    assert (found.name, found.about) == (NEW, SECOND.model_dump())
    assert world.index() == {key: {**payload, "model_version": "model-2"} for key, payload in before.items()}
    assert world.directory.names() == [NEW]
    assert [each.state for each in world.reindex.status().collections] == ["active", "dropped"]


def test_analyses_that_are_there_are_not_asked_for(world: World) -> None:
    world.deliver(*(world.analysed(n, 1) for n in range(1, 9)))
    for n in range(1, 9):
        world.analysed_by(SECOND, n, 1)
    start(world)
    step(world)
    assert asked(world) == []
    assert active(world) == NEW
    assert len(world.index()) == 8


def test_every_write_during_the_filling_is_in_both_collections(world: World) -> None:
    world.deliver(world.changed(1), *(world.analysed(n, 1) for n in range(1, 7)))
    start(world, hold=True)
    step(world)
    answer(world)
    world.deliver(world.changed(2, price=7), world.removed(1), world.corrected(2, 1, {"metal": "gold"}))
    world.deliver(world.analysed(8, 2), world.analysed_by(SECOND, 8, 2))
    step(world)
    old = world.collection(collection_of(FIRST.version), FIRST.dimension)
    new = world.collection(NEW, SECOND.dimension)
    assert set(old) == set(new) == {image_id(n) for n in (2, 3, 4, 5, 6, 8)}
    assert {payload["price"] for payload in (*old.values(), *new.values())} == {7}
    assert old[image_id(2)]["metal"] == new[image_id(2)]["metal"] == "gold"
    world.deliver(world.changed(3, removed=True))
    assert world.collection(NEW, SECOND.dimension) == {}


def test_a_picture_of_the_new_model_alone_is_asked_for_by_the_old_and_no_outcome_is_told_before(world: World) -> None:
    start(world, hold=True)
    world.deliver(world.changed(1))
    world.recorder.published.clear()
    world.deliver(world.analysed_by(SECOND, 1, 1))
    (wanted,) = world.recorder.published
    assert isinstance(wanted, AnalysisMissing)
    assert wanted.model_version == FIRST.version
    world.recorder.published.clear()
    world.deliver(world.analysed(1, 1), world.analysed_by(SECOND, 1, 1))
    told = [m.model_version for m in world.recorder.published if isinstance(m, ImageIndexed)]
    assert told == [FIRST.version], "once, by the model that is searched"


def test_an_analysis_of_the_old_model_that_comes_after_the_switch_still_has_its_outcome(world: World) -> None:
    start(world)
    late, new = world.analysed(1, 1), world.analysed_by(SECOND, 1, 1)
    step(world)
    assert active(world) == NEW
    world.recorder.published.clear()
    world.deliver(new, late)
    assert {m.model_version for m in world.recorder.published if isinstance(m, ImageIndexed)} == {SECOND.version}
    assert set(world.index()) == {image_id(1)}


def test_a_held_reindex_waits_for_a_word(world: World) -> None:
    world.deliver(world.analysed(1, 1))
    start(world, hold=True)
    step(world)
    with pytest.raises(Conflict, match="1 pictures are still missing"):
        world.reindex.switch()
    answer(world)
    step(world)
    assert active(world) == collection_of(FIRST.version)
    assert "loupe reindex switch" in world.reindex.status().words
    world.reindex.switch()
    assert active(world) == NEW


def test_an_aborted_reindex_leaves_the_index_as_it_was_and_another_may_start(world: World) -> None:
    world.deliver(world.changed(1), *(world.analysed(n, 1) for n in range(1, 5)))
    before = world.index()
    start(world)
    with pytest.raises(Conflict, match="being filled by model model-2"):
        start(world)
    step(world)
    answer(world)
    world.reindex.abort()
    step(world)
    assert world.directory.names() == [collection_of(FIRST.version)]
    assert world.index() == before
    with pytest.raises(Conflict, match="No reindex"):
        world.reindex.abort()
    start(world)
    step(world)
    assert active(world) == collection_of(SECOND.version, 3)
    assert set(world.index()) == set(before)


def test_the_same_model_may_fill_a_fresh_collection(world: World) -> None:
    world.deliver(world.changed(1), *(world.analysed(n, 1) for n in range(1, 5)))
    before = world.index()
    start(world, model=FIRST)
    step(world)
    assert active(world) == collection_of(FIRST.version, 2)
    assert world.index() == before


def test_a_picture_that_the_new_model_cannot_analyse_holds_the_switch_until_an_operator_decides(world: World) -> None:
    world.deliver(world.analysed(1, 1), world.analysed(2, 1))
    start(world)
    step(world)
    world.deliver(rejected(world, 1, SECOND.version), rejected(world, 2, None), world.analysed_by(SECOND, 2, 1))
    step(world)
    now = world.reindex.status()
    assert (now.total, now.done, now.refused, now.waiting) == (2, 1, 1, 0)
    assert "1 cannot be analysed" in now.words
    assert active(world) == collection_of(FIRST.version)
    world.reindex.switch()
    assert set(world.index()) == {image_id(2)}


def rejected(world: World, image: int, model_version: str | None) -> ImageRejected:
    return ImageRejected(
        tenant=world.tenant,
        correlation_id="c",
        sku="RING-1",
        image_id=image_id(image),
        code="not-found",
        reason="The picture is gone.",
        model_version=model_version,
    )


def test_a_switch_that_was_killed_before_it_was_written_down_is_done_again(world: World) -> None:
    world.deliver(world.analysed(1, 1))
    world.analysed_by(SECOND, 1, 1)
    start(world, hold=True)
    step(world)
    world.directory.switch(NEW, SECOND.model_dump())  # as the killed process had done
    with pytest.raises(Conflict, match="is searched already"):
        world.reindex.abort()
    world.deliver(world.removed(1), world.analysed(2, 1), world.analysed_by(SECOND, 2, 1))
    assert set(world.index()) == {image_id(2)}
    world.reindex.switch()
    step(world)
    assert world.directory.names() == [NEW]


def test_points_that_do_not_agree_with_the_pictures_stop_the_switch(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.analysed(2, 1))
    for n in (1, 2):
        world.analysed_by(SECOND, n, 1)
    start(world, hold=True)
    step(world)
    store = world.directory.open(NEW, SECOND.dimension)
    store.delete(world.tenant, Filter())
    store.close()
    with pytest.raises(Retryable, match=r"holds 0 points .* and 2 belong there"):
        world.reindex.switch()
    assert active(world) == collection_of(FIRST.version)
