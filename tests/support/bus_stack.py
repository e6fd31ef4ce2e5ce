"""What the one-command stack runs, with any shop bus: broker, embedder, and the other services in
one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.processes import servers
from tests.support import small_model
from tests.support.broker import free_port
from tests.support.servers import PASSWORD, RunningServer
from tests.support.supervised import Supervised
from tests.support.waiting import until

_READY_SECONDS = 120


class BusStack:
    """Over a folder of its own, with a small model; its shop is `shop`. `own_bus_url`: a shop bus on its own broker."""

    key = "lk_of-the-tests"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._broker = RunningServer(servers.valkey(folder / "broker", free_port(), PASSWORD))
        self.own_bus_url = self._broker.url.removesuffix("/0") + "/1"
        (folder / "api-key").write_text(self.key)
        embedder_port = free_port()
        self._environment = {
            "LOUPE_HOME": str(folder),
            "PORT": str(self.port),
            "BROKER_URL": self._broker.url,
            "OBJECT_STORE_URL": f"file://{folder}/objects",
            "EMBEDDER_URL": f"http://127.0.0.1:{embedder_port}",
            "EMBEDDER_PORT": str(embedder_port),
            "INDEXER_PORT": str(free_port()),
            "RECOMMENDER_PORT": str(free_port()),
            "INVENTORY_PORT": str(free_port()),
            "AUTHENTICITY_PORT": str(free_port()),
            "EMBEDDER_MODEL_DIRS": str(small_model.small_model(folder / "model")),
            "MODEL_VERSION": small_model.VERSION,
            "MODEL_DIMENSION": str(small_model.DIMENSION),
        }
        self._embedder = Supervised(folder, {"embedder": ("services.embedder.main", self._environment)})

    @contextmanager
    def hearing(self, bus_url: str) -> Iterator[None]:
        """Run the rest of it, with its shops at this bus, until the end of the block."""
        environment = self._environment | {"SHOP_BUS_URL": bus_url}
        backend = Supervised(self._folder, {"backend": ("deploy.local.backend", environment)})
        try:
            until(self._is_ready, f"the stack answers; its logs are in {self._folder}", _READY_SECONDS)
            yield
        finally:
            backend.stop()

    def close(self) -> None:
        self._embedder.stop()
        self._broker.stop()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False
