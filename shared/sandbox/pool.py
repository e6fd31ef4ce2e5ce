"""The parent's side: children that are lent to one input each, and made anew when it ended them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import structlog

from shared.errors import (
    LoupeError,
    Permanent,
    Retryable,
    TooHeavyPicture,
    TooLarge,
    UnreadablePicture,
    UnsupportedPicture,
)

_START_SECONDS = 60.0
_OUT_OF_TIME = (signal.SIGPROF, signal.SIGXCPU, signal.SIGALRM)
_OWN_FAULT = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS)
_TOLD: dict[str, type[Permanent]] = {
    kind.code: kind for kind in (TooLarge, UnsupportedPicture, UnreadablePicture, TooHeavyPicture)
}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one input may use: seconds of a processor, seconds in all however busy the machine is, and bytes of address
    space beyond what the child has when it is ready."""

    cpu_seconds: float = 10.0
    seconds: float = 60.0
    memory_bytes: int = 1_500_000_000


@dataclass
class _Child:
    process: subprocess.Popen[bytes] | None = None
    pipe: Connection | None = None


def _silent(_how: str) -> None: ...


class Sandbox:
    """Calls `work`, the name of a function as "module:function" (`Work` in child.py), in one of `children` processes.

    A child is started by the first input that finds none free. `kept_free` of them are for those inputs alone that go
    first. Each child that an input ended is told to `observe`: "time", "memory" or "crash". Safe for many threads.
    """

    def __init__(
        self,
        work: str,
        limits: Limits,
        children: int,
        kept_free: int = 0,
        observe: Callable[[str], None] = _silent,
    ) -> None:
        self._work = work
        self._limits = limits
        self._kept_free = kept_free
        self._observe = observe
        self._free = [_Child() for _ in range(children)]
        self._lent = 0
        self._closed = False
        self._changed = threading.Condition()

    def __call__(self, data: bytes, asked: Mapping[str, Any], *, first: bool = False) -> tuple[Any, bytes]:
        """What `work` tells of the input, and the bytes that it makes of it.

        Raises what `work` raises, `TooHeavyPicture` for what passes a limit, `UnreadablePicture` for what ends the
        program that opens it, and `Retryable` when no child can be had.
        """
        child = self._lend(first)
        try:
            return self._ask(child, data, asked)
        finally:
            self._give_back(child)

    def close(self) -> None:
        """End the children once what they do is done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lent == 0, self._limits.seconds)
            for child in self._free:
                _end(child)

    def pids(self) -> list[int]:
        """Of the children that wait."""
        with self._changed:
            return [child.process.pid for child in self._free if child.process]

    @property
    def lent(self) -> int:
        """How many children have an input."""
        return self._lent

    def _lend(self, first: bool) -> _Child:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._free) > (0 if first else self._kept_free))
            if self._closed:
                raise Retryable("This process is stopping and opens no more pictures. Try again in a moment.")
            self._lent += 1
            return self._free.pop()

    def _give_back(self, child: _Child) -> None:
        with self._changed:
            self._lent -= 1
            self._free.append(child)  # and is taken first by the next, so that few children do what few can do
            self._changed.notify_all()

    def _ask(self, child: _Child, data: bytes, asked: Mapping[str, Any]) -> tuple[Any, bytes]:
        if child.process and child.process.poll() is not None:
            _end(child)  # somebody ended it while it waited
        pipe = child.pipe or self._start(child)
        try:
            pipe.send_bytes(json.dumps(asked).encode())
            pipe.send_bytes(data)
            if not pipe.poll(self._limits.seconds):
                _end(child)
                raise self._heavy("time", f"it took more than {self._limits.seconds:g} seconds")
            reply, made = json.loads(pipe.recv_bytes()), pipe.recv_bytes()
        except (EOFError, OSError):
            raise self._why(_end(child)) from None
        except BaseException:
            _end(child)
            raise
        return self._read(child, reply), made

    def _start(self, child: _Child) -> Connection:
        ours, theirs = socket.socketpair()
        limits = self._limits
        command = [sys.executable, "-m", "shared.sandbox.child", str(theirs.fileno()), self._work]
        with theirs:
            child.process = subprocess.Popen(
                [*command, str(limits.cpu_seconds), str(limits.memory_bytes)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # libraries write there what they read
                env={"PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        child.pipe = Connection(ours.detach())
        try:
            if child.pipe.poll(_START_SECONDS):
                child.pipe.recv_bytes()
                return child.pipe
        except (EOFError, OSError):
            pass
        raise Retryable(f"The process that opens pictures did not start: status {_end(child)}. Try again.")

    def _read(self, child: _Child, reply: Mapping[str, Any]) -> Any:
        if "told" in reply:
            return reply["told"]
        if "code" in reply:
            raise _TOLD.get(reply["code"], UnreadablePicture)(reply["detail"])
        if "memory" in reply:
            _end(child)
            raise self._heavy("memory", f"it needs more than {self._limits.memory_bytes // 1_000_000:,} MB")
        raise RuntimeError(f"{self._work} failed: {reply['failure']}")

    def _why(self, status: int | None) -> LoupeError:
        how = signal.Signals(-status) if status is not None and status < 0 else None
        if how in _OUT_OF_TIME:
            return self._heavy("time", f"it took more than {self._limits.cpu_seconds:g} seconds of a processor")
        if how in _OWN_FAULT:
            self._noted("crash", how.name)
            return UnreadablePicture(
                "The picture is damaged: it ends the program that reads it. Open it in a viewer, save it as a new JPEG "
                "or PNG, and send that."
            )
        return Retryable("The process that opened the picture was ended from outside. Try again.")

    def _heavy(self, kind: str, how: str) -> TooHeavyPicture:
        self._noted(kind, how)
        return TooHeavyPicture(
            f"Loupe gave up opening the picture: {how}. Save it as an ordinary JPEG of fewer pixels; 1000 a side are "
            "plenty."
        )

    def _noted(self, kind: str, how: str) -> None:
        self._observe(kind)
        _log.warning("picture_ended_its_process", kind=kind, how=how)


def _end(child: _Child) -> int | None:
    """The exit status of a child that is ended, if it has not ended itself; negative for a signal."""
    process, pipe = child.process, child.pipe
    child.process = child.pipe = None
    if pipe:
        pipe.close()
    if process is None:
        return None
    try:
        return process.wait(0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
