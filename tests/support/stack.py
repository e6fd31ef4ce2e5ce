"""The stacks of one machine, run as their user runs them: a process of its own over a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

from loupe.client import Client
from tests.support.broker import free_port
from tests.support.waiting import until

READY_SECONDS = 240
"""Long enough to load the sample catalogue, 360 pictures, on a busy machine."""
_SECONDS_TO_STOP = 90
"""Services have 30 s, then the servers under them 30 s."""
_LOCAL = {"broker": "valkey", "embedder": "services.embedder.main", "backend": "deploy.local.backend"}
_PROCESSES = {
    "broker": "redis-server",
    "object-store": "juicefs",
    "embedder": "services.embedder.main",
    "indexer": "services.indexer.main",
    "recommender": "services.recommender.main",
    "inventory": "services.inventory.main",
    "authenticity": "services.authenticity.main",
    "gateway": "services.gateway.main",
}
"""Children by what their command lines hold."""


class RunningStack:
    """`loupe up` over `home`: the one-command stack, or with `processes` each service a process on real servers.

    `loupe(...)` runs a command against it, `client` is a shop's program, `api` speaks plain HTTP to it. `settings` are
    in its environment from the next start on.
    """

    def __init__(
        self,
        home: Path,
        *,
        sample: bool = False,
        processes: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.settings = dict(settings or {})
        self._arguments = ["up", *(["--sample"] if sample else []), *(["--processes"] if processes else [])]
        self.parts = _PROCESSES if processes else _LOCAL
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
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings, "LOUPE_HOME": str(self.home), "PORT": str(self.port)}

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

    @property
    def client(self) -> Client:
        """A shop's program, with the key that the stack made."""
        return Client(self.address, self.key)

    @property
    def facts(self) -> dict[str, Any]:
        """What the stack notes of itself for other commands."""
        facts: dict[str, Any] = json.loads((self.home / "running.json").read_text())
        return facts

    @property
    def ports(self) -> dict[str, int]:
        """Where each service listens. In the one-command stack the gateway speaks for all of them."""
        return self.facts.get("ports") or {"gateway": self.port}

    def log_lines(self) -> list[str]:
        """What every service wrote."""
        return [line for log in (self.home / "logs").glob("*.log") for line in log.read_text().splitlines()]

    def metrics(self) -> str:
        """The exposition text of every service."""
        return "".join(httpx.get(f"http://127.0.0.1:{port}/metrics").text for port in self.ports.values())

    def loupe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments), env=self._environment, capture_output=True, text=True, timeout=600
        )

    def loupe_in_background(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command(*arguments), env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def children(self, part: str) -> list[psutil.Process]:
        """The living child processes of a part of `parts`, or whose command line holds `part`."""
        assert self._process
        name = self.parts.get(part, part)
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
        try:
            return self._process.wait(timeout=_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"loupe up does not stop. It said:\n{self.said}") from late

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
