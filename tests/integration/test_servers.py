"""The servers, run as the process topology runs them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deploy.processes import servers
from deploy.processes.servers import Server
from shared.errors import Permanent
from tests.support.broker import free_port
from tests.support.servers import PASSWORD, RunningServer
from tests.support.waiting import until

SERVERS: dict[str, Callable[[Path, int], Server]] = {
    "valkey": lambda folder, port: servers.valkey(folder, port, PASSWORD),
    "redis": lambda folder, port: servers.redis(folder, port, PASSWORD),
    "postgresql": lambda folder, port: servers.postgresql(folder, port, PASSWORD, ["gateway"]),
    "rabbitmq": lambda folder, port: servers.rabbitmq(folder, port, PASSWORD),
    "object store": lambda folder, port: servers.object_store(folder, port, PASSWORD),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_killed_server_starts_again_over_its_folder_on_loopback_alone_and_stops_whole(
    name: str, tmp_path: Path
) -> None:
    port = free_port()
    running = RunningServer(SERVERS[name](tmp_path, port))
    running.kill()
    again = RunningServer(SERVERS[name](tmp_path, port))
    assert again.url == running.url
    processes = _processes(again)
    assert _listening(processes) <= {"127.0.0.1", "::1"}
    again.stop()
    until(lambda: not any(process.is_running() for process in processes), "nothing of it is left")


def test_a_server_that_is_not_installed_is_missed_by_the_name_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Permanent, match=r"There is no redis-server on this machine\. .*apt-get install redis-server"):
        servers.redis(tmp_path, 1, PASSWORD)


def _processes(running: RunningServer) -> list[psutil.Process]:
    assert running.child.process
    process = psutil.Process(running.child.process.pid)
    return [process, *process.children(recursive=True)]


def _listening(processes: list[psutil.Process]) -> set[str]:
    found = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # PostgreSQL starts short-lived ones
            found |= {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
    return found
