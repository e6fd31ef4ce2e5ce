"""Suspects are analysed alone, in a child process that a poison picture may kill; the count outlives the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from services.embedder.analyse import Analyse
from services.embedder.lone_child import Killed, Limits, LoneChild
from services.embedder.manifest import SHIPPED, read_manifest
from services.embedder.quarantine import Attempts, Quarantine, QuarantinedPicture
from services.embedder.settings import Settings
from shared import objectstore
from shared.contracts.analysis import Analysis, attempts_key
from shared.errors import Permanent, Retryable
from shared.objectstore import ObjectStore
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.poison import EATS, HANGS, KILLS, load, poison
from tests.support.waiting import until

TENANT = "acme"
MODEL = read_manifest(SHIPPED).version
GOOD = jpeg(drawn_pieces(1)[0])
SETTINGS = Settings(broker_url="", object_store_url="", threads=1)
LIMITS = Limits(seconds=8, memory_bytes=500_000_000)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return objectstore.open(tmp_path.as_uri(), "analyses")


@pytest.fixture
def quarantine(store: ObjectStore) -> Iterator[Quarantine]:
    """Its child is its own: a child ends with the thread that started it."""
    made = Quarantine(LoneChild(partial(load, SETTINGS), LIMITS), store, 2)
    yield made
    made.close()


def analyse(quarantine: Quarantine, data: bytes) -> Analysis:
    return quarantine.analyse(TENANT, hashlib.sha256(data).hexdigest(), data, MODEL)


def attempts(store: ObjectStore) -> list[str]:
    return [key for key in store.keys(TENANT) if key.startswith("attempts/")]


def alive(child: psutil.Process) -> bool:
    return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)


def test_a_good_suspect_is_analysed_as_elsewhere_and_leaves_no_count(
    quarantine: Quarantine, store: ObjectStore
) -> None:
    assert analyse(quarantine, GOOD).pieces == load(SETTINGS)[0](GOOD, "ingest").pieces
    assert attempts(store) == []


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param(KILLS, id="killed"),
        pytest.param(HANGS, id="hangs", marks=pytest.mark.long),
        pytest.param(EATS, id="eats memory"),
    ],
)
def test_a_picture_that_kills_twice_while_alone_is_quarantined_and_the_next_is_analysed(
    quarantine: Quarantine, store: ObjectStore, mark: bytes
) -> None:
    with pytest.raises(QuarantinedPicture, match=r"2 times.*save it as a new JPEG"):
        analyse(quarantine, poison(mark))
    assert analyse(quarantine, GOOD).pieces
    assert attempts(store) == []


def test_the_attempt_is_counted_before_the_child_gets_the_picture(store: ObjectStore) -> None:
    counted: list[Attempts] = []

    class Looking(LoneChild):
        def analyse(self, data: bytes, model_version: str) -> Analysis:
            assert (data, model_version) == (GOOD, MODEL)
            counted.append(Attempts.model_validate_json(store.get(TENANT, attempts_key("0" * 64))))
            raise Killed("it was ended by SIGKILL")

    quarantine = Quarantine(Looking(partial(load, SETTINGS), LIMITS), store, 2)
    with pytest.raises(QuarantinedPicture):
        quarantine.analyse(TENANT, "0" * 64, GOOD, MODEL)
    assert counted == [Attempts(killed=0, open=1), Attempts(killed=1, open=1)]


def test_attempts_that_took_the_worker_along_count_half(quarantine: Quarantine, store: ObjectStore) -> None:
    key = attempts_key(hashlib.sha256(GOOD).hexdigest())
    store.put(TENANT, key, Attempts(killed=1, open=1).model_dump_json().encode())
    assert analyse(quarantine, GOOD).pieces, "one kill for sure, one that may have been of the worker alone"
    store.put(TENANT, key, Attempts(killed=1, open=2).model_dump_json().encode())
    with pytest.raises(QuarantinedPicture, match="3 times"):
        analyse(quarantine, GOOD)


def test_a_damaged_suspect_is_told_as_damaged_and_its_count_goes(quarantine: Quarantine, store: ObjectStore) -> None:
    with pytest.raises(Permanent, match="damaged") as told:
        analyse(quarantine, GOOD[:3_000])
    assert told.value.code == "unreadable-picture"
    assert attempts(store) == []


def test_a_child_without_pictures_leaves_and_the_next_picture_starts_one(store: ObjectStore) -> None:
    lone = LoneChild(partial(load, SETTINGS), Limits(seconds=10, idle_seconds=0.2))
    quarantine = Quarantine(lone, store, 2)
    before = psutil.Process().children()
    assert analyse(quarantine, GOOD).pieces
    started = [child for child in psutil.Process().children() if child not in before]
    until(lambda: not any(alive(child) for child in started), "the child leaves")
    assert analyse(quarantine, GOOD).pieces
    assert attempts(store) == []
    quarantine.close()


def test_a_child_that_cannot_start_is_worth_a_retry_and_counts_nothing(store: ObjectStore) -> None:
    quarantine = Quarantine(LoneChild(broken, LIMITS), store, 2)
    for _ in range(3):
        with pytest.raises(Retryable, match="did not start"):
            analyse(quarantine, GOOD)


def broken() -> list[Analyse]:
    raise SystemExit(3)
