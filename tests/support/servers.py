"""The real servers for tests: each a process on a free loopback port that a test may kill and start again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from kombu.connection import Connection
from redis import Redis

from deploy.local.broker import Tls
from deploy.local.supervisor import Child, Supervisor
from deploy.processes import servers
from deploy.processes.servers import Server
from tests.support.broker import free_port
from tests.support.waiting import until

PASSWORD = "p@ss/w:rd-of-tests"  # its characters must be encoded in a URL
_READY_SECONDS = 180


class RunningServer:
    """`server`, started and answering. After `kill` or `stop`, `start` runs it again over what it kept."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.admin_url = server.admin_url
        self.child: Child = server.child
        self._said: list[str] = []
        self._supervisor = Supervisor([server.child], self._said.append)
        self.start()

    def start(self) -> None:
        def ready() -> bool:
            self._supervisor.watch()
            return _answers(self.url)

        until(ready, f"{self.child.name} answers; its log is {self.child.log}", _READY_SECONDS)

    def kill(self) -> None:
        assert self.child.process
        self.child.process.kill()
        self.child.process.wait()
        self.child.process = None

    def stop(self) -> None:
        self._supervisor.stop()
        self.child.process = None
        assert not self._said, self._said


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        if parts.scheme.startswith("redis"):
            with Redis.from_url(url) as client:
                return bool(client.ping())
        if parts.scheme == "amqp":
            with Connection(url, connect_timeout=2) as connection:
                connection.connect()
        elif parts.scheme == "s3":
            httpx.get(f"http://{parts.hostname}:{parts.port}/minio/health/live", timeout=2).raise_for_status()
        else:
            psycopg.connect(url.replace("+psycopg", "") + "/postgres", connect_timeout=2).close()
    except Exception:  # noqa: BLE001 - each client has its own errors, and all say the same: not yet
        return False
    return True


def made_certificates(folder: Path) -> Tls:
    """An authority of the test's own and a certificate for 127.0.0.1 signed by it."""
    tls = Tls(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    key, request = str(folder / "authority.key"), str(folder / "server.csr")
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    sign = ["x509", "-req", "-in", request, "-CAcreateserial", "-days", "2"]
    for arguments in (
        ["req", "-x509", *new, "-subj", "/CN=Loupe tests", "-keyout", key, "-out", str(tls.authority)],
        ["req", *new[:-2], "-subj", "/CN=127.0.0.1", "-keyout", str(tls.key), "-out", request],
        [*sign, "-CA", str(tls.authority), "-CAkey", key, "-extfile", str(names), "-out", str(tls.certificate)],
    ):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    return tls


@pytest.fixture(scope="session")
def running_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("postgresql")
    yield from _until_the_end(lambda port: servers.postgresql(folder, port, PASSWORD, ["tests"]))


@pytest.fixture(scope="session")
def running_object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("object-store")
    yield from _until_the_end(lambda port: servers.object_store(folder, port, PASSWORD))


@pytest.fixture(scope="session")
def running_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("rabbitmq")
    yield from _until_the_end(lambda port: servers.rabbitmq(folder, port, PASSWORD))


def _until_the_end(server: Callable[[int], Server]) -> Iterator[RunningServer]:
    running = RunningServer(server(free_port()))
    yield running
    running.stop()
