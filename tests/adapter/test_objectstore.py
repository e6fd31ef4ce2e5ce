"""What every object store promises, run on each adapter."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import objectstore
from shared.errors import NotFound, Permanent, Retryable
from shared.objectstore import ObjectStore

OpenBucket = Callable[[str], ObjectStore]

names = st.from_regex(r"[a-cA_-][a-c0._-]{0,3}", fullmatch=True)
keys = st.lists(names, min_size=1, max_size=3).map("/".join)
tenants = st.sampled_from(["lumen", "orla", "lumen-2"])
contents = st.binary(max_size=200)


@pytest.fixture(params=["file"], scope="module")
def open_bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenBucket:
    folder = tmp_path_factory.mktemp(request.param)
    return lambda bucket: objectstore.open(f"{request.param}://{folder}", bucket)


@pytest.fixture
def store(open_bucket: OpenBucket) -> ObjectStore:
    return open_bucket(uuid.uuid4().hex)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["put", "stream", "delete", "reopen"]), tenants, keys, contents), max_size=25
    ),
    prefix=st.one_of(st.just(""), keys, names.map(lambda name: name + "/")),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_store_answers_like_a_dictionary_of_each_tenant(
    open_bucket: OpenBucket, steps: list[tuple[str, str, str, bytes]], prefix: str
) -> None:
    bucket = uuid.uuid4().hex
    store = open_bucket(bucket)
    model: dict[tuple[str, str], bytes] = {}
    for action, tenant, key, data in steps:
        if action in ("put", "stream"):
            clash = any(t == tenant and (k.startswith(key + "/") or key.startswith(k + "/")) for t, k in model)
            source = data if action == "put" else io.BytesIO(data)
            if clash:
                with pytest.raises(Permanent):
                    store.put(tenant, key, source)
            else:
                store.put(tenant, key, source)
                model[tenant, key] = data
        elif action == "delete":
            store.delete(tenant, key)
            model.pop((tenant, key), None)
        else:
            store = open_bucket(bucket)
        assert store.exists(tenant, key) == ((tenant, key) in model)
    for tenant in ("lumen", "orla", "lumen-2"):
        mine = sorted(key for t, key in model if t == tenant)
        assert list(store.keys(tenant)) == mine
        assert list(store.keys(tenant, prefix)) == [key for key in mine if key.startswith(prefix)]
        for key in mine:
            assert store.get(tenant, key) == model[tenant, key]


def test_a_file_is_stored_from_where_it_stands_to_its_end(store: ObjectStore) -> None:
    data = bytes(range(256)) * 20_000
    source = io.BytesIO(data)
    source.seek(1_000)
    store.put("lumen", "big", source)
    assert store.get("lumen", "big") == data[1_000:]


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    store.put("lumen", "a/b", b"x")
    for tenant, key in [("orla", "a/b"), ("lumen", "a"), ("lumen", "a/b/c"), ("lumen", "c")]:
        with pytest.raises(NotFound, match="There is no object"):
            store.get(tenant, key)
        assert not store.exists(tenant, key)
        store.delete(tenant, key)
    assert store.get("lumen", "a/b") == b"x"


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".x", "a/.x", "a\\b", "a\x00", "a\n", "a b", "é"]
)
def test_a_key_that_could_leave_its_tenant_is_refused(store: ObjectStore, key: str) -> None:
    for call in (store.get, store.exists, store.delete):
        with pytest.raises(Permanent, match="no object key"):
            call("lumen", key)
    with pytest.raises(Permanent, match="no object key"):
        store.put("lumen", key, b"x")


@pytest.mark.parametrize("tenant", ["", ".", "..", "a/b", "/a", ".incoming", "Lumen", "a\n", "a" * 64])
def test_a_tenant_that_could_leave_its_bucket_is_refused(store: ObjectStore, tenant: str) -> None:
    for call in (store.get, store.exists, store.delete):
        with pytest.raises(Permanent, match="no tenant"):
            call(tenant, "key")
    with pytest.raises(Permanent, match="no tenant"):
        store.put(tenant, "key", b"x")
    with pytest.raises(Permanent, match="no tenant"):
        list(store.keys(tenant))


def test_a_reader_sees_the_old_object_or_the_new_one_and_nothing_between(store: ObjectStore) -> None:
    versions = [bytes([i]) * 300_000 for i in range(20)]
    store.put("lumen", "k", versions[0])
    written = threading.Event()

    def write() -> None:
        try:
            for version in versions:
                store.put("lumen", "k", version)
        finally:
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not written.is_set():
        seen.append(store.get("lumen", "k"))
    writer.join()
    assert set(seen) <= set(versions)
    assert store.get("lumen", "k") == versions[-1]


def test_puts_and_deletes_of_one_folder_do_not_disturb_each_other(store: ObjectStore) -> None:
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for _ in range(100):
                store.put("lumen", f"folder/{name}", b"x")
                assert store.get("lumen", f"folder/{name}") == b"x"
                store.delete("lumen", f"folder/{name}")
        except Exception as error:  # noqa: BLE001 - reported by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(store.keys("lumen")) == []


def test_a_store_that_can_be_written_answers_a_ping(store: ObjectStore) -> None:
    store.ping()
    assert list(store.keys("lumen")) == []


def _run(code: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-c", code, *arguments], check=False).returncode


def test_a_process_killed_while_it_writes_leaves_the_old_object(tmp_path: Path) -> None:
    code = """if True:
        import io, os, signal, sys
        from shared import objectstore
        class Killing(io.BytesIO):
            def read(self, size=-1):
                if self.tell():
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().read(size)
        objectstore.open(sys.argv[1], "pictures").put("lumen", sys.argv[2], Killing(bytes(5_000_000)))
    """
    url = f"file://{tmp_path}"
    store = objectstore.open(url, "pictures")
    store.put("lumen", "old", b"as it was")
    assert _run(code, url, "old") == -9
    assert _run(code, url, "new") == -9
    assert store.get("lumen", "old") == b"as it was"
    assert list(store.keys("lumen")) == ["old"]


def test_a_full_disk_is_a_retryable_error_and_leaves_nothing(tmp_path: Path) -> None:
    code = """if True:
        import resource, signal, sys
        from shared import objectstore
        from shared.errors import Retryable
        store = objectstore.open(sys.argv[1], "pictures")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            store.put("lumen", "big", bytes(200_000))
        except Retryable as error:
            sys.exit(7 if "room on its disk" in error.detail else 1)
    """
    url = f"file://{tmp_path}"
    assert _run(code, url) == 7
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not objectstore.open(url, "pictures").exists("lumen", "big")


def test_a_folder_that_went_away_is_a_retryable_error(tmp_path: Path) -> None:
    store = objectstore.open(f"file://{tmp_path}/store", "pictures")
    (tmp_path / "store").rename(tmp_path / "moved")
    with pytest.raises(Retryable, match="'pictures' cannot be used"):
        store.put("lumen", "k", b"x")
    with pytest.raises(Retryable, match="'pictures' cannot be used"):
        store.ping()


@pytest.mark.parametrize("url", ["ftp://host/x", "/just/a/path", "", "file://host/x", "file:relative"])
def test_a_url_that_names_no_store_is_refused_with_one_that_does(url: str) -> None:
    with pytest.raises(Permanent, match="file:///"):
        objectstore.open(url, "pictures")
