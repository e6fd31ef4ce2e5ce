"""Clients that each ask, wait for the answer, and ask again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import httpx
import numpy as np
import psutil

from tests.support.stack import RunningStack


@dataclass(frozen=True)
class Loop:
    """What `clients` saw. `times` in ms, of answers that were no refusals; the s of CPU an answer are by process: the
    stack's, and this one's, which asks."""

    clients: int
    times: list[float]
    refused: int
    seconds: float
    cpu_by_process: Mapping[str, float]

    @property
    def cpu(self) -> float:
        """s an answer, of all processes."""
        return sum(self.cpu_by_process.values())

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

    used, started = _cpu_by_process(stack), time.perf_counter()
    until = started + seconds
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    took = time.perf_counter() - started
    answers = max(len(times), 1)
    after = _cpu_by_process(stack)
    return Loop(clients, times, len(refused), took, {name: (after[name] - used[name]) / answers for name in after})


def cpu_seconds(stack: RunningStack) -> float:
    """Of the stack's living processes, and of this one."""
    return sum(_cpu_by_process(stack).values())


def _cpu_by_process(stack: RunningStack) -> dict[str, float]:
    """s that each part of the stack has worked, what it started besides, and this process."""
    found = {part: sum(map(_worked, stack.children(part))) for part in stack.parts}
    found["the rest"] = sum(map(_worked, stack.children(""))) - sum(found.values())
    return {**found, "this command": _worked(psutil.Process())}


def _worked(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def memory(stack: RunningStack) -> dict[str, float]:
    """MB resident, shared pages counted once (PSS), by part of the stack."""
    held = {part: sum(_pss(process) for process in stack.children(part)) for part in stack.parts}
    return {**held, "the rest": sum(_pss(process) for process in stack.children("")) - sum(held.values())}


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0
