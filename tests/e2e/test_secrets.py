"""A running stack: what can be asked of it without its secrets, and whether it tells them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil

from tests.support.stack import RunningStack

OPEN = {"/healthz", "/readyz", "/metrics"}
ASKED = ("/models", "/reindex", "/experiment?tenant=shop", "/openapi.json", "/docs")


def processes(stack: RunningStack) -> list[psutil.Process]:
    """Those of the stack: the supervisor, and all below it."""
    (supervisor,) = (psutil.Process(pid) for pid in [stack.facts["pid"]])
    return [supervisor, *supervisor.children(recursive=True)]


def listening(stack: RunningStack) -> set[tuple[str, int]]:
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in processes(stack)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def secrets(home: Path) -> dict[str, bytes]:
    """Each secret of the stack, and how it is written in a URL."""
    found = {f"secrets/{file.name}": file.read_text().strip() for file in (home / "secrets").iterdir()}
    found["api-key"] = (home / "api-key").read_text().strip()
    encoded = {f"{name}, encoded": quote(value, safe="") for name, value in found.items()}
    return {name: value.encode() for name, value in (found | encoded).items()}


def command_lines(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    for process in processes(stack):
        yield f"the process list: {process.name()}", Path(f"/proc/{process.pid}/cmdline").read_bytes()


def logs(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    yield "what `loupe up` prints", stack.said.encode()
    for file in stack.home.rglob("*.log"):
        yield str(file.relative_to(stack.home)), file.read_bytes()


def test_every_port_is_on_this_machine_alone_and_tells_nothing_to_who_shows_no_secret(stack: RunningStack) -> None:
    ports = listening(stack)
    assert len(ports) >= 6, "the broker, and five services"
    assert {address for address, _ in ports} == {"127.0.0.1"}
    asked = 0
    with httpx.Client(timeout=5) as anybody:
        for port in sorted({port for _, port in ports} - {stack.port}):
            try:
                health = anybody.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.HTTPError:  # it speaks something else
                continue
            if "x-request-id" not in health.headers:
                continue  # a server of others
            asked += 1
            assert health.status_code == 200
            for path in ASKED:
                answer = anybody.get(f"http://127.0.0.1:{port}{path}")
                assert answer.status_code == 401, f"{port}{path}"
                assert answer.json()["type"] == "urn:loupe:problem:internal-secret-needed"
            wrong = {"Authorization": f"Bearer {stack.key}"}
            assert anybody.get(f"http://127.0.0.1:{port}/models", headers=wrong).status_code == 401
    assert asked == 5, "the embedder, the indexer, the recommender, the inventory and the authenticity service"


def test_the_broker_answers_nobody_without_its_password(stack: RunningStack) -> None:
    port = int((stack.home / "broker-port").read_text())
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_no_secret_is_in_the_process_list_or_in_a_log(stack: RunningStack) -> None:
    with stack.api as api:  # also when things go wrong
        assert api.get("/v1/items", headers={"Authorization": "Bearer lk_of-nobody-at-all"}).status_code == 401
        assert api.post("/v1/search", files={"image": ("p.jpg", b"no picture", "image/jpeg")}).is_client_error
    kept = secrets(stack.home)
    assert {"api-key", "secrets/internal", "secrets/broker", "secrets/gateway"} <= kept.keys()
    for told in (command_lines, logs):
        places = dict(told(stack))
        assert sum(map(len, places.values())) > 100
        found = {(name, place) for name, value in kept.items() for place, text in places.items() if value in text}
        assert found == set(), told.__name__
        assert not any(b"of-nobody-at-all" in text for text in places.values())


def test_the_home_and_what_is_secret_in_it_are_its_owners_alone(stack: RunningStack) -> None:
    closed = [stack.home, stack.home / "api-key", stack.home / "running.json", stack.home / "shop-bus-url"]
    for path in [*closed, *(stack.home / "secrets").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path
