"""The proxy that breaks connections: what each way does to a client, and that it is well again after it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.chaos.proxies import Proxy, Way

LONG = b"x" * 20_000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests tell."""


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        made = Proxy(server.server_port)
        yield made
        made.close()
        server.shutdown()
        thread.join()


def echo(proxy: Proxy, seconds: float = 10) -> httpx.Response:
    return httpx.post(f"http://127.0.0.1:{proxy.port}/", content=LONG, timeout=seconds)


@pytest.mark.parametrize(
    ("way", "error"),
    [
        (Way.REFUSE, httpx.ConnectError),
        (Way.HANG, httpx.ReadTimeout),
        (Way.CUT, (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)),
    ],
)
def test_a_client_meets_what_the_way_says_and_is_served_afterwards(proxy: Proxy, way: Way, error: Any) -> None:
    with proxy.broken(way), pytest.raises(error):
        echo(proxy, seconds=0.5)
    assert echo(proxy).content == LONG


def test_a_busy_server_answers_503_once_the_request_has_come_in(proxy: Proxy) -> None:
    with proxy.broken(Way.BUSY):
        answer = echo(proxy)
    assert (answer.status_code, b"SlowDown" in answer.content) == (503, True)
    assert echo(proxy).content == LONG


def test_a_slow_way_takes_its_time_and_loses_nothing(proxy: Proxy) -> None:
    started = time.monotonic()
    with proxy.broken(Way.SLOW):
        assert echo(proxy).content == LONG
    assert time.monotonic() - started > 0.4


def test_connections_that_were_open_are_cut_when_the_way_breaks(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
        assert client.recv(1)
        with proxy.broken(Way.REFUSE):
            try:
                while client.recv(65_536):
                    pass
            except ConnectionResetError:
                pass
