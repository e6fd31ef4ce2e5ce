"""Vector indexes for the adapter suites: one URL an adapter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.qdrant_server import RunningQdrant

QDRANT_URL = os.environ.get("QDRANT_URL")
"""A real server, where there is one; else the suites run over the stand-in, which proves the wiring only."""

UrlOf = Callable[[str, Path], str]


@contextmanager
def urls(folder: Path) -> Iterator[UrlOf]:
    """Gives the URL of an index by the name of its adapter and a folder for it. The Qdrant server is one for all."""
    started: list[RunningQdrant] = []

    def url_of(adapter: str, own: Path) -> str:
        if adapter == "qdrant":
            if not QDRANT_URL and not started:
                started.append(RunningQdrant(folder))
            return QDRANT_URL or started[0].url
        return "memory://" if adapter == "memory" else f"{adapter}://{own}"

    yield url_of
    for server in started:
        server.stop()
