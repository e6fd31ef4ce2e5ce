"""Loupe as docker-compose.yml runs it, with what the tests of a running stack ask of one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from loupe.client import Client
from tests.support.waiting import until

SERVICES = {
    "gateway": 8080,
    "embedder": 8091,
    "indexer": 8092,
    "recommender": 8093,
    "inventory": 8094,
    "authenticity": 8095,
}
"""Ours, and the port of each."""
STARTED = ("gateway", "prometheus", "alertmanager")
"""What is asked for; docker-compose starts what they need. Of Grafana there is no substitute."""
STORES = ("minio", "qdrant", "redis", "shop-bus", "postgres")
_READY_SECONDS = 240


class ComposedStack:
    """The containers of a checkout, on the daemon that DOCKER_HOST names, in whose network this process is."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self.address = "http://127.0.0.1:8080"
        self.compose_file = checkout / "docker-compose.yml"

    def start(self) -> float:
        """As docs/operations.md says; how many seconds it took until all is healthy. What a run that was cut off left
        goes first: its volumes have other secrets."""
        self._run(["deploy/docker/make-secrets"])
        self.stop()
        return self.begin()

    def begin(self) -> float:
        """With what its volumes hold; how many seconds it took until all is healthy."""
        started = time.monotonic()
        self.compose("up", "--detach", *STARTED)
        until(self._all_healthy, "every container is healthy", _READY_SECONDS, 0.5)
        return time.monotonic() - started

    def lose(self, *volumes: str) -> None:
        """Every container, and these volumes: as a machine whose disk is gone."""
        self.compose("down", "--remove-orphans")
        self._run(["docker", "volume", "rm", *(f"{self._checkout.name}_{volume}" for volume in volumes)])

    def stop(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans")

    def compose(self, *arguments: str, seconds: float = 600) -> str:
        return self._run(["docker-compose", *arguments], seconds)

    def container(self, service: str) -> dict[str, Any]:
        """What Docker knows of the container of a service that runs, or ran."""
        names = self._run(["docker-compose", "ps", "--all", "--quiet", service]).split()
        found: list[dict[str, Any]] = json.loads(self._run(["docker", "inspect", *names]))
        return found[0]

    def healthy(self, service: str) -> bool:
        return bool(self.container(service)["State"].get("Health", {}).get("Status") == "healthy")

    def ask(self, service: str, path: str) -> httpx.Response:
        """From this machine, which is a neighbour in each of the networks."""
        networks = self.container(service)["NetworkSettings"]["Networks"]
        address = next(iter(networks.values()))["IPAddress"]
        port = {**SERVICES, "prometheus": 9090, "alertmanager": 9093}[service]
        return httpx.get(f"http://{address}:{port}{path}", timeout=10)

    def internal(self, network: str) -> bool:
        """Whether Docker lets nothing out of a network, nor in."""
        told = self._run(["docker", "network", "inspect", "--format", "{{.Internal}}", network])
        return told.strip() == "true"

    def memory(self, service: str) -> int:
        """Bytes that a container uses now, without files that are kept in memory only because there is room."""
        container = self.container(service)["Id"]
        used = self._run(["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", container]).split()[0]
        return _bytes(used)

    def out_of_memory(self) -> list[str]:
        """Containers in which something was killed for memory since the daemon began, though they may have gone on."""
        what = ["--filter", "event=oom", "--format", "{{.Actor.Attributes.name}}"]
        return self._run(["docker", "events", "--since", "24h", "--until", "0s", *what]).splitlines()

    @property
    def key(self) -> str:
        return (self._checkout / "deploy/docker/secrets/api_key").read_text().strip()

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)

    @property
    def client(self) -> Client:
        return Client(self.address, self.key)

    def log_lines(self) -> list[str]:
        """What every service of ours wrote."""
        return self.compose("logs", "--no-color", "--no-log-prefix", *SERVICES).splitlines()

    def metrics(self) -> str:
        """The exposition text of every service."""
        return "".join(self.ask(service, "/metrics").text for service in SERVICES)

    def loupe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of `loupe` on the machine that the containers run on."""
        environment = {**os.environ, "LOUPE_URL": self.address, "LOUPE_API_KEY": self.key}
        command = [sys.executable, "-m", "loupe", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)

    def _all_healthy(self) -> bool:
        return all(self.healthy(service) for service in (*SERVICES, *STORES, "prometheus", "alertmanager"))

    def _run(self, command: list[str], seconds: float = 600) -> str:
        done = subprocess.run(command, cwd=self._checkout, capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


def _bytes(told: str) -> int:
    """ "1.5MiB" is 1,572,864."""
    number, unit = re.fullmatch(r"([\d.]+)(B|KiB|MiB|GiB)", told).groups()  # type: ignore[union-attr]
    return int(float(number) * 1024 ** ["B", "KiB", "MiB", "GiB"].index(unit))
