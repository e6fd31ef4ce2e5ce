"""What every directory of collections promises, run on each adapter."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shared import vectorstore
from shared.errors import Conflict, Permanent, Retryable
from shared.vectorstore import Active, Directory
from tests.adapter.vector_oracle import DIMENSION, point_of, unit
from tests.support.vectors import UrlOf

LASTING = ["edge", "qdrant-local", "qdrant"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture(params=["edge", "memory", "qdrant-local", "qdrant"])
def directory(request: pytest.FixtureRequest, tmp_path: Path, url_of: UrlOf) -> Iterator[Directory]:
    opened = vectorstore.directory(url_of(request.param, tmp_path), _name("alias"))
    yield opened
    opened.close()


def _name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex}"


def test_nothing_is_active_until_a_collection_was_switched_to(directory: Directory) -> None:
    old, new = sorted((_name("a"), _name("b")))
    assert directory.active() is None
    for name in (old, new):
        directory.open(name, DIMENSION).close()
    assert directory.active() is None
    directory.switch(old, {"version": "model-1", "dimension": DIMENSION, "least": 0.25})
    assert directory.active() == Active(old, {"version": "model-1", "dimension": DIMENSION, "least": 0.25})
    directory.switch(new, {"version": "model-2", "dimension": 9, "least": -0.5})
    directory.switch(new, {"version": "model-2", "dimension": 9, "least": -0.5})
    assert directory.active() == Active(new, {"version": "model-2", "dimension": 9, "least": -0.5})
    assert [name for name in directory.names() if name in (old, new)] == [old, new]


def test_a_switch_to_what_does_not_exist_changes_nothing(directory: Directory) -> None:
    name = _name("c")
    directory.open(name, DIMENSION).close()
    directory.switch(name, {})
    with pytest.raises(Conflict, match="no collection"):
        directory.switch(_name("d"), {})
    active = directory.active()
    assert active
    assert active.name == name


def test_a_dropped_collection_is_gone_and_its_name_starts_empty(directory: Directory) -> None:
    name = _name("c")
    store = directory.open(name, DIMENSION)
    store.upsert("lumen", [point_of(1)])
    store.close()
    directory.drop(name)
    directory.drop(name)
    assert name not in directory.names()
    store = directory.open(name, 3)
    assert store.count("lumen") == 0
    store.close()


def test_the_active_collection_cannot_be_dropped(directory: Directory) -> None:
    name = _name("c")
    directory.open(name, DIMENSION).close()
    directory.switch(name, {})
    with pytest.raises(Conflict, match="active"):
        directory.drop(name)
    assert name in directory.names()


def test_a_reader_of_a_dropped_collection_gets_answers_or_is_told_that_it_may_try_again(directory: Directory) -> None:
    name = _name("c")
    reader, writer = directory.open(name, DIMENSION), directory.open(name, DIMENSION)
    writer.upsert("lumen", [point_of(number) for number in range(50)])
    writer.close()
    failures: list[BaseException] = []
    started, done = threading.Event(), threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                hits = reader.search("lumen", unit(1), 5)
                assert len(hits) in (0, 5)
            except Retryable:
                pass
            except BaseException as error:  # noqa: BLE001 - reported by the main thread
                failures.append(error)
            started.set()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    started.wait(10)
    for _ in range(20):
        with suppress(Retryable):
            directory.drop(name)
    done.set()
    for thread in readers:
        thread.join()
    reader.close()
    directory.drop(name)
    assert failures == []
    assert name not in directory.names()


def test_who_asks_during_switches_always_gets_one_of_the_two_whole(directory: Directory) -> None:
    names = {_name("a"): 0.25, _name("b"): 0.75}
    for name in names:
        directory.open(name, DIMENSION).close()
    directory.switch(*_told(names, 0))
    seen: list[Active | None] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            seen.append(directory.active())

    asker = threading.Thread(target=ask)
    asker.start()
    for turn in range(30):
        directory.switch(*_told(names, turn))
    done.set()
    asker.join()
    assert seen
    assert all(active and active.about == {"least": names[active.name]} for active in seen)


def _told(names: dict[str, float], turn: int) -> tuple[str, dict[str, float]]:
    name, least = list(names.items())[turn % 2]
    return name, {"least": least}


@pytest.mark.parametrize("adapter", LASTING)
def test_the_pointer_outlives_its_directory(adapter: str, tmp_path: Path, url_of: UrlOf) -> None:
    url, alias, name = url_of(adapter, tmp_path), _name("alias"), _name("c")
    first = vectorstore.directory(url, alias)
    first.open(name, DIMENSION).close()
    first.switch(name, {"least": 0.5})
    first.close()
    second = vectorstore.directory(url, alias)
    assert second.active() == Active(name, {"least": 0.5})
    second.close()
    other = vectorstore.directory(url, _name("alias"))
    assert other.active() is None
    other.close()


def test_a_store_stays_open_when_its_directory_is_closed(directory: Directory) -> None:
    store = directory.open(_name("c"), DIMENSION)
    directory.close()
    store.upsert("lumen", [point_of(1)])
    assert store.count("lumen") == 1
    store.close()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "a b", "é"])
def test_a_name_that_could_leave_its_folder_is_refused(directory: Directory, name: str) -> None:
    for call in (lambda: directory.open(name, DIMENSION), lambda: directory.drop(name)):
        with pytest.raises(Permanent, match="no collection name"):
            call()
