"""The state folder of the one-command stack: `LOUPE_HOME`. All that Loupe keeps on this machine is below it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from shared.errors import Conflict, NotFound

TENANT = "shop"
"""The first shop, whose key is in the home and whose pieces the page shows."""


@dataclass(frozen=True)
class Home:
    """Paths and secrets. Secrets are made at the first start and readable by their owner alone."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Home:
        path = path.expanduser().absolute()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(path)

    @property
    def api_key_file(self) -> Path:
        return self.path / "api-key"

    @property
    def restoring(self) -> Path:
        """There from the begin of a restore to its end: what is here meanwhile is half a backup, and no shop."""
        return self.path / "restoring"

    @property
    def objects_url(self) -> str:
        return f"file://{self.path}/objects"

    @property
    def vectors_url(self) -> str:
        return f"edge://{self.path}/vectors"

    def folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def catalogue_url(self) -> str:
        """The gateway's database of the stack that last ran over this home. Raises `NotFound` when there was none."""
        return str(self.running()["catalogue_url"])

    def database_url(self, service: str) -> str:
        return f"sqlite:///{self.path}/{service}.db"

    @property
    def models(self) -> Path:
        """Where `loupe train` puts a shop's own models, a folder each."""
        return self.folder("models")

    @property
    def model_dirs(self) -> list[str]:
        """The models that the stack's embedder is to load; none: those of its own settings."""
        try:
            return [line for line in (self.path / "model-dirs").read_text().splitlines() if line]
        except FileNotFoundError:
            return []

    def load_models(self, folders: Sequence[Path]) -> None:
        """Have the running stack's embedder started again with these models."""
        self._write_private("model-dirs", "".join(f"{folder}\n" for folder in folders))

    def embedder_defaults(self) -> dict[str, str]:
        """What the embedder's environment may override."""
        return {"EMBEDDER_MODEL_DIRS": os.pathsep.join(found)} if (found := self.model_dirs) else {}

    def secret(self, name: str) -> str:
        """A random secret that stays the same for this home."""
        file = self.folder("secrets") / name
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return file.read_text().strip()
        with os.fdopen(descriptor, "w") as opened:
            opened.write(value := secrets.token_urlsafe(32))
        return value

    @property
    def internal_secret(self) -> str:
        """By which the services of this home's stacks know each other."""
        return self.secret("internal")

    def close_to_others(self) -> None:
        """No other user of this machine looks into it, whoever made the folder."""
        self.path.chmod(0o700)

    def lock(self) -> IO[str]:
        """Held while a stack runs over this home. Raises `Conflict` when one does already."""
        file = (self.path / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Conflict(
                f"Loupe already runs over {self.path} (process {file.read().strip() or 'unknown'}). "
                "Stop it with Ctrl-C where it runs, or set LOUPE_HOME and PORT to start a second one."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file

    def note_running(self, **facts: Any) -> None:
        """Leave what other commands need to find the running stack."""
        self._write_private("running.json", json.dumps(facts))

    def note_shop_bus(self, broker_url: str) -> str:
        """The shop bus of a stack: on its broker, in a database of its own. Left in a file, for shops to find.

        It names the user, which `redis-cli -u` needs.
        """
        url = broker_url.replace("//:", "//default:").removesuffix("/0") + "/1"
        self._write_private("shop-bus-url", url + "\n")
        return url

    @property
    def shop_bus_url(self) -> str | None:
        """What `note_shop_bus` left; None when no stack ever ran over this home."""
        try:
            return (self.path / "shop-bus-url").read_text().strip()
        except FileNotFoundError:
            return None

    def broker_port(self) -> int:
        """A port for the broker: the same at each start, unless somebody else listens on it now.

        Shops were given addresses with it.
        """
        try:
            port = _free_port(int((self.path / "broker-port").read_text()))
        except OSError:  # none was chosen yet, or somebody has it
            port = _free_port(0)
        self._write_private("broker-port", f"{port}\n")
        return port

    def _write_private(self, name: str, text: str) -> None:
        """Replace a file that only its owner may read."""
        partial = self.path / f"{name}.partial"
        partial.write_text(text)
        partial.chmod(0o600)
        partial.replace(self.path / name)

    def running(self) -> dict[str, Any]:
        """What the last start noted. Raises `NotFound` when there never was one."""
        try:
            facts: dict[str, Any] = json.loads((self.path / "running.json").read_text())
        except FileNotFoundError as error:
            raise NotFound(
                f"Loupe was never started over {self.path}. Start it with `make run` or `loupe up`."
            ) from error
        return facts


def _free_port(port: int) -> int:
    """This port, or any for 0. Raises `OSError` when somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
