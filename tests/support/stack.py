"""The one-command stack, run as its user runs it: a process of its own over a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil

from tests.support.broker import free_port
from tests.support.waiting import until

READY_SECONDS = 60


class RunningStack:
    """`loupe up` over `home`. `loupe(...)` runs a command against it, `api` speaks HTTP to it."""

    def __init__(self, home: Path, *, sample: bool = False) -> None:
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, "LOUPE_HOME": str(home), "PORT": str(self.port)}
        self._arguments = ["up", "--sample"] if sample else ["up"]
        self._log = home.parent / f"{home.name}-up.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            start = log.tell()
            self._process = subprocess.Popen(
                self._command(*self._arguments), env=self._environment, stdout=log, stderr=log
            )
        until(lambda: self._welcomed(start), f"the stack is ready; its words are in {self._log}", READY_SECONDS)

    def _welcomed(self, start: int) -> bool:
        assert self._process
        said = self._log.read_bytes()[start:].decode()
        if self._process.poll() is not None:
            raise AssertionError(f"loupe up ended with {self._process.returncode}:\n{said}")
        return "Loupe is ready" in said

    @property
    def said(self) -> str:
        """What `loupe up` printed so far."""
        return self._log.read_text()

    @property
    def key(self) -> str:
        return (self.home / "api-key").read_text().strip()

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)

    def loupe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments), env=self._environment, capture_output=True, text=True, timeout=600
        )

    def loupe_in_background(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command(*arguments), env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def children(self, name: str) -> list[psutil.Process]:
        """The living child processes whose command line holds `name`."""
        assert self._process
        alive = psutil.Process(self._process.pid).children(recursive=True)
        return [child for child in alive if name in _command_line(child)]

    def kill(self) -> None:
        """SIGKILL to everything at once, as a power cut or an impatient operator would."""
        assert self._process
        tree = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        for process in tree:
            process.kill()
        psutil.wait_procs(tree, timeout=10)
        self._process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=15)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self.interrupt()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "loupe", *arguments]


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one too
        return ""
