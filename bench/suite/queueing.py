"""What a closed queueing network predicts of the small system."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Predicted:
    """Answers/s and the mean ms of one."""

    rate: float
    ms: float


def mean_values(clients: int, cpu: float, other: float, cores: int | None = None) -> Predicted:
    """Of so many clients that ask without a pause; `cpu` and `other` are the s an answer works and waits otherwise;
    `other` is negative where several cores work on one answer at once.

    Exact mean value analysis of one queueing station and a delay (Reiser and Lavenberg 1980). Several cores are one
    that is as much faster, and a delay of the rest (Seidmann, Schweitzer and Shalev-Oren 1987).
    """
    cores = cores or os.cpu_count() or 1
    queueing, delay = cpu / cores, max(0.0, cpu * (cores - 1) / cores + other)
    waiting = 0.0
    rate = response = 0.0
    for customers in range(1, clients + 1):
        response = queueing * (1 + waiting)
        rate = customers / (response + delay)
        waiting = rate * response
    return Predicted(rate, (response + delay) * 1e3)
