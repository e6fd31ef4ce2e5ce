"""An index of before points had words is filled anew at the start, and is searched until that is done."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import update
from structlog.testing import capture_logs

from services.indexer import collections as rows_of
from services.indexer.points import collection_of
from services.indexer.tables import collections
from shared.contracts.messages import AnalysisMissing
from shared.contracts.models import ReindexStart
from shared.vectorstore import Filter
from tests.support import old_index
from tests.support.indexing import DIMENSION, FIRST, World, image_id, worlds

OLD, OLD_FILLING = "pieces-model-1", "pieces-model-1-g2"


def leave_as_before(folder: Path, *, filling: bool = False) -> str:
    """Six pictures as a Loupe of before left them, searched and maybe being filled into another; the tenant."""
    with worlds(folder) as new_world:
        world = new_world()
        world.deliver(world.changed(1), *(world.analysed(n, 1) for n in range(1, 7)))
        points = world.vectors.scroll(world.tenant)
        with world.database.write() as session:
            session.connection().execute(update(collections).values(name=OLD))
            if filling:
                rows_of.add(session.connection(), 2, OLD_FILLING, FIRST, "filling", hold=True)
        old_index.embedded(folder / "vectors" / OLD, DIMENSION, world.tenant, points)
        if filling:
            old_index.embedded(folder / "vectors" / OLD_FILLING, DIMENSION, world.tenant, points[:3])
        world.directory.switch(OLD, FIRST.model_dump())
    shutil.rmtree(folder / "vectors" / collection_of(FIRST.version))
    return world.tenant


@contextmanager
def started(folder: Path, tenant: str) -> Iterator[World]:
    with worlds(folder) as new_world:
        world = new_world()
        world.tenant = tenant
        yield world


def active(world: World) -> str:
    found = world.directory.active()
    assert found
    return found.name


def test_it_is_filled_anew_without_a_model_and_searched_until_then(tmp_path: Path) -> None:
    tenant = leave_as_before(tmp_path)
    new = collection_of(FIRST.version, 2)
    with capture_logs() as logs, started(tmp_path, tenant) as world:
        assert active(world) == OLD
        [told] = [entry["words"] for entry in logs if entry["event"] == "index_of_before"]
        assert OLD in told
        assert "loupe reindex status" in told
        world.deliver(world.changed(2, price=7), world.removed(1))
        before = world.index()
        assert set(before) == {image_id(n) for n in range(2, 7)}
        assert {payload["price"] for payload in before.values()} == {7}
        for _ in range(5):
            world.filler.step()
        assert active(world) == new
        assert world.index() == before
        assert world.directory.names() == [new]
        assert not any(isinstance(message, AnalysisMissing) for message in world.recorder.published)
        assert world.vectors.count(tenant, Filter()) == 5


def test_a_start_killed_before_it_was_filled_goes_on_with_the_next(tmp_path: Path) -> None:
    tenant = leave_as_before(tmp_path)
    for _ in range(2):
        with started(tmp_path, tenant) as world:
            assert [each.state for each in world.reindex.status().collections] == ["filling", "active"]
    with started(tmp_path, tenant) as world:
        for _ in range(5):
            world.filler.step()
        assert active(world) == collection_of(FIRST.version, 2)
    with started(tmp_path, tenant) as world:
        assert [each.state for each in world.reindex.status().collections] == ["active", "dropped"]


def test_a_filling_of_before_is_given_up_for_one_of_today(tmp_path: Path) -> None:
    tenant = leave_as_before(tmp_path, filling=True)
    with started(tmp_path, tenant) as world:
        for _ in range(5):
            world.filler.step()
        assert [each.state for each in world.reindex.status().collections] == ["filling", "dropped", "active"]
        world.reindex.switch()
        assert active(world) == collection_of(FIRST.version, 3)
        assert len(world.index()) == 6


def test_an_index_that_moved_to_an_empty_engine_is_filled_by_a_reindex_of_the_same_model(tmp_path: Path) -> None:
    with worlds(tmp_path) as new_world:
        world = new_world()
        world.deliver(world.changed(1), *(world.analysed(n, 1) for n in range(1, 7)))
        tenant, before = world.tenant, world.index()
    with worlds(tmp_path, vectors_url=f"edge://{tmp_path}/elsewhere") as new_world:
        world = new_world()
        world.tenant = tenant
        assert world.index() == {}
        world.reindex.start(ReindexStart(model=FIRST))
        for _ in range(5):
            world.filler.step()
        assert active(world) == collection_of(FIRST.version, 2)
        assert world.index() == before
