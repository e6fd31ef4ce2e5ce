"""Callers of many threads meet here, and few threads run their arrays in batches. It knows nothing of pictures."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from shared.errors import Retryable

Array = npt.NDArray[np.float32]
Lane = Literal["query", "ingest"]
Observe = Callable[[Lane, list[float], float], None]
"""Told of each batch: its lane, each member's wait in seconds, the seconds of its forward."""

PATIENCE_SECONDS = 5.0
_NICENESS = 5
"""A thread of it has a third as much of the processor as one of 0, and all of it alone (sched(7)); at 10, other work on
the machine let nothing in."""


@dataclass(frozen=True, slots=True)
class _Job:
    array: Array
    future: Future[Array] = field(default_factory=Future)
    since: float = field(default_factory=time.perf_counter)


class Batcher:
    """Runs `forward` on up to `max_batch` arrays of one lane at a time: on what waits now, never waiting for more.

    `forwards` of them run side by side, each in a thread: then `forward` is called from several threads at once. The
    query lane goes first, so a query waits for at most one ingest batch; ingest that has waited for 5 s goes before
    the queries once, so that a flood of queries does not stop it. A forward that fails fails the futures of its batch
    and no others. `yielding`: its threads leave the processor to others'.
    """

    def __init__(
        self,
        forward: Callable[[Array], Array],
        max_batch: int,
        observe: Observe,
        forwards: int = 1,
        *,
        yielding: bool = False,
    ) -> None:
        self._forward = forward
        self._yielding = yielding
        self._max_batch = max_batch
        self._observe = observe
        self._lanes: dict[Lane, deque[_Job]] = {"query": deque(), "ingest": deque()}
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._run, name="batcher", daemon=True) for _ in range(forwards)]
        for thread in self._threads:
            thread.start()

    def submit(self, array: Array, lane: Lane) -> Future[Array]:
        """A future of `forward`'s row for this array. Raises `Retryable` after `close`; all arrays have one shape."""
        job = _Job(array)
        with self._changed:
            if self._closed:
                raise Retryable("The embedder is stopping and takes no more pictures. Try again in a moment.")
            self._lanes[lane].append(job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Finish everything that was submitted, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        if self._yielding:
            give_way()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or any(self._lanes.values()))
                if not any(self._lanes.values()):
                    return
                lane = self._next_lane()
                waiting = self._lanes[lane]
                taken = [waiting.popleft() for _ in range(min(self._max_batch, len(waiting)))]
            batch = [job for job in taken if job.future.set_running_or_notify_cancel()]
            if batch:
                self._run_batch(lane, batch)

    def _next_lane(self) -> Lane:
        ingest = self._lanes["ingest"]
        if ingest and time.perf_counter() - ingest[0].since > PATIENCE_SECONDS:
            return "ingest"
        return "query" if self._lanes["query"] else "ingest"

    def _run_batch(self, lane: Lane, batch: list[_Job]) -> None:
        started = time.perf_counter()
        try:
            rows = self._forward(np.stack([job.array for job in batch]))
            outcomes = list(zip(batch, rows, strict=True))
        except Exception as error:  # noqa: BLE001  whatever it is, it belongs to this batch's callers
            for job in batch:
                job.future.set_exception(error)
            return
        self._observe(lane, [started - job.since for job in batch], time.perf_counter() - started)
        for job, row in outcomes:
            job.future.set_result(row)


class LanesApart:
    """A batcher for each lane, for where both can run side by side, as on a CPU: a query waits for no ingest batch, and
    takes the processor from those that run."""

    def __init__(self, forward: Callable[[Array], Array], max_batch: int, observe: Observe, forwards: int) -> None:
        self._of: Mapping[Lane, Batcher] = {
            "query": Batcher(forward, max_batch, observe, forwards),
            "ingest": Batcher(forward, max_batch, observe, forwards, yielding=True),
        }

    def submit(self, array: Array, lane: Lane) -> Future[Array]:
        """As `Batcher.submit`."""
        return self._of[lane].submit(array, lane)

    def close(self) -> None:
        """Finish everything that was submitted, then stop."""
        for batcher in self._of.values():
            batcher.close()


def give_way() -> None:
    """From now on this thread leaves the processor to those of queries, of this process and of others."""
    thread = threading.get_native_id()
    if os.getpriority(os.PRIO_PROCESS, thread) < _NICENESS:  # of one thread, as Linux has it
        os.setpriority(os.PRIO_PROCESS, thread, _NICENESS)
