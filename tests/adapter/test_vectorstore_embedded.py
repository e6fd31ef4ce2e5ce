"""What the vector engines that run in our process promise beyond the port."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from shared import vectorstore
from shared.errors import Permanent, Retryable
from shared.vectorstore import Between, Filter, Point
from shared.vectorstore.edge_engine import outlook
from tests.adapter.vector_oracle import DIMENSION, id_of, ids, point_of, text_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture(params=["edge", "qdrant-local"])
def embedded_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.param}://{tmp_path}"


WRITE_AND_DIE = """if True:
    import os, signal, sys, uuid
    import numpy as np
    from shared import vectorstore
    from shared.vectorstore import AnyOf, Filter, Point
    from tests.adapter.vector_oracle import text_of
    store = vectorstore.open(sys.argv[1], "pictures", 8)
    for start in range(0, 5000, 500):
        store.upsert("lumen", [Point(str(uuid.UUID(int=n + 1)), np.eye(8, dtype=np.float32)[n % 8], {"sku": str(n)})
                               for n in range(start, start + 500)])
    store.delete("lumen", Filter(must=[AnyOf("sku", ["7"])]))
    store.set_payload("lumen", Filter(must=[AnyOf("sku", ["8"])]), {"price": 8.5})
    store.set_text("lumen", Filter(must=[AnyOf("sku", ["8", "9"])]), text_of(3, 17))
    store.set_text("lumen", Filter(must=[AnyOf("sku", ["9"])]), None)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_written_survives_the_death_of_the_process(tmp_path: Path) -> None:
    url = f"edge://{tmp_path}"
    assert subprocess.run([sys.executable, "-c", WRITE_AND_DIE, url], check=False).returncode == -9
    store = vectorstore.open(url, "pictures", DIMENSION)
    expected = sorted(str(uuid.UUID(int=n + 1)) for n in range(5_000) if n != 7)
    assert ids(store.scroll("lumen", limit=10_000)) == expected
    assert [p.payload["sku"] for p in store.scroll("lumen", Filter(must=[Between("price", 8.5, 8.5)]))] == ["8"]
    assert [hit.payload["sku"] for hit in store.search_text("lumen", text_of(3, 17), 9)] == ["8"]
    store.close()


def test_a_second_process_is_told_who_holds_the_index(embedded_url: str) -> None:
    code = """if True:
        import sys
        from shared import vectorstore
        from shared.errors import Retryable
        try:
            vectorstore.open(sys.argv[1], "pictures", 8)
        except Retryable as error:
            sys.exit(7 if "Another process holds the vector index" in error.detail else 1)
    """
    store = vectorstore.open(embedded_url, "pictures", DIMENSION)
    second = [sys.executable, "-c", code, embedded_url]
    assert subprocess.run(second, check=False).returncode == 7
    store.close()
    assert subprocess.run(second, check=False).returncode == 0


def test_one_process_may_open_an_embedded_index_twice(tmp_path: Path) -> None:
    url = f"edge://{tmp_path}"
    writer, reader = (vectorstore.open(url, "pictures", DIMENSION) for _ in range(2))
    writer.upsert("lumen", [point_of(1)])
    assert reader.count("lumen") == 1
    writer.close()
    writer.close()
    assert reader.count("lumen") == 1
    with pytest.raises(Permanent, match="another dimension than 9"):
        vectorstore.open(url, "pictures", 9)
    reader.close()
    again = vectorstore.open(url, "pictures", DIMENSION)
    assert again.count("lumen") == 1
    again.close()


def test_a_generation_is_shared_in_a_process_and_is_another_after_each_opening(tmp_path: Path) -> None:
    url = f"edge://{tmp_path}"
    writer, reader = (vectorstore.open(url, "pictures", DIMENSION) for _ in range(2))
    before = reader.generation("lumen")
    writer.upsert("lumen", [point_of(1)])
    assert reader.generation("lumen") == writer.generation("lumen") != before
    last = reader.generation("lumen")
    writer.close()
    reader.close()
    again = vectorstore.open(url, "pictures", DIMENSION)
    assert again.generation("lumen") not in (before, last)
    again.close()


def test_the_start_tells_how_long_searches_take_and_what_to_do_when_that_is_too_long(tmp_path: Path) -> None:
    for _ in range(2):
        with capture_logs() as logs:
            store = vectorstore.open(f"edge://{tmp_path}", "pictures", DIMENSION)
        store.upsert("lumen", [point_of(1)])
        store.close()
    [told] = logs
    assert (told["event"], told["log_level"], told["points"]) == ("embedded_index_opened", "info", 1)
    assert told["words"] == outlook(1, DIMENSION)
    assert "about 1 ms" in outlook(10_000, 1_280)
    assert "qdrant://" not in outlook(180_000, 1_280)
    assert "VECTOR_STORE_URL=qdrant://" in outlook(200_000, 1_280)


def test_the_log_of_an_embedded_index_does_not_grow_with_every_write(tmp_path: Path) -> None:
    dimension = 2_048
    store = vectorstore.open(f"edge://{tmp_path}", "pictures", dimension)
    matrix = np.random.default_rng(1).standard_normal((1_000, dimension), dtype=np.float32)
    for _ in range(15):
        store.upsert("lumen", [Point(id_of(number), row, {}) for number, row in enumerate(matrix)])
    log = sum(path.stat().st_blocks * 512 for path in (tmp_path / "pictures" / "wal").rglob("*"))
    assert log < 90e6, "15,000 writes of 8 kB are 123 MB"
    store.close()


def test_a_server_that_does_not_answer_is_a_retryable_error() -> None:
    started = time.monotonic()
    with pytest.raises(Retryable, match="cannot be reached"):
        vectorstore.open("qdrant://127.0.0.1:9", "pictures", DIMENSION)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("url", ["ftp://host/x", "/just/a/path", "", "edge://host/x", "edge:relative"])
def test_a_url_that_names_no_index_is_refused_with_one_that_does(url: str) -> None:
    with pytest.raises(Permanent, match="edge:///folder"):
        vectorstore.open(url, "pictures", DIMENSION)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "a b", "é"])
def test_a_collection_name_that_could_leave_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Permanent, match="no collection name"):
        vectorstore.open(f"edge://{tmp_path}", name, DIMENSION)
