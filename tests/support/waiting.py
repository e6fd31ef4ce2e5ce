"""Wait for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 3
"""Times the seconds that tests say, which are of a machine that does nothing else."""


def until(condition: Callable[[], object], what: str, seconds: float = 20, every: float = 0.02) -> None:
    """Return once `condition()`, asked `every` so many seconds, is true; fail, saying `what` did not happen, after
    `PATIENCE` times `seconds`."""
    deadline = time.monotonic() + PATIENCE * seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE * seconds} s: {what}")
        time.sleep(every)
