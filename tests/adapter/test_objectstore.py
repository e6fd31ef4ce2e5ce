"""What every object store promises, run on each adapter."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import objectstore
from shared.errors import NotFound, Permanent, Retryable, TooLarge
from shared.objectstore import ObjectStore
from tests.support.servers import RunningServer

OpenBucket = Callable[[str], ObjectStore]

names = st.from_regex(r"[a-cA_-][a-c0._-]{0,3}", fullmatch=True)
keys = st.lists(names, min_size=1, max_size=3).map("/".join)
tenants = st.sampled_from(["lumen", "orla", "lumen-2"])
contents = st.binary(max_size=200)


@pytest.fixture(params=["file", "s3"], scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "file":
        return f"file://{tmp_path_factory.mktemp('file')}"
    server: RunningServer = request.getfixturevalue("running_object_store")
    return server.url


@pytest.fixture(scope="module")
def open_bucket(url: str) -> OpenBucket:
    return lambda bucket: objectstore.open(url, bucket)


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


def test_an_object_tells_when_it_was_last_put(store: ObjectStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)  # a server's clock ticks in seconds
    for key in ("a/b", "c", "a/b"):
        store.put("lumen", key, b"x")
    store.put("orla", "c", b"x")
    entries = list(store.entries("lumen"))
    assert [entry.key for entry in entries] == ["a/b", "c"]
    assert all(before <= entry.put_at <= datetime.now(UTC) + timedelta(seconds=2) for entry in entries)
    assert [entry.key for entry in store.entries("lumen", "a/")] == ["a/b"]


def test_a_file_is_stored_from_where_it_stands_to_its_end(store: ObjectStore) -> None:
    data = bytes(range(256)) * 20_000
    source = io.BytesIO(data)
    source.seek(1_000)
    store.put("lumen", "big", source)
    assert store.get("lumen", "big") == data[1_000:]


def test_a_store_without_an_address_outside_gives_none_away(store: ObjectStore) -> None:
    assert store.upload_url("lumen", "a/b", 60) is None
    with pytest.raises(Permanent, match="no object key"):
        store.upload_url("lumen", "../x", 60)
    with pytest.raises(Permanent, match="no tenant"):
        store.upload_url("..", "x", 60)


def test_an_object_is_fetched_into_a_file_where_it_stands(store: ObjectStore) -> None:
    data = bytes(range(256)) * 20_000
    store.put("lumen", "a/big", data)
    target = io.BytesIO(b"before")
    target.seek(6)
    store.fetch("lumen", "a/big", target)
    assert target.getvalue() == b"before" + data
    with pytest.raises(NotFound, match="There is no object"):
        store.fetch("orla", "a/big", target)


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
    versions = [bytes([i]) * 300_000 for i in range(60)]
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


def test_a_process_killed_while_it_writes_leaves_the_old_object(url: str) -> None:
    bucket = uuid.uuid4().hex
    code = """if True:
        import io, os, signal, sys
        from shared import objectstore
        class Killing(io.BytesIO):
            def read(self, size=-1):
                if self.tell():
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().read(size)
        objectstore.open(sys.argv[1], sys.argv[2]).put("lumen", sys.argv[3], Killing(bytes(15_000_000)))
    """
    store = objectstore.open(url, bucket)
    store.put("lumen", "old", b"as it was")
    assert _run(code, url, bucket, "old") == -9
    assert _run(code, url, bucket, "new") == -9
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


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ftp://host/x", "file:///"),
        ("/just/a/path", "file:///"),
        ("", "file:///"),
        ("file://host/x", "file:///"),
        ("file:relative", "file:///"),
        ("s3://", "s3://ACCESS:SECRET@host"),
        ("s3://host:9000", "s3://ACCESS:SECRET@host"),
        ("s3://a:hush@host?secure=perhaps", "secure=true or false"),
        ("s3://a:hush@host?tls=no", "secure=true or false"),
    ],
)
def test_a_url_that_names_no_store_is_refused_with_one_that_does(wrong: str, right: str) -> None:
    with pytest.raises(Permanent, match=right) as refused:
        objectstore.open(wrong, "pictures")
    assert "hush" not in refused.value.detail


def test_an_object_larger_than_is_wanted_is_refused_and_one_of_that_size_is_given(store: ObjectStore) -> None:
    store.put("lumen", "a", b"12345")
    assert store.get("lumen", "a", at_most=5) == b"12345"
    with pytest.raises(TooLarge, match="'a' has 5 bytes; Loupe takes up to 4"):
        store.get("lumen", "a", at_most=4)
    assert store.get("lumen", "a") == b"12345"
