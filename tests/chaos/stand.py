"""A stack of one machine with everything between its parts in our hands: each connection, step, clock and disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from deploy.local import stack as local
from deploy.local.home import Home
from deploy.local.launch import python
from deploy.local.supervisor import Child, Supervisor
from deploy.processes import stack as processes
from services.indexer.points import collection_of
from shared import database, vectorstore
from shared.contracts.models import INDEX
from shared.errors import Retryable
from tests.chaos.proxies import Proxy
from tests.support import small_model
from tests.support.broker import free_port
from tests.support.waiting import until

Stack = Literal["one command", "processes"]
READY_SECONDS = 300
_DISK_MB = 1_500
_FAKETIME = "libfaketimeMT.so.1"
_FACTS = {
    "broker": "broker_url",
    "objects": "object_store_url",
    "vectors": "vector_store_url",
    "catalogue": "catalogue_url",
}
_PAGE = 500
_AFTER_A_DEATH = 0.2


class Stand:
    """The plan of a stack as the product makes it, run with a small model over a home of its own.

    Its services reach each other and their servers through proxies, and may be killed at the steps of
    `tests.support.dying`. The home lies on a disk of its own where one can be mounted, which needs root.
    """

    def __init__(self, folder: Path, stack: Stack) -> None:
        self.stack = stack
        self.home = Home.at(folder / "home")
        self._mounted = _mount(self.home.path)
        self.steps = folder / "steps"
        self.steps.mkdir()
        self.words: list[str] = []
        key = "lk_" + self.home.secret("first-api-key")
        self.home.api_key_file.write_text(key)
        self._clock: dict[str, str] = {}
        self._clock_file = folder / "clock"
        port = free_port()
        plan = local.plan(self.home, port) if stack == "one command" else processes.plan(self.home, port, None)
        self.facts: dict[str, Any] = dict(plan.facts)
        self._check = plan.check_servers
        self._proxies: dict[int, Proxy] = {}
        model = {
            "EMBEDDER_MODEL_DIRS": str(small_model.small_model(folder / "model")),
            "MODEL_VERSION": small_model.VERSION,
            "MODEL_DIMENSION": str(small_model.DIMENSION),
            "EMBEDDER_ALONE_SECONDS": "60",  # a machine that does other work too would condemn good pictures
            "DYING_FOLDER": str(self.steps),
            "DYING_AT_ONCE": "true",
        }
        self.servers = Supervisor(plan.servers, self.words.append)
        self.services = Supervisor([self._ours(child, model) for child in plan.services], self.words.append)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=90
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stand")
        self._thread.start()
        try:
            until(self.ready, f"the stack is ready; its logs are in {self.home.path}/logs", READY_SECONDS, 0.1)
        except BaseException:
            self.close()
            raise

    @property
    def disk(self) -> bool:
        """Whether it has a disk of its own, that may be filled."""
        return self._mounted

    @property
    def clock(self) -> bool:
        return _faketime() is not None

    def proxy(self, server: str) -> Proxy:
        """What stands before the broker, the objects, the vectors or the catalogue."""
        port = urlsplit(self.facts[_FACTS[server]]).port
        assert port
        return self._proxies[port]

    def kill(self, *names: str) -> None:
        """SIGKILL of these parts, or of all at once; returns when others run in their places."""
        parts = [child for child in self.children if not names or child.name in names]
        before = {child.name: child.process for child in parts}
        for child in parts:
            if child.process:
                child.process.kill()
        self._await_other(parts, before)

    def restart(self, name: str) -> None:
        """SIGTERM, as an operator would; returns when another runs in its place."""
        (child,) = (child for child in self.children if child.name == name)
        before = {name: child.process}
        child.ask_to_stop()
        self._await_other([child], before)

    def _await_other(self, parts: list[Child], before: Mapping[str, Any]) -> None:
        def others() -> bool:
            return all(child.alive and child.process is not before[child.name] for child in parts)

        until(others, f"others run in place of {[child.name for child in parts]}", READY_SECONDS)

    @contextmanager
    def armed(self, step: str) -> Iterator[None]:
        """Who reaches the step first dies there; at the end of the block it was reached."""
        (self.steps / f"{step}.reached").unlink(missing_ok=True)
        (self.steps / step).touch()
        yield
        until((self.steps / f"{step}.reached").exists, f"the step {step} is reached", READY_SECONDS)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """No byte more can be written below the home."""
        assert self.disk
        ballast = self.home.path / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as opened:
            for chunk in (1 << 20, 4 << 10):
                with suppress(OSError):
                    while opened.write(bytes(chunk)):
                        pass
        try:
            assert shutil.disk_usage(self.home.path).free < 64 << 10, "it is full"
            yield
        finally:
            ballast.unlink()

    def set_clock(self, seconds: int) -> None:
        """Let the services' clock be so many seconds ahead. The first call starts them anew, to have one."""
        self._clock_file.write_text(f"{seconds:+d}\n")
        if not self._clock:
            self._clock = {
                "LD_PRELOAD": str(_faketime()),
                "FAKETIME_TIMESTAMP_FILE": str(self._clock_file),
                "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
            until(
                lambda: all(self._clock.items() <= child.started_with.items() for child in self.services.children),
                "the services have a clock",
                READY_SECONDS,
            )
            until(self.ready, "the services are back", READY_SECONDS, 0.1)

    @property
    def children(self) -> list[Child]:
        return [*self.servers.children, *self.services.children]

    def calm(self) -> None:
        """Whoever died does not wait longer, when it dies next."""
        for child in self.children:
            child.pause = _AFTER_A_DEATH

    def ready(self) -> bool:
        try:
            return self.http.get("/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    @contextmanager
    def database(self, service: str) -> Iterator[database.Database]:
        """Look into a service's own database, past all proxies."""
        url = str(self.facts["catalogue_url"])
        there = url.replace("gateway.db", f"{service}.db") if url.startswith("sqlite") else f"{url[:-7]}{service}"
        opened = database.open(there)
        try:
            yield opened
        finally:
            opened.close()

    def points(self) -> list[str]:
        """The image of every point in the index. The embedded engine is one process's: the stack is stopped for it."""
        with ExitStack() as opened:
            if self.stack == "one command":
                self.stop()
                store = vectorstore.open(
                    self.home.vectors_url, collection_of(small_model.VERSION), small_model.DIMENSION
                )
            else:
                directory = vectorstore.directory(self.facts["vector_store_url"], INDEX)
                opened.callback(directory.close)
                active = directory.active()
                assert active
                store = directory.open(active.name, small_model.DIMENSION)
            opened.callback(store.close)
            found: list[str] = []
            after = None
            while page := store.scroll("shop", limit=_PAGE, after=after):
                found += [str(point.payload["image_id"]) for point in page]
                after = page[-1].id
            return found

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def close(self) -> None:
        self.stop()
        self.http.close()
        for proxy in self._proxies.values():
            proxy.close()
        if self._mounted:
            subprocess.run(["umount", "--lazy", str(self.home.path)], check=True)

    def _run(self) -> None:
        started = False
        while not self._stop.is_set():  # children die with the thread that started them, so it starts all of them
            self.servers.watch()
            started = started or self._servers_answer()
            if started:
                self.services.watch()
            self._stop.wait(0.05)
        self.services.stop()
        self.servers.stop()

    def _servers_answer(self) -> bool:
        try:
            self._check()
        except Retryable:
            return False
        return True

    def _ours(self, child: Child, model: Mapping[str, str]) -> Child:
        """A service of the plan, with its addresses led through proxies, and its steps watched."""
        environment = {name: self._led(value) for name, value in child.environment.items()}
        defaults = child.defaults
        return replace(
            child,
            command=python("tests.support.dying"),
            environment={**environment, **model, "DYING_SERVICE": child.name},
            defaults=lambda: {**defaults(), **self._clock},
        )

    def _led(self, value: str) -> str:
        return re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda port: str(self._proxy_to(int(port[0])).port), value)

    def _proxy_to(self, target: int) -> Proxy:
        if target not in self._proxies:
            self._proxies[target] = Proxy(target)
        return self._proxies[target]


def _faketime() -> Path | None:
    return next(iter(sorted(Path("/usr/lib").glob(f"*/faketime/{_FAKETIME}"))), None)


def _mount(folder: Path) -> bool:
    """A disk in memory, of so many MB at most."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=700", "tmpfs", str(folder)]
    return subprocess.run(mount, capture_output=True).returncode == 0
