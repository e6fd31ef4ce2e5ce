"""What an object store behind a network promises beyond the suite of the port."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

from deploy.processes import servers
from shared import objectstore
from shared.errors import Permanent, Retryable
from tests.support.broker import free_port
from tests.support.servers import PASSWORD, RunningServer
from tests.support.waiting import until

SECRET = quote(PASSWORD, safe="")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(servers.object_store(tmp_path, free_port(), PASSWORD))
    yield running
    running.stop()


def test_a_server_away_is_retryable_at_once_and_the_store_is_used_on_when_it_is_back(own_server: RunningServer) -> None:
    store = objectstore.open(own_server.url, "pictures")
    store.put("lumen", "k", b"x")
    own_server.stop()
    started = time.monotonic()
    for call in (store.ping, lambda: store.get("lumen", "k"), lambda: list(store.keys("lumen"))):
        with pytest.raises(Retryable, match=r"127\.0\.0\.1:\d+ does not answer") as away:
            call()
        assert PASSWORD not in away.value.detail
        assert SECRET not in away.value.detail
    with pytest.raises(Retryable, match="OBJECT_STORE_URL"):
        objectstore.open(own_server.url, "pictures")
    assert time.monotonic() - started < 10
    own_server.start()
    assert store.get("lumen", "k") == b"x"


def test_every_object_that_was_acknowledged_outlives_a_killed_server(own_server: RunningServer) -> None:
    store = objectstore.open(own_server.url, "pictures")
    kept: set[str] = set()

    def write(writer: int) -> None:
        for number in range(10_000):
            key = f"{writer}/{number}"
            try:
                store.put("lumen", key, key.encode() * 5_000)
            except Retryable:
                return
            kept.add(key)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    until(lambda: len(kept) > 100, "objects are written")
    own_server.kill()
    for writer in writers:
        writer.join()
    own_server.start()
    assert [key for key in kept if store.get("lumen", key) != key.encode() * 5_000] == []
    assert set(store.keys("lumen")) >= kept


@pytest.mark.parametrize("credentials", ["loupe:hush-hush", f"nobody:{SECRET}"])
def test_wrong_credentials_are_told_without_telling_them(running_object_store: RunningServer, credentials: str) -> None:
    host = running_object_store.url.rpartition("@")[2]
    with pytest.raises(Retryable, match="refuses the credentials in OBJECT_STORE_URL") as refused:
        objectstore.open(f"s3://{credentials}@{host}", "pictures")
    assert "hush" not in refused.value.detail
    assert SECRET not in refused.value.detail


def test_a_server_that_closes_every_connection_is_retryable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        closing = threading.Event()

        def close_all() -> None:
            while not closing.is_set():
                listener.accept()[0].close()

        thread = threading.Thread(target=close_all)
        thread.start()
        try:
            with pytest.raises(Retryable, match="does not answer"):
                objectstore.open(f"s3://a:hush-hush@127.0.0.1:{port}?secure=false", "pictures")
        finally:
            closing.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()


def test_a_path_in_the_url_comes_before_the_names_of_buckets(running_object_store: RunningServer) -> None:
    name = uuid.uuid4().hex
    before = running_object_store.url.replace("?", f"/{name}?")
    objectstore.open(before, "pictures").put("lumen", "k", b"x")
    assert objectstore.open(running_object_store.url, f"{name}-pictures").get("lumen", "k") == b"x"


def test_who_has_a_signed_address_puts_this_object_and_no_other_while_it_counts(
    running_object_store: RunningServer,
) -> None:
    outside = f"http://localhost:{urlsplit(running_object_store.url).port}"
    store = objectstore.open(running_object_store.url, uuid.uuid4().hex, outside)
    url = store.upload_url("lumen", "a/b", 60)
    assert url is not None
    assert url.startswith(outside)
    assert httpx.put(url, content=b"picture").status_code == 200
    assert store.get("lumen", "a/b") == b"picture"
    for other in (url.replace("/a/b?", "/a/c?"), url.replace("/lumen/", "/orla/"), url.replace("=60&", "=61&")):
        assert other != url
        assert httpx.put(other, content=b"x").status_code == 403
    short = store.upload_url("lumen", "late", 1)
    assert short is not None
    until(lambda: httpx.put(short, content=b"x").status_code == 403, "its second is over")


@pytest.mark.parametrize(
    "public", ["objects.shop.example", "ftp://objects.shop.example", "https://shop.example/objects"]
)
def test_an_address_outside_that_is_none_is_refused(running_object_store: RunningServer, public: str) -> None:
    with pytest.raises(Permanent, match="public URL"):
        objectstore.open(running_object_store.url, "pictures", public)
    with pytest.raises(Permanent, match="public URL"):
        objectstore.open("file:///tmp", "pictures", public)
