"""A child process at low priority, for what takes minutes of numpy: the service goes on answering meanwhile.

What kills it kills no service, and its memory is given back when it ends.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from shared.errors import Permanent, Retryable
from shared.observability import logs

_spawn = multiprocessing.get_context("spawn")
_PR_SET_PDEATHSIG = 1
_NICENESS = 10


class Stopped(Exception):
    """The work was given up: the process ends, or another one has taken its turn."""


def in_child(
    work: Callable[[], Any], go_on: Callable[[], bool], seconds: float = 1_800.0, asks_every_seconds: float = 5.0
) -> Any:
    """What `work` returns, done in a child; both must be picklable.

    Raises `Stopped` soon after `go_on` says no, `Retryable` with the words of whatever `work` raised, and `Permanent`
    when the child died or took more than `seconds`. The kernel kills the child when the calling thread ends.
    """
    mine, theirs = _spawn.Pipe(duplex=False)
    child = _spawn.Process(target=_do, args=(theirs, work), name="inventory-work", daemon=True)
    child.start()
    theirs.close()
    until = time.monotonic() + seconds
    try:
        while not mine.poll(asks_every_seconds):
            if not go_on():
                raise Stopped
            if time.monotonic() > until:
                raise Permanent(f"The work took more than {seconds:g} seconds.")
        done, told = mine.recv()
    except EOFError:
        child.join()
        raise Permanent(f"The child process ended with status {child.exitcode}.") from None
    finally:
        mine.close()
        child.kill()
        child.join()
        child.close()
    if not done:
        raise Retryable(str(told))
    return told


def _do(pipe: Connection, work: Callable[[], Any]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    os.nice(_NICENESS)
    logs.configure("inventory")
    try:
        pipe.send((True, work()))
    except Exception as error:  # noqa: BLE001 - the parent tells it, and the work is tried again
        pipe.send((False, f"{type(error).__name__}: {error}"))
