"""The version before this one, out of the repository's history, and services of both side by side."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
from alembic.config import Config
from alembic.script import ScriptDirectory

from deploy.local.home import Home
from deploy.local.launch import free_ports
from deploy.local.supervisor import Child
from deploy.processes import stack
from shared import database
from shared.errors import Retryable
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
SERVICES = ("embedder", "indexer", "recommender", "inventory", "authenticity", "gateway")
_RUNS = ("shared", "services")
_READY_SECONDS = 120


def before_the_newest_migration(folder: Path) -> Path:
    """The code as it was before the newest change of any schema: that of a release before, in `folder`."""
    newest = _git("log", "-1", "--format=%P", "--", "services/*/migrations/*").split()[0].decode()
    packed = _git("archive", "--format=tar", newest, *_RUNS)
    folder.mkdir()
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=packed, check=True)
    return folder


class MixedStack:
    """The servers of production and the services on them, each a process of the version that it was started with."""

    def __init__(self, home: Home, settings: dict[str, str]) -> None:
        port = free_ports(1)[0]
        home.api_key_file.write_text(f"lk_{home.secret('first-api-key')}\n")
        self.key = home.api_key_file.read_text().strip()
        self.address = f"http://127.0.0.1:{port}"
        self._plan = stack.plan(home, port, None)
        self._settings = settings
        self._services = {child.name: child for child in self._plan.services}
        self._running: list[Child] = []

    def start_servers(self) -> None:
        for server in self._plan.servers:
            server.start()
            self._running.append(server)
        until(self._servers_answer, "the servers answer", _READY_SECONDS)

    def start(self, service: str, code: Path, port: int | None = None) -> Child:
        """A process of `code`, where that service is asked, or at `port` beside it; once it is ready."""
        planned = self._services[service]
        at = port or int(self._plan.facts["ports"][service])
        own = {
            "PYTHONPATH": str(code),
            "PYTHONSAFEPATH": "1",  # else `-m` takes the folder it is in
            f"{service.upper()}_PORT": str(at),
            f"{service.upper()}_SOLE_WORKER": "false",
        }
        child = replace(planned, environment={**planned.environment, **self._settings, **own}, process=None)
        child.start()
        self._running.append(child)
        until(lambda: self._ready(child, at), f"{service} is ready; its words are in {child.log}", _READY_SECONDS, 0.1)
        return child

    def revert(self, service: str, code: Path) -> None:
        """Take the schema of a service back to what `code` knows, as docs/operations.md says."""
        url = self._services[service].environment.get("DATABASE_URL")
        older = code / "services" / service / "migrations"
        if not url or not older.exists():
            return
        config = Config()
        config.set_main_option("script_location", str(older))
        known = ScriptDirectory.from_config(config).get_current_head()
        assert known
        opened = database.open(url)
        opened.revert(ROOT / "services" / service / "migrations", known)
        opened.close()

    def stop(self) -> None:
        for child in reversed(self._running):
            child.ask_to_stop()
            child.ended_in_time()

    def _servers_answer(self) -> bool:
        try:
            self._plan.check_servers()
        except Retryable:
            return False
        return True

    @staticmethod
    def _ready(child: Child, port: int) -> bool:
        assert child.alive, f"{child.name} ended: {child.log.read_text()[-3000:]}"
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False


def _git(*arguments: str) -> bytes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *arguments], cwd=ROOT, env=environment, capture_output=True, check=True).stdout
