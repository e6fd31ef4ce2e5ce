"""The one-command stack with any shop bus: its parts run from the test, so that each may be killed by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from deploy.local import stack
from deploy.local.home import Home
from deploy.local.supervisor import Supervisor
from tests.support import small_model
from tests.support.broker import free_port
from tests.support.waiting import until

_KEY = "lk_of-the-tests"
_READY_SECONDS = 120
_LOOK_SECONDS = 0.05


class BusStack:
    """Broker, embedder and backend (gateway, indexer, recommender) over a folder, with a small model.

    `own_bus_url` is the shop bus on its own broker; SHOP_BUS_URL in the environment of the backend names another one.
    """

    def __init__(self, folder: Path) -> None:
        self.home = Home.at(folder / "home")
        self.port = free_port()
        self.key = _KEY
        self.home.api_key_file.write_text(_KEY + "\n")
        self._model = {
            "EMBEDDER_MODEL_DIRS": str(small_model.small_model(folder / "model")),
            "MODEL_VERSION": small_model.VERSION,
            "MODEL_DIMENSION": str(small_model.DIMENSION),
        }
        plan = stack.plan(self.home, self.port)
        self.own_bus_url = str(self.home.shop_bus_url)
        (broker,) = plan.servers
        embedder, backend = (replace(child, environment={**child.environment, **self._model}) for child in plan.services)
        self.parts = {"broker": broker, "embedder": embedder, "backend": backend}

    @property
    def api(self) -> httpx.Client:
        header = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.address, headers=header, timeout=30)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self, *names: str, **environment: str) -> Iterator[None]:
        """Run these parts, with this in the environment of each, until the end of the block.

        One that dies is started again, as `loupe up` does it.
        """
        parts = [self.parts[name] for name in names]
        for part in parts:
            part.environment = {**part.environment, **environment}
        supervisor, stop = Supervisor(parts, lambda _said: None), threading.Event()

        def watch() -> None:
            while not stop.is_set():
                supervisor.watch()
                stop.wait(_LOOK_SECONDS)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            stop.set()
            watching.join()
            supervisor.stop()

    def kill(self, name: str) -> None:
        """SIGKILL; returns once another process of the part runs."""
        process = self.parts[name].process
        assert process
        process.kill()
        until(lambda: self.parts[name].process not in (None, process), f"another {name} runs")

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def await_ready(self) -> None:
        until(self.answers, f"the stack answers; its logs are in {self.home.path / 'logs'}", _READY_SECONDS)
