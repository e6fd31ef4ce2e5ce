"""The one-command stack: a supervisor with three children, all on 127.0.0.1, all state in one folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from deploy.local import broker
from deploy.local.home import Home
from deploy.local.supervisor import Child, Supervisor
from services.gateway import tenants
from shared import database
from shared.errors import Conflict

_LOOK_SECONDS = 0.2
Say = Callable[[str], None]


def run(home: Home, port: int, say: Say, when_ready: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM. `when_ready` gets the address, in a thread, once every part answers.

    Raises `Conflict` when this home or port is in use.
    """
    if sys.platform != "linux":
        raise Conflict("The one-command stack runs on Linux. Elsewhere, use docker-compose.")
    with home.lock():
        _check_free(port)
        _make_api_key(home)
        address = f"http://127.0.0.1:{port}"
        broker_port = _free_port()
        supervisor = Supervisor(_children(home, port, broker_port), say)
        home.note_running(address=address, pid=os.getpid(), broker_port=broker_port)
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        greeter = threading.Thread(target=_greet, args=(address, stopping, when_ready), daemon=True)
        greeter.start()
        try:
            while not stopping.is_set():
                supervisor.watch()
                stopping.wait(_LOOK_SECONDS)
        finally:
            say("Stopping")
            supervisor.stop()


def broker_url(home: Home, port: int) -> str:
    return f"redis://:{home.secret('broker')}@127.0.0.1:{port}/0"


def _children(home: Home, port: int, broker_port: int) -> list[Child]:
    embedder_port, indexer_port, recommender_port = _free_port(), _free_port(), _free_port()
    logs = home.folder("logs")
    metrics = home.path / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    shared = {
        "BROKER_URL": broker_url(home, broker_port),
        "OBJECT_STORE_URL": home.objects_url,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONUNBUFFERED": "1",
    }
    embedder = {"EMBEDDER_PORT": str(embedder_port), "EMBEDDER_SOLE_WORKER": "true"}
    backend = {
        "LOUPE_HOME": str(home.path),
        "PORT": str(port),
        "EMBEDDER_URL": f"http://127.0.0.1:{embedder_port}",
        "INDEXER_PORT": str(indexer_port),
        "RECOMMENDER_PORT": str(recommender_port),
    }

    def python(module: str) -> list[str]:
        return [sys.executable, "-m", module]

    valkey = broker.command(home.folder("broker"), broker_port, home.secret("broker"))
    return [
        Child("broker", valkey, {}, logs / "broker.log", seconds_to_stop=2),
        Child(
            "embedder", python("services.embedder.main"), shared | embedder, logs / "embedder.log", seconds_to_stop=3
        ),
        Child("backend", python("deploy.local.backend"), shared | backend, logs / "backend.log", seconds_to_stop=4),
    ]


def _make_api_key(home: Home) -> None:
    if not home.api_key_file.exists():
        key = "lk_" + home.secret("first-api-key")
        with os.fdopen(os.open(home.api_key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(key + "\n")


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Conflict(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). Choose another one: PORT=8090 make run"
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _greet(address: str, stopping: threading.Event, when_ready: Callable[[str], None]) -> None:
    while not stopping.is_set():
        try:
            if httpx.get(f"{address}/readyz", timeout=2).status_code == httpx.codes.OK:
                when_ready(address)
                return
        except httpx.TransportError:
            pass
        time.sleep(_LOOK_SECONDS)


def add_tenant(home: Home, tenant: str) -> str:
    """Make a shop in this home's catalogue; its first API key. Raises `Conflict` when there is one of that name."""
    catalogue = database.open(home.database_url("gateway"))
    try:
        return tenants.add_tenant(catalogue, home.secret("gateway"), tenant)
    finally:
        catalogue.close()


SAMPLE = Path(__file__).parent / "sample"
"""The catalogue that is shipped for a first look, rendered by our own lab: catalogue.csv and pictures/."""
