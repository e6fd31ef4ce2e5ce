"""A Docker daemon of the check's own, with all it has below one folder. It needs root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import until

_SECONDS_TO_STOP = 60
_NO_NETWORK_OF_ITS_OWN = ["--bridge=none", "--iptables=false", "--ip6tables=false"]


class Daemon:
    """`environment` leads docker and docker-compose to it; `inside` puts a command where its networks are reached."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], apart: bool) -> None:
        self._folder = folder
        self.process = process
        self.environment = {**os.environ, "DOCKER_HOST": _address(folder)}
        self._enter = ["nsenter", "--net", "--target", str(process.pid), "--"] if apart else []

    def inside(self, *command: str) -> list[str]:
        return [*self._enter, *command]

    def run(self, *command: str, given: int | None = None, seconds: float = 1200) -> str:
        """What a command printed. Raises `AssertionError` with all its words when its status is not 0."""
        done = subprocess.run(
            self.inside(*command), env=self.environment, stdin=given, capture_output=True, text=True, timeout=seconds
        )
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def daemon_for_building(folder: Path) -> Iterator[Daemon]:
    """It gives containers no network but the machine's (`--network host`), and leaves the machine's rules alone."""
    with _running(folder, _NO_NETWORK_OF_ITS_OWN, apart=False) as daemon:
        yield daemon


@contextmanager
def daemon_for_running(folder: Path) -> Iterator[Daemon]:
    """It and its containers are in a network namespace of their own: their bridges and rules are there alone, their
    ports are on its loopback, and nothing in it reaches the outside."""
    with _running(folder, [], apart=True) as daemon:
        yield daemon


@contextmanager
def _running(folder: Path, options: Sequence[str], *, apart: bool) -> Iterator[Daemon]:
    places = {"data-root": "data", "exec-root": "run", "pidfile": "docker.pid"}
    own = [f"--{option}={folder / place}" for option, place in places.items()]
    command = ["dockerd", *own, f"--host={_address(folder)}", *options]
    if apart:
        command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
    log = folder / "docker.log"
    with log.open("ab") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written)
    daemon = Daemon(folder, process, apart)
    try:
        until(lambda: _answers(daemon), f"the Docker daemon answers; its words are in {log}", 60, 0.2)
        yield daemon
    finally:
        process.terminate()
        process.wait(_SECONDS_TO_STOP)


def _answers(daemon: Daemon) -> bool:
    assert daemon.process.poll() is None, "the Docker daemon ended"
    return not subprocess.run(["docker", "version"], env=daemon.environment, capture_output=True).returncode


def _address(folder: Path) -> str:
    return f"unix://{folder / 'docker.sock'}"
