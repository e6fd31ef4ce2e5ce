"""The remote path to a Qdrant server: away, slow, restarted, behind a key. Over the stand-in: it proves the wiring.

gRPC can be spoken only with a real server: set QDRANT_URL to one with `?grpc_port=6334`, and the suites run over it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared import vectorstore
from shared.errors import Permanent, Retryable
from shared.vectorstore import AnyOf, Filter
from tests.adapter.vector_oracle import DIMENSION, ids, point_of, unit
from tests.support.broker import free_port
from tests.support.qdrant_server import RunningQdrant

WRITE_UNTIL_REFUSED = """if True:
    import sys
    from shared import vectorstore
    from shared.errors import Retryable
    from tests.adapter.vector_oracle import DIMENSION, point_of
    store = vectorstore.open(sys.argv[1], "pictures", DIMENSION)
    number = 0
    try:
        while True:
            store.upsert("lumen", [point_of(n) for n in range(number, number + 5)])
            number += 5
            print(number, flush=True)
    except Retryable:
        pass
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningQdrant]:
    running = RunningQdrant(tmp_path / "server")
    yield running
    running.stop()


def test_what_another_process_was_told_is_written_survives_the_servers_death(server: RunningQdrant) -> None:
    command = [sys.executable, "-c", WRITE_UNTIL_REFUSED, server.url]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout
    for line in writer.stdout:
        if int(line) >= 100:
            break
    server.kill()
    acknowledged = max([int(line), *map(int, writer.stdout)])
    assert writer.wait() == 0
    server.start()
    store = vectorstore.open(server.url, "pictures", DIMENSION)
    assert {point_of(n).id for n in range(acknowledged)} <= set(ids(store.scroll("lumen", limit=10_000)))
    store.close()


def test_a_server_that_is_away_is_told_in_words_and_the_same_store_works_once_it_is_back(server: RunningQdrant) -> None:
    store = vectorstore.open(server.url, "pictures", DIMENSION)
    directory = vectorstore.directory(server.url, "pieces")
    store.upsert("lumen", [point_of(1)])
    server.kill()
    for call in (store.ping, directory.ping, lambda: store.upsert("lumen", [point_of(2)]), directory.names):
        with pytest.raises(Retryable, match="cannot be reached"):
            call()
    server.start()
    store.upsert("lumen", [point_of(2)])
    assert store.count("lumen") == 2
    directory.ping()
    store.close()
    directory.close()


def test_a_server_that_does_not_answer_in_time_is_given_up(server: RunningQdrant) -> None:
    store = vectorstore.open(f"{server.url}?timeout=1", "pictures", DIMENSION)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        for call in (lambda: store.search("lumen", unit(1), 3), lambda: store.delete("lumen", Filter())):
            started = time.monotonic()
            with pytest.raises(Retryable, match="cannot be reached"):
                call()
            assert time.monotonic() - started < 5
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert store.search("lumen", unit(1), 3) == []
    store.close()


def test_a_new_collection_is_spread_over_a_cluster_as_the_url_says(server: RunningQdrant) -> None:
    vectorstore.open(f"{server.url}?shards=6&replicas=3", "spread", DIMENSION).close()
    made = httpx.get(f"{server.url.replace('qdrant', 'http')}/collections/spread").json()["result"]["config"]["params"]
    assert (made["shard_number"], made["replication_factor"], made["write_consistency_factor"]) == (6, 3, 2)


def test_a_wrong_key_is_told_and_the_right_one_opens(tmp_path: Path) -> None:
    server = RunningQdrant(tmp_path / "server", api_key="sesame")
    try:
        for url in (server.url, f"{server.url}?api_key=other"):
            with pytest.raises(Retryable, match="refuses our key"):
                vectorstore.open(url, "pictures", DIMENSION)
        vectorstore.open(f"{server.url}?api_key=sesame", "pictures", DIMENSION).close()
    finally:
        server.stop()


def test_a_collection_that_another_process_dropped_is_told_of(server: RunningQdrant) -> None:
    store = vectorstore.open(server.url, "pictures", DIMENSION)
    directory = vectorstore.directory(server.url, "pieces")
    directory.drop("pictures")
    for call in (lambda: store.search("lumen", unit(1), 3), lambda: store.upsert("lumen", [point_of(1)])):
        with pytest.raises(Retryable, match="not in the vector index"):
            call()
    store.close()
    directory.close()


def test_two_processes_may_make_the_same_collection_at_once(server: RunningQdrant) -> None:
    code = """if True:
        import sys
        from shared import vectorstore
        vectorstore.open(sys.argv[1], "pictures", 8).close()
    """
    makers = [subprocess.Popen([sys.executable, "-c", code, server.url]) for _ in range(3)]
    assert [maker.wait() for maker in makers] == [0, 0, 0]
    store = vectorstore.open(server.url, "pictures", 8)
    store.upsert("lumen", [point_of(1, type="ring")])
    assert store.count("lumen", Filter(must=[AnyOf("type", ["ring"])])) == 1
    store.close()


def test_a_write_of_one_process_makes_a_new_generation_in_another(server: RunningQdrant) -> None:
    code = """if True:
        import sys
        from shared import vectorstore
        from tests.adapter.vector_oracle import DIMENSION, point_of
        store = vectorstore.open(sys.argv[1], "pictures", DIMENSION)
        store.upsert("lumen", [point_of(1)])
        print(store.generation("lumen"), end="")
        store.close()
    """
    reader = vectorstore.open(server.url, "pictures", DIMENSION)
    before = reader.generation("lumen")
    written = subprocess.run([sys.executable, "-c", code, server.url], check=True, capture_output=True, text=True)
    assert reader.generation("lumen") == written.stdout != before
    assert reader.generation("orla") == before
    reader.close()


def test_a_grpc_port_that_does_not_answer_is_told_in_words() -> None:
    with pytest.raises(Retryable, match="by gRPC"):
        vectorstore.open(f"qdrant://127.0.0.1:1?grpc_port={free_port()}&timeout=2", "pictures", DIMENSION)


@pytest.mark.parametrize("options", ["speed=9", "timeout=soon", "https=maybe", "grpc_port=x", "shards=0", "replicas=a"])
def test_options_that_cannot_be_read_are_refused_with_those_that_can(options: str) -> None:
    with pytest.raises(Permanent, match=r"api_key=.*grpc_port="):
        vectorstore.open(f"qdrant://127.0.0.1:1?{options}", "pictures", DIMENSION)
