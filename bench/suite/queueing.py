"""What a closed queueing network predicts of the small system."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Predicted:
    """Answers/s and the mean ms of one."""

    rate: float
    ms: float


def mean_values(clients: int, cpu: float, other: float, cores: int | None = None, serial: float = 0.0) -> Predicted:
    """Of so many clients that ask without a pause; `cpu` and `other` are the s an answer works and waits otherwise;
    `other` is negative where several cores work on one answer at once. `serial` s of `cpu` are one Python process's,
    whose interpreter runs one thread at a time.

    Exact mean value analysis of queueing stations and a delay (Reiser and Lavenberg 1980). Several cores are one
    that is as much faster, and a delay of the rest (Seidmann, Schweitzer and Shalev-Oren 1987). An answer holds a core
    and the interpreter at once, which no such network knows: it is solved with the one and with the other, and the
    slower is told.
    """
    cores = cores or os.cpu_count() or 1
    rest = cpu - serial
    by_cores = _solved(clients, [cpu / cores], cpu * (cores - 1) / cores + other)
    by_interpreter = _solved(clients, [serial, rest / cores], rest * (cores - 1) / cores + other)
    return min(by_cores, by_interpreter, key=lambda one: one.rate)


def _solved(clients: int, demands: Sequence[float], delay: float) -> Predicted:
    delay = max(0.0, delay)
    waiting = [0.0] * len(demands)
    rate = total = 0.0
    for customers in range(1, clients + 1):
        responses = [demand * (1 + before) for demand, before in zip(demands, waiting, strict=True)]
        total = sum(responses) + delay
        rate = customers / total
        waiting = [rate * response for response in responses]
    return Predicted(rate, total * 1e3)
