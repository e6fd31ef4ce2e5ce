"""A child process that analyses one picture at a time: what kills it kills nothing else."""

from __future__ import annotations

import ctypes
import multiprocessing
import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import orjson

from services.embedder.analyse import Analyse
from shared.contracts.analysis import Analysis
from shared.errors import Permanent, Retryable

_START_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Limits:
    """What one picture may use: `seconds`, and `memory_bytes` of address space beyond what the model takes.

    The child leaves after `idle_seconds` without a picture, and gives its memory back.
    """

    seconds: float = 10.0
    memory_bytes: int = 1_500_000_000
    idle_seconds: float = 30.0


class Killed(Exception):
    """The child did not survive the picture; the text says how it ended."""


class LoneChild:
    """`load`, which is called in the child, loads the models there; it must be picklable.

    The child is started by the first picture, and again after each that killed it. All calls must come from one thread,
    which lives as long as the child is needed: the kernel kills the child when that thread, or this process, ends.
    """

    def __init__(self, load: Callable[[], Sequence[Analyse]], limits: Limits) -> None:
        self._load = load
        self._limits = limits
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> Connection:
        """A living child's end of the pipe, the child made if there is none. Raises `Retryable` when none starts."""
        if self._process and self._pipe and self._process.is_alive():
            return self._pipe
        self.close()
        self._pipe, theirs = _spawn.Pipe()
        self._process = _spawn.Process(
            target=_live, args=(theirs, self._load, self._limits), name="lone-child", daemon=True
        )
        self._process.start()
        theirs.close()
        try:
            if self._pipe.poll(_START_SECONDS):
                self._pipe.recv_bytes()
                return self._pipe
            how = f"it was not ready after {_START_SECONDS:g} seconds"
            self.close()
        except (EOFError, OSError):
            how = _how(self._ended())
        raise Retryable(f"The child process for suspect pictures did not start: {how}. The embedder's log says more.")

    def analyse(self, data: bytes, model_version: str) -> Analysis:
        """The analysis of a picture's bytes by one of the models.

        Raises `Killed` when it ended the child, passed the time limit or the memory limit, `Permanent` when the bytes
        are no picture or damaged, and `Retryable` when no child can be started.
        """
        while True:
            pipe = self.start()
            try:
                pipe.send_bytes(model_version.encode())
                pipe.send_bytes(data)
                if not pipe.poll(self._limits.seconds):
                    self.close()
                    raise Killed(f"it took more than {self._limits.seconds:g} seconds")
                return self._read(pipe.recv_bytes())
            except (EOFError, OSError):
                status = self._ended()
                if status != 0:
                    raise Killed(_how(status)) from None
            # Status 0: it left, having waited long enough, in the moment in which the picture was sent.

    def close(self) -> None:
        """End the child, whatever it does."""
        if self._process:
            self._process.kill()
            self._ended()

    def _read(self, reply: bytes) -> Analysis:
        told = orjson.loads(reply)
        if "analysis" in told:
            return Analysis.model_validate(told["analysis"])
        if "code" in told:
            error = Permanent(told["detail"])
            error.code = told["code"]
            raise error
        self.close()
        if "memory" in told:
            raise Killed("it ran into the memory limit")
        raise RuntimeError(told["failure"])

    def _ended(self) -> int | None:
        """The exit status of a child that is dead or about to be, negative for a signal."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe:
            pipe.close()
        if process is None:
            return None
        process.join(5)
        if process.exitcode is None:
            process.kill()
            process.join()
        status = process.exitcode
        process.close()
        return status


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with status {status}"


def _live(pipe: Connection, load: Callable[[], Sequence[Analyse]], limits: Limits) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets the picture be finished
    models = {analyse.model_version: analyse for analyse in load()}
    _limit_memory(limits.memory_bytes)
    pipe.send_bytes(b"ready")
    try:
        while pipe.poll(limits.idle_seconds):
            analyse = models[pipe.recv_bytes().decode()]
            pipe.send_bytes(_reply(analyse, pipe.recv_bytes()))
    except EOFError:
        return


def _limit_memory(beyond: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + beyond
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _reply(analyse: Analyse, data: bytes) -> bytes:
    try:
        return b'{"analysis":' + analyse(data, "ingest").model_dump_json().encode() + b"}"
    except Permanent as error:
        return orjson.dumps({"code": error.code, "detail": error.detail})
    except MemoryError:
        return b'{"memory":true}'
    except Exception as error:  # noqa: BLE001 - a fault of ours is told to the parent, which lets it be tried again
        return orjson.dumps({"failure": f"{type(error).__name__}: {error}"})
