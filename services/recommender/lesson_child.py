"""A child process in which lessons are learned, at low priority.

Learning is minutes of Python and numpy in a large shop. A thread of this process would take its lock from the requests
for 5 ms at a time, which is half of a suggestion's time; a child gets a tenth of a core that a request wants too, gives
its memory back, and what kills it kills no service.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from services.recommender.lessons import Learned, Lesson, Stopped
from shared.errors import Permanent, Retryable
from shared.observability import logs

_spawn = multiprocessing.get_context("spawn")
_PR_SET_PDEATHSIG = 1
_NICENESS = 10
School = Callable[[], Sequence[Lesson]]


class LessonChild:
    """`school` makes the lessons, in the child; it must be picklable. A lesson may take `seconds`.

    Whether to go on is asked every `asks_every_seconds`, and where it is not the child is ended.

    All calls must come from one thread: the kernel kills the child when that thread, or this process, ends.
    """

    def __init__(self, school: School, seconds: float = 1_800.0, asks_every_seconds: float = 5.0) -> None:
        self._school = school
        self._seconds = seconds
        self._asks_every = asks_every_seconds

    def __call__(self, tenant: str, name: str, go_on: Callable[[], bool]) -> Learned | None:
        """Raises `Stopped` soon after `go_on` says no, `Permanent` when the child died or took too long."""
        mine, theirs = _spawn.Pipe(duplex=False)
        child = _spawn.Process(target=_learn, args=(theirs, self._school, tenant, name), name="lesson", daemon=True)
        child.start()
        theirs.close()
        until = time.monotonic() + self._seconds
        try:
            while not mine.poll(self._asks_every):
                if not go_on():
                    raise Stopped
                if time.monotonic() > until:
                    raise Permanent(f"The lesson took more than {self._seconds:g} seconds.")
            outcome: Learned | str | None = mine.recv()
        except EOFError:
            child.join()
            raise Permanent(f"The child process of the lesson ended with status {child.exitcode}.") from None
        finally:
            mine.close()
            child.kill()
            child.join()
            child.close()
        if isinstance(outcome, str):
            raise Retryable(outcome)
        return outcome


def _learn(pipe: Connection, school: School, tenant: str, name: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    os.nice(_NICENESS)
    logs.configure("recommender")
    try:
        lesson = next(lesson for lesson in school() if lesson.name == name)
        pipe.send(lesson.learn(tenant))
    except Exception as error:  # noqa: BLE001 - the parent tells it, and the lesson is tried again
        pipe.send(f"{type(error).__name__}: {error}")
