"""What shops name is asked over the public net alone; nothing else is connected to, whatever its spelling."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from services.gateway.outward import AddressRefused, Answer, Outward, Unreachable, is_public, parse_allowed


class _Receiver(BaseHTTPRequestHandler):
    """Answers by its path: `/long`, `/slow`, `/drip`, `/moved`; all else is 200."""

    def do_POST(self) -> None:
        taken: list[str] = self.server.taken  # type: ignore[attr-defined]
        taken.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/slow":
            self.server.released.wait(20)  # type: ignore[attr-defined]
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"x" * 1_000_000 if self.path == "/long" else body)

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def listening(host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[int, list[str]]]:
    server = ThreadingHTTPServer((host, port), _Receiver)
    server.taken = []  # type: ignore[attr-defined]
    server.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1], server.taken  # type: ignore[attr-defined]
    finally:
        server.released.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
        server.server_close()


def posted(outward: Outward, url: str, *, seconds: float = 5, at_most_bytes: int = 1_024) -> Answer:
    return asyncio.run(
        outward.request("POST", url, headers={}, body=b"hello", seconds=seconds, at_most_bytes=at_most_bytes)
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "0177.0.0.1",
        "2130706433",
        "0",
        "0.0.0.0",  # noqa: S104 - an address that reaches this machine, not a bind
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
    ],
)
def test_no_spelling_of_an_inner_address_is_connected_to(host: str) -> None:
    with listening() as (port, taken):
        for scheme in ("http", "https"):
            with pytest.raises(AddressRefused):
                posted(Outward(), f"{scheme}://{host}:{port}/")
            with pytest.raises(AddressRefused):
                asyncio.run(Outward().check(f"{scheme}://{host}:{port}/"))
        assert taken == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "shop.example",
        "https://anna:secret@shop.example/",
        "https://127.0.0.1@shop.example/",
        "https://shop.example:99999/",
        "https://shop.example/" + "a" * 2_048,
        "http://1.1.1.1/",
        "https://1.1.1.1:6379/",
        "https://1.1.1.1:22/",
        "https://[::ffff:1.2.3.4]/",
        "\0",
        "https://[",
    ],
)
def test_what_is_no_address_of_a_public_web_server_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as told:
        asyncio.run(Outward().check(url))
    assert "secret" not in told.value.detail


@pytest.mark.parametrize(
    "url", ["https://1.1.1.1/", "https://[2606:4700:4700::1111]:8443/x", "https://nobody.invalid/"]
)
def test_public_addresses_are_let_pass(url: str) -> None:
    asyncio.run(Outward().check(url))


@pytest.mark.parametrize(
    "address",
    ["fec0::1", "5f00::1", "2001:db8::1", "3fff::1", "2001:0:1::", "198.18.0.1", "192.0.0.192", "240.0.0.1", "ff02::1"],
)
def test_addresses_of_no_public_machine_are_known(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("allowed", ["127.0.0.0/8", "127.0.0.1", "localhost", "LocalHost."])
def test_what_the_operator_allows_is_asked_even_by_plain_http(allowed: str) -> None:
    with listening() as (port, taken):
        host = "127.0.0.1" if allowed[0] == "1" else "localhost"
        answer = posted(Outward([allowed]), f"http://{host}:{port}/x")
        assert (answer.status, answer.body, answer.whole) == (200, b"hello", True)
        with pytest.raises(AddressRefused):
            posted(Outward([allowed]), f"http://10.0.0.1:{port}/")
        assert taken == ["/x"]


@pytest.mark.parametrize("entry", ["", "10.0.0.0/33", "10.0.0", "*", "a b", "https://x.example"])
def test_what_is_neither_a_network_nor_a_host_cannot_be_allowed(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a network"):
        parse_allowed(entry)


class _Names(AbstractResolver):
    """A name server of an attacker: each time it is asked it gives the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert family == socket.AF_UNSPEC
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=6, flags=0)
            for each in self.answers.pop(0)
        ]

    async def close(self) -> None:
        pass


def test_a_name_is_resolved_once_and_the_address_looked_at_is_the_one_connected_to() -> None:
    """127.0.0.2 stands for a public address, 127.0.0.1 for an inner one."""
    with listening() as (port, inner), listening("127.0.0.2", port) as (_, outer):
        names = _Names(["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"])
        outward = Outward(["127.0.0.2"], lambda: names)
        posted(outward, f"http://rebinding.example:{port}/")
        assert (outer, inner, len(names.answers)) == (["/"], [], 2)
        with pytest.raises(AddressRefused):
            posted(outward, f"http://rebinding.example:{port}/")
        assert (outer, inner, len(names.answers)) == (["/"], [], 1), "the next try looks again"


def test_a_name_with_one_inner_address_among_others_is_refused() -> None:
    with listening() as (port, inner), listening("127.0.0.2", port) as (_, outer):
        names = _Names(["127.0.0.2", "127.0.0.1"])
        with pytest.raises(AddressRefused):
            posted(Outward(["127.0.0.2"], lambda: names), f"http://both.example:{port}/")
        assert (outer, inner) == ([], [])


def test_an_answer_is_read_up_to_its_limit_and_a_redirect_is_not_followed() -> None:
    with listening() as (port, taken):
        outward = Outward(["127.0.0.0/8"])
        long = posted(outward, f"http://127.0.0.1:{port}/long", at_most_bytes=100)
        assert (long.body, long.whole) == (b"x" * 100, False)
        moved = posted(outward, f"http://127.0.0.1:{port}/moved")
        assert (moved.status, moved.headers["location"]) == (302, "/elsewhere")
        assert taken == ["/long", "/moved"]


def test_who_is_slow_away_or_speaks_no_tls_is_unreachable() -> None:
    with listening() as (port, _):
        outward = Outward(["127.0.0.0/8"])
        for url, told in [
            (f"http://127.0.0.1:{port}/slow", "within 0.3 seconds"),
            (f"https://127.0.0.1:{port}/", "could not be asked"),
            ("http://127.0.0.1:1/", "nobody takes the connection"),
            ("https://nobody.invalid/", "nobody knows this name"),
        ]:
            with pytest.raises(Unreachable, match=told):
                posted(outward, url, seconds=0.3)
