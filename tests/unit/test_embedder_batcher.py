"""The batcher's promises: lanes, batches, failures, closing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait

import numpy as np
import pytest

from services.embedder import batcher as batching
from services.embedder.batcher import Array, Batcher, Lane, LanesApart
from shared.errors import Retryable

DEADLINE = 10


def array(value: float) -> Array:
    return np.array([value], dtype=np.float32)


class Gate:
    """A forward that doubles what it gets, once it is let through; it notes the batches it saw."""

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.entered = threading.Semaphore(0)
        self._open = threading.Semaphore(0)

    def __call__(self, batch: Array) -> Array:
        self.batches.append(batch[:, 0].tolist())
        self.entered.release()
        assert self._open.acquire(timeout=DEADLINE)
        if (batch < 0).any():
            raise ValueError("a negative number")
        return batch * 2

    def let(self, forwards: int) -> None:
        self._open.release(forwards)

    def wait_until_busy(self) -> None:
        assert self.entered.acquire(timeout=DEADLINE)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def busy(gate: Gate) -> Iterator[Batcher]:
    """A batcher of 3 whose forward is held inside a first ingest batch, [0]."""
    batcher = Batcher(gate, 3, lambda *_: None)
    batcher.submit(array(0), "ingest")
    gate.wait_until_busy()
    yield batcher
    gate.let(100)
    batcher.close()


def results(futures: list[Future[Array]]) -> list[float]:
    wait(futures, timeout=DEADLINE)
    return [float(future.result(timeout=0)[0]) for future in futures]


def test_everyone_gets_the_row_of_their_own_array() -> None:
    batcher = Batcher(lambda batch: batch * 2, 4, lambda *_: None)
    assert results([batcher.submit(array(n), "ingest") for n in range(50)]) == [2.0 * n for n in range(50)]
    batcher.close()


def test_what_waits_is_run_together_up_to_the_largest_batch(gate: Gate, busy: Batcher) -> None:
    futures = [busy.submit(array(n), "ingest") for n in range(1, 6)]
    gate.let(3)
    results(futures)
    assert gate.batches == [[0], [1, 2, 3], [4, 5]]


def test_a_query_overtakes_all_ingest_that_waits(gate: Gate, busy: Batcher) -> None:
    futures = [busy.submit(array(n), "ingest") for n in range(1, 6)]
    futures.append(busy.submit(array(9), "query"))
    gate.let(4)
    results(futures)
    assert gate.batches == [[0], [9], [1, 2, 3], [4, 5]]


def test_ingest_that_has_waited_too_long_goes_before_the_queries(
    gate: Gate, busy: Batcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "PATIENCE_SECONDS", 0.0)
    futures = [busy.submit(array(1), "ingest"), *(busy.submit(array(n), "query") for n in (7, 8))]
    gate.let(3)
    results(futures)
    assert gate.batches == [[0], [1], [7, 8]]


def test_a_failing_forward_fails_the_futures_of_its_batch_only(gate: Gate, busy: Batcher) -> None:
    lost = [busy.submit(array(n), "ingest") for n in (-1, 1, 2)]
    kept = [busy.submit(array(3), "ingest")]
    gate.let(3)
    assert results(kept) == [6.0]
    for future in lost:
        assert isinstance(future.exception(timeout=DEADLINE), ValueError)


def test_a_forward_that_loses_a_row_fails_its_batch_and_the_next_one_runs() -> None:
    short = iter([True, False])
    batcher = Batcher(lambda batch: batch[1:] if next(short) else batch, 4, lambda *_: None)
    assert isinstance(batcher.submit(array(1), "query").exception(timeout=DEADLINE), ValueError)
    assert results([batcher.submit(array(2), "query")]) == [2.0]
    batcher.close()


def test_a_cancelled_future_is_left_out_of_its_batch(gate: Gate, busy: Batcher) -> None:
    first, second = busy.submit(array(1), "query"), busy.submit(array(2), "query")
    assert first.cancel()
    gate.let(2)
    assert results([second]) == [4.0]
    assert gate.batches == [[0], [2]]


def test_several_forwards_run_side_by_side() -> None:
    together = threading.Barrier(2)

    def meet(batch: Array) -> Array:
        together.wait(timeout=DEADLINE)
        return batch

    batcher = Batcher(meet, 1, lambda *_: None, forwards=2)
    assert results([batcher.submit(array(n), "ingest") for n in range(4)]) == [0, 1, 2, 3]
    batcher.close()


def test_with_lanes_apart_a_query_passes_busy_forwards_of_ingest_and_these_give_way(gate: Gate) -> None:
    niceness: dict[float, int] = {}

    def forward(batch: Array) -> Array:
        niceness[batch[0, 0]] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        return gate(batch) if batch[0, 0] < 3 else batch

    lanes = LanesApart(forward, 1, lambda *_: None, forwards=2)
    held = [lanes.submit(array(n), "ingest") for n in range(3)]
    gate.wait_until_busy()
    gate.wait_until_busy()
    assert results([lanes.submit(array(7), "query")]) == [7]
    assert niceness[7] == os.getpriority(os.PRIO_PROCESS, 0)
    assert min(niceness[0], niceness[1]) >= 5
    gate.let(3)
    assert results(held) == [0, 2, 4]
    lanes.close()


def test_close_finishes_what_was_submitted_and_takes_no_more(gate: Gate, busy: Batcher) -> None:
    futures = [busy.submit(array(n), "ingest") for n in range(1, 6)]
    gate.let(100)
    busy.close()
    assert [future.done() for future in futures] == [True] * 5
    with pytest.raises(Retryable, match="stopping"):
        busy.submit(array(1), "query")


def test_the_observer_hears_of_lane_waits_and_duration() -> None:
    heard: list[tuple[Lane, list[float], float]] = []
    observe: Callable[[Lane, list[float], float], None] = lambda *told: heard.append(told)  # noqa: E731
    batcher = Batcher(lambda batch: batch, 4, observe)
    results([batcher.submit(array(1), "query")])
    batcher.close()
    ((lane, waits, seconds),) = heard
    assert (lane, len(waits)) == ("query", 1)
    assert min(*waits, seconds) >= 0
