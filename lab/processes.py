"""Worker processes that end with the process that started them, even when that is killed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process


def pool(workers: int | None, start: Callable[[], None] | None = None) -> ProcessPoolExecutor:
    """A pool of `workers` fresh processes, None: one a core; each calls `start` first. `start` must pickle."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(start,))


def _begin(start: Callable[[], None] | None) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if start is not None:
        start()


def _end_with_parent() -> None:
    """A worker holds both ends of its queue, so it would wait for ever for the next task of a parent that is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
