"""Beyond what it takes at once the gateway says no, says when there is room again, and keeps nothing of the request."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from services.gateway.imports.running import ImportRunner
from shared import prompt_http
from shared.contracts.messages import ImageStored
from shared.observability.http import create_app
from shared.prompt_http import PromptHttp
from tests.support.broker import free_port
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.upstreams import served
from tests.support.waiting import until

AUTHORIZED = f"Authorization: Bearer {KEY}\r\n"


def overloaded(response: Any) -> bool:
    if response.status_code != 503:
        return False
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:loupe:problem:overloaded"
    assert 1 <= int(response.headers["Retry-After"]) <= 300
    return True


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Stand]:
    """A gateway that takes pictures up to 2 waiting messages; an item and its picture wait."""
    with running_gateway(tmp_path, backlog_limit=2) as stand:
        stand.put_item()
        stand.upload("RING-1", picture(1))
        stand.parts.backlog.look()
        yield stand


def send_picture(stand: Stand, way: str) -> Any:
    file = ("a.jpg", picture(2), "image/jpeg")
    match way:
        case "form":
            return stand.client.post("/v1/items/RING-1/images", files={"file": file})
        case "raw":
            return stand.client.put(f"/v1/items/RING-1/images/{'0' * 64}", content=picture(2))
        case "batch":
            return stand.client.post("/v1/images:batch", files={"file": file}, data={"skus": '["RING-1"]'})
        case "import":
            return stand.client.post("/v1/imports", files={"file": ("a.csv", b"sku,title\nA,B\n", "text/csv")})
        case _:
            url = httpx.URL(stand.client.post("/v1/uploads", json={"count": 1}).json()["uploads"][0]["url"])
            return stand.client.put(url.raw_path.decode(), content=picture(2))


@pytest.mark.parametrize("way", ["form", "raw", "batch", "upload", "import"])
def test_with_too_much_waiting_pictures_are_refused_and_nothing_is_kept(full: Stand, way: str) -> None:
    kept = full.pictures()
    assert overloaded(send_picture(full, way))
    assert full.pictures() == kept
    assert full.client.get("/v1/imports").json()["imports"] == []


def test_a_price_is_still_taken_while_pictures_are_not_and_removals_always(full: Stand) -> None:
    full.put_item(price=10.0)
    full.put_item(price=11.0)
    full.parts.backlog.look()
    assert overloaded(full.client.put("/v1/items/RING-1", json={"title": "Ring", "price": 12.0}))
    assert overloaded(full.client.patch("/v1/items/RING-1", json={"price": 12.0}))
    assert overloaded(full.client.post("/v1/items:batch", json={"items": [{"sku": "A", "title": "A"}]}))
    event = {"id": "e-1", "type": "viewed", "sku": "RING-1", "user_id": "u", "at": datetime.now(UTC).isoformat()}
    assert overloaded(full.client.post("/v1/events", json={"events": [event]}))
    assert full.client.delete("/v1/items/RING-1").status_code == 204


def test_what_was_refused_is_taken_once_there_is_room(full: Stand) -> None:
    request: dict[str, Any] = {
        "files": {"file": ("a.jpg", picture(2), "image/jpeg")},
        "headers": {"Idempotency-Key": "once"},
    }
    assert overloaded(full.client.post("/v1/items/RING-1/images", **request))
    (stored,) = [message for message in full.waiting() if isinstance(message, ImageStored)]
    full.client.delete(f"/v1/images/{stored.image_id}")
    with full.catalogue.write() as session:
        session.connection().exec_driver_sql("DELETE FROM outbox")
    full.parts.backlog.look()
    assert full.client.post("/v1/items/RING-1/images", **request).status_code == 202


def test_an_import_waits_for_room_and_then_goes_on(tmp_path: Path) -> None:
    with running_gateway(tmp_path, backlog_limit=1) as stand:
        sent = stand.client.post("/v1/imports", files={"file": ("a.csv", b"sku,title\nRING-2,B\n", "text/csv")})
        url = sent.json()["status_url"]
        stand.put_item("RING-1")
        stand.parts.backlog.look()
        assert not stand.parts.backlog.has_room()
        stop, asked = threading.Event(), threading.Semaphore(0)
        runner = runner_of(stand, asked)
        thread = threading.Thread(target=runner.run, args=(stop,))
        thread.start()
        assert asked.acquire(timeout=20)
        assert asked.acquire(timeout=20), "it went on without asking again"
        assert stand.client.get("/v1/items/RING-2").status_code == 404
        with stand.catalogue.write() as session:
            session.connection().exec_driver_sql("DELETE FROM outbox")
        stand.parts.backlog.look()
        until(lambda: stand.client.get(url).json()["state"] == "done", "the import is done")
        stop.set()
        runner.wake()
        thread.join()
        assert stand.client.get("/v1/items/RING-2").status_code == 200


def runner_of(stand: Stand, asked: threading.Semaphore) -> ImportRunner:
    """The gateway's own, which tells each time it asks for room."""
    (loop, *_) = [one for one in stand.service.background if isinstance(getattr(one, "__self__", None), ImportRunner)]
    runner: ImportRunner = loop.__self__  # type: ignore[attr-defined]
    has_room = runner._has_room

    def watched() -> bool:
        asked.release()
        return has_room()

    runner._has_room = watched
    return runner


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway behind a real server with room for two requests and one second of patience; its address."""
    limits: dict[str, Any] = {"requests_at_once": 2, "bodies_mb": 1, "body_seconds": 1.0}
    with running_gateway(tmp_path_factory.mktemp("gateway"), **limits) as stand, served(stand.service.http) as url:
        stand.put_item()
        yield url


def begun(url: str, length: int, sent: bytes = b"") -> socket.socket:
    """A connection on which a picture of so many bytes has begun to come."""
    host = httpx.URL(url)
    connection = socket.create_connection((host.host, host.port or 80), timeout=20)
    head = f"PUT /v1/items/RING-1/images/{'0' * 64} HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZED}Content-Length: {length}"
    connection.sendall(f"{head}\r\n\r\n".encode() + sent)
    return connection


def read_all(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """What is answered until the connection is closed: status, headers, JSON."""
    answer = b""
    while piece := connection.recv(65_536):
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, json.loads(body)


def test_a_body_that_trickles_is_cut_with_408_and_the_connection_with_it(small: str) -> None:
    with begun(small, 1_000, b"\xff\xd8\xff") as connection:
        status, headers, problem = read_all(connection)
    assert (status, problem["type"]) == (408, "urn:loupe:problem:too-slow")
    assert headers["connection"] == "close"


def test_more_requests_than_it_takes_at_once_are_refused_and_health_is_answered(small: str) -> None:
    with begun(small, 1_000), begun(small, 1_000):
        until(lambda: overloaded(asked(small, "/v1/status")), "a third request is refused")
        assert asked(small, "/healthz").status_code == 200
        assert asked(small, "/metrics").status_code == 200
    until(lambda: asked(small, "/v1/status").status_code == 200, "there is room again")


def test_bodies_that_would_take_too_much_memory_together_are_refused(small: str) -> None:
    with begun(small, 1_000_000):
        until(lambda: overloaded(put(small, picture(3, size=(400, 400)))), "a second large body is refused")
        assert asked(small, "/v1/status").status_code == 200  # it has none
    until(lambda: put(small, picture(3, size=(400, 400))).status_code == 422, "it is taken, and has another hash")


def asked(url: str, path: str) -> httpx.Response:
    return httpx.get(url + path, headers={"Authorization": f"Bearer {KEY}"}, timeout=20)


def put(url: str, data: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.put(f"{url}/v1/items/RING-1/images/{'0' * 64}", content=data, headers=headers, timeout=20)


def test_a_connection_that_does_not_say_what_it_wants_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_http, "HEAD_SECONDS", 0.3)
    port = free_port()
    config = uvicorn.Config(create_app("gateway", {}), port=port, http=PromptHttp, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "the server runs")
    for said in (b"", b"GET /healthz HTTP/1.1\r\nX-Slow: "):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(said)
            assert connection.recv(100) == b""
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    server.should_exit = True
    thread.join()
