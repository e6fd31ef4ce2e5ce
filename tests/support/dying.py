"""Real services that die at a named step: `python -m tests.support.dying` runs one, chosen by DYING_SERVICE.

A step is armed by a file of its name in DYING_FOLDER. The first thread that reaches it takes the file away and kills
the process: `before-QUEUE:MESSAGE` and `after-QUEUE:MESSAGE` around a publication, `before-BUCKET.METHOD` and
`after-BUCKET.METHOD` around a write to a bucket, the same with `vectors` for the index. While there is a file `hold`
the thread stands still first, and inside a write to the index until another thread waits for the lock that it holds,
unless DYING_AT_ONCE. Its embedder falls for the pictures of `tests.support.poison`.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from celery.signals import after_task_publish, before_task_publish
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import objectstore, vectorstore

_WRITES = ("put", "upsert", "delete", "set_payload")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DYING_")

    service: str
    folder: Path
    at_once: bool = False


class Steps:
    def __init__(self, folder: Path, at_once: bool) -> None:
        self._folder = folder
        self._at_once = at_once

    def reach(self, step: str) -> None:
        try:
            (self._folder / step).rename(self._folder / f"{step}.reached")
        except FileNotFoundError:
            return
        contended = "vectors" in step and not self._at_once
        while (self._folder / "hold").exists() or (contended and not _another_waits_for_the_lock()):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A store, with steps before and after each of its writes."""

    def __init__(self, store: Any, name: str, steps: Steps) -> None:
        self._store, self._name, self._steps = store, name, steps

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if name not in _WRITES:
            return attribute

        def write(*args: Any, **kwargs: Any) -> Any:
            self._steps.reach(f"before-{self._name}.{name}")
            result = attribute(*args, **kwargs)
            self._steps.reach(f"after-{self._name}.{name}")
            return result

        return write


class WatchedDirectory:
    """A directory whose collections are watched."""

    def __init__(self, directory: Any, steps: Steps) -> None:
        self._directory, self._steps = directory, steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._directory, name)

    def open(self, name: str, dimension: int) -> Any:
        return Watched(self._directory.open(name, dimension), "vectors", self._steps)


def _another_waits_for_the_lock() -> bool:
    """Whether another thread stands in the statement that takes SQLite's write lock, now and a moment later."""

    def waiting() -> set[int]:
        return {thread for thread, frame in sys._current_frames().items() if _stands_in(frame, "_on_begin")}

    before = waiting()
    time.sleep(0.1)
    return bool((before & waiting()) - {threading.get_ident()})


def _stands_in(frame: Any, function: str) -> bool:
    while frame is not None:
        if frame.f_code.co_name == function:
            return True
        frame = frame.f_back
    return False


def _watch(steps: Steps) -> None:
    open_objects, open_directory = objectstore.open, vectorstore.directory

    def objects(url: str, bucket: str, *more: Any) -> Any:
        return Watched(open_objects(url, bucket, *more), bucket, steps)

    def directory(url: str, alias: str) -> Any:
        return WatchedDirectory(open_directory(url, alias), steps)

    objectstore.open = cast("Callable[..., Any]", objects)
    vectorstore.directory = cast("Callable[..., Any]", directory)
    before_task_publish.connect(lambda sender, **_: steps.reach(f"before-{sender}"), weak=False)
    after_task_publish.connect(lambda sender, **_: steps.reach(f"after-{sender}"), weak=False)


def main() -> None:
    """Imports no more than the service that it runs: what it kills is started again many times."""
    dying = Settings()
    os.environ.setdefault(f"{dying.service.upper()}_SOLE_WORKER", "true")
    _watch(Steps(dying.folder, dying.at_once))
    module = {"backend": "deploy.local.backend", "embedder": "tests.support.poison"}
    importlib.import_module(module.get(dying.service, f"services.{dying.service}.main")).main()


if __name__ == "__main__":
    main()
