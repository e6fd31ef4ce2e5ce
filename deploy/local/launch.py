"""What every stack on this machine does: hold its home and port, start its parts in order, greet, stop in order."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.local.home import Home
from deploy.local.supervisor import Child, Supervisor
from shared.errors import Conflict, Retryable

_LOOK_SECONDS = 0.2
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """`servers` are started first and stopped last; `services` once `check_servers` returns instead of raising
    `Retryable`.

    `facts` is what other commands need to know of the running stack.
    """

    servers: Sequence[Child]
    services: Sequence[Child]
    facts: Mapping[str, Any]
    check_servers: Callable[[], None] = lambda: None


def run(home: Home, port: int, make_plan: Callable[[], Plan], say: Say, when_ready: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM. `when_ready` gets the address, in a thread, once every part answers.

    Raises `Conflict` when this home or port is in use, and when a restore into it was cut off.
    """
    if sys.platform != "linux":
        raise Conflict("Loupe's stacks on one machine run on Linux. Elsewhere, use docker-compose.")
    with home.lock():
        _check_free(port)
        _check_whole(home)
        home.close_to_others()
        _make_api_key(home)
        plan = make_plan()
        address = f"http://127.0.0.1:{port}"
        servers, services = Supervisor(plan.servers, say), Supervisor(plan.services, say)
        home.note_running(address=address, pid=os.getpid(), **plan.facts)
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        greeter = threading.Thread(target=_greet, args=(address, stopping, when_ready), daemon=True)
        greeter.start()
        started = False
        try:
            while not stopping.is_set():
                servers.watch()
                started = started or _answer(plan)
                if started:
                    services.watch()
                stopping.wait(_LOOK_SECONDS)
        finally:
            say("Stopping")
            services.stop()
            servers.stop()


def _answer(plan: Plan) -> bool:
    try:
        plan.check_servers()
    except Retryable:
        return False
    return True


def _make_api_key(home: Home) -> None:
    if not home.api_key_file.exists():
        key = "lk_" + home.secret("first-api-key")
        with os.fdopen(os.open(home.api_key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(key + "\n")


def _check_whole(home: Home) -> None:
    if home.restoring.exists():
        raise Conflict(
            f"A restore into {home.path} did not come to its end. Do it again with `loupe restore`, "
            "or remove the folder."
        )


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Conflict(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). Choose another one: PORT=8090 make run"
            ) from error


def free_ports(count: int) -> list[int]:
    """As many ports of 127.0.0.1 that nobody listens on at this moment, each another."""
    with ExitStack() as probes:
        held = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in held:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in held]


ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Of every service. Its matrices have a few rows, and the threads of OpenBLAS wait for the next by spinning, which was
a third of the CPU of a list of suggestions."""


def python(module: str) -> list[str]:
    """The command that runs the `main` of a module of ours.

    Not by `-m`: whatever process the module then spawns would import it again, which is all services, and three
    seconds of a core for each lesson that is learned.
    """
    return [sys.executable, "-c", f"from {module} import main; main()"]


def _greet(address: str, stopping: threading.Event, when_ready: Callable[[str], None]) -> None:
    while not stopping.is_set():
        try:
            if httpx.get(f"{address}/readyz", timeout=2).status_code == httpx.codes.OK:
                when_ready(address)
                return
        except httpx.TransportError:
            pass
        time.sleep(_LOOK_SECONDS)
