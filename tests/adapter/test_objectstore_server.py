"""What an object store behind a network promises beyond the suite of the port."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from deploy.processes import servers
from shared import objectstore
from shared.errors import Retryable
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
