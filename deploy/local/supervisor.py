"""Keeps child processes running: starts them, restarts one that dies, stops them all at once."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_TO_STOP = 30.0
"""What a service is given: it ends by itself before that, having handed back what it does not finish."""
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_STEADY_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass
class Child:
    """One process. `log` takes its output; `seconds_to_stop` it has after `stop_signal` before SIGKILL.

    `defaults` is environment that this program's own overrides; when it changes, the child is asked to stop and started
    anew.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    seconds_to_stop: float
    stop_signal: signal.Signals = signal.SIGTERM
    defaults: Callable[[], Mapping[str, str]] = dict
    started_with: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    kill_at: float | None = None
    pause: float = field(default=_FIRST_PAUSE)

    def start(self) -> None:
        self.started_with = self.defaults()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**self.started_with, **os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
                preexec_fn=_die_with_parent,
            )
        self.started_at = time.monotonic()
        self.kill_at = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process and self.alive and self.kill_at is None:
            self.kill_at = time.monotonic() + self.seconds_to_stop
            self.process.send_signal(self.stop_signal)

    def ended_in_time(self) -> bool:
        """Whether it went by itself in its time since it was asked to; else it was killed."""
        if not self.process or self.kill_at is None:
            return True
        try:
            self.process.wait(max(0.0, self.kill_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True


class Supervisor:
    """`say` is told, in words for a person, when a child dies and when it is back."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.children = list(children)
        self._say = say

    def watch(self) -> None:
        """One look: a dead child is started again, after a pause that doubles each time it dies young."""
        now = time.monotonic()
        for child in self.children:
            if child.kill_at is not None:
                if not child.alive or now >= child.kill_at:
                    child.ended_in_time()
                    child.start()
                continue
            if child.alive:
                if now - child.started_at > _STEADY_SECONDS:
                    child.pause = _FIRST_PAUSE
                if child.defaults() != child.started_with:
                    self._say(f"{child.name} is started anew with other settings")
                    child.ask_to_stop()
                continue
            if child.process is not None:
                self._say(f"{child.name} {_ended(child.process.returncode)}; starting it again. Its log: {child.log}")
                child.process = None
                child.start_at = now + child.pause
                child.pause = min(child.pause * 2, _LONGEST_PAUSE)
            if now >= child.start_at:
                child.start()

    def stop(self) -> None:
        """All at once, each given its time; whoever stays is killed."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            if not child.ended_in_time():
                self._say(f"{child.name} did not stop within {child.seconds_to_stop:g} s; it was killed")


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _ended(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with status {returncode}"
