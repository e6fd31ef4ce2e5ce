"""Real processes of services, kept running by the supervisor of the local stack; its words are kept."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from deploy.local.supervisor import Child, Supervisor


class Supervised:
    """`modules` maps a name to the module that `python -m` runs and to its environment; logs go to `folder`."""

    def __init__(self, folder: Path, modules: Mapping[str, tuple[str, Mapping[str, str]]]) -> None:
        self.words: list[str] = []
        self._supervisor = Supervisor(
            [
                Child(name, [sys.executable, "-m", module], environment, folder / f"{name}.log", seconds_to_stop=10)
                for name, (module, environment) in modules.items()
            ],
            self.words.append,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor")
        self._thread.start()

    def deaths(self, name: str, signal: str = "SIGKILL") -> int:
        """How often this process was ended by `signal`."""
        return sum(words.startswith(f"{name} was ended by {signal}") for words in self.words)

    def pid(self, name: str) -> int:
        (child,) = (child for child in self._supervisor.children if child.name == name)
        assert child.process
        return child.process.pid

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._supervisor.stop()

    def _run(self) -> None:
        while not self._stop.is_set():  # children die with the thread that started them, so it starts all of them
            self._supervisor.watch()
            self._stop.wait(0.05)
        self._supervisor.stop()
