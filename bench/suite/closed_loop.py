"""Clients that each ask, wait for the answer, and ask again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import httpx
import numpy as np
import psutil

from tests.support.stack import RunningStack


@dataclass(frozen=True)
class Loop:
    """What `clients` saw. `times` in ms, of answers that were no refusals; `cpu` in s an answer, of all processes: the
    stack's, and this one's, which asks."""

    clients: int
    times: list[float]
    refused: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def quantile(self, q: float) -> float:
        return float(np.quantile(self.times, q))


def closed_loop(
    stack: RunningStack, clients: int, seconds: float, ask: Callable[[httpx.Client, int], httpx.Response]
) -> Loop:
    """`ask` is given a connection and a number that nobody else gets. A 503 is a refusal; its client goes on at once.

    Raises `httpx.HTTPStatusError` for any other answer that is no success.
    """
    numbers = count()
    times: list[float] = []
    refused: list[int] = []

    def client(_: int) -> None:
        with stack.api as api:
            while time.perf_counter() < until:
                started = time.perf_counter()
                answer = ask(api, next(numbers))
                if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    refused.append(1)
                    continue
                answer.raise_for_status()
                times.append((time.perf_counter() - started) * 1e3)

    used, started = cpu_seconds(stack), time.perf_counter()
    until = started + seconds
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    took = time.perf_counter() - started
    return Loop(clients, times, len(refused), took, (cpu_seconds(stack) - used) / max(len(times), 1))


def cpu_seconds(stack: RunningStack) -> float:
    """Of the stack's living processes, and of this one."""
    times = [process.cpu_times() for process in [*stack.children(""), psutil.Process()]]
    return float(sum(one.user + one.system for one in times))


def memory(stack: RunningStack) -> dict[str, float]:
    """MB resident, shared pages counted once (PSS), by part of the stack."""
    held = {part: sum(_pss(process) for process in stack.children(part)) for part in stack.parts}
    return {**held, "the rest": sum(_pss(process) for process in stack.children("")) - sum(held.values())}


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0
