"""What every vector index promises, run on each adapter and compared with brute force."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import vectorstore
from shared.contracts.fields import Vector
from shared.errors import Conflict, Permanent, Retryable
from shared.vectorstore import AnyOf, Filter, Point, Text, VectorStore
from tests.adapter.vector_oracle import (
    DIMENSION,
    TENANTS,
    Oracle,
    Step,
    apply,
    assert_same_points,
    filters,
    id_of,
    ids,
    point_of,
    steps,
    texts,
    unit,
    vectors,
)
from tests.support.vectors import UrlOf

ADAPTERS = ["edge", "memory", "qdrant"]
LASTING = ["edge", "qdrant-local", "qdrant"]

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]

OpenIndex = Callable[..., VectorStore]

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture(params=ADAPTERS, scope="module")
def open_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, url_of: UrlOf) -> OpenIndex:
    return _opener(url_of, request.param, tmp_path_factory.mktemp(request.param))


def _opener(url_of: UrlOf, adapter: str, folder: Path) -> OpenIndex:
    def open_collection(collection: str, dimension: int = DIMENSION) -> VectorStore:
        return vectorstore.open(url_of(adapter, folder / collection), collection, dimension)

    return open_collection


def _name() -> str:
    return f"c-{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def collection(open_index: OpenIndex) -> Iterator[VectorStore]:
    store = open_index(_name())
    yield store
    store.close()


@pytest.fixture
def index(collection: VectorStore) -> Iterator[VectorStore]:
    yield collection
    _empty(collection)


@pytest.fixture(scope="module")
def every_index(tmp_path_factory: pytest.TempPathFactory, url_of: UrlOf) -> Iterator[list[VectorStore]]:
    stores = [_opener(url_of, adapter, tmp_path_factory.mktemp(adapter))(_name()) for adapter in ADAPTERS]
    yield stores
    for store in stores:
        store.close()


def _empty(*stores: VectorStore) -> None:
    for store in stores:
        for tenant in TENANTS:
            store.delete(tenant, Filter())


@given(
    history=st.lists(steps(), max_size=12),
    where=filters,
    query=st.integers(0, 30).map(unit),
    text=texts,
    limit=st.integers(1, 6),
    offset=st.integers(0, 8),
)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_an_index_answers_like_brute_force(
    collection: VectorStore, history: list[Step], where: Filter, query: Vector, text: Text, limit: int, offset: int
) -> None:
    oracle = Oracle()
    _empty(collection)
    for step in history:
        apply(collection, step)
        apply(oracle, step)
    for tenant in TENANTS:
        held = oracle.points[tenant]
        for chosen in (None, where):
            expected = oracle.matching(tenant, chosen)
            assert collection.count(tenant, chosen) == len(expected)
            for field in ("brand", "tags"):
                assert collection.values(tenant, field, 50, chosen) == oracle.values(tenant, field, chosen)
            assert_same_points(collection.scroll(tenant, chosen), expected)
            page = oracle.search(tenant, query, chosen)[offset : offset + limit]
            hits = collection.search(tenant, query, limit, chosen, offset)
            assert [(hit.id, hit.score) for hit in hits] == page
            assert [hit.payload for hit in hits] == [held[found].payload for found, _ in page]
            worded = oracle.search_text(tenant, text, chosen)[:limit]
            hits = collection.search_text(tenant, text, limit, chosen)
            assert [(hit.id, hit.score) for hit in hits] == worded
            assert [hit.payload for hit in hits] == [held[found].payload for found, _ in worded]


@given(history=st.lists(steps(), max_size=12), where=filters, query=vectors, text=texts)
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_the_adapters_agree_on_any_history(
    every_index: list[VectorStore], history: list[Step], where: Filter, query: Vector, text: Text
) -> None:
    _empty(*every_index)
    for step in history:
        for store in every_index:
            apply(store, step)
    first, *others = every_index
    for tenant in TENANTS:
        for other in others:
            assert other.search(tenant, query, 40, where) == first.search(tenant, query, 40, where)
            assert other.search_text(tenant, text, 40, where) == first.search_text(tenant, text, 40, where)
            assert_same_points(other.scroll(tenant), first.scroll(tenant))


def test_no_neighbour_is_missed_among_a_thousand(open_index: OpenIndex) -> None:
    dimension, number = 64, 1_000
    matrix = np.random.default_rng(5).standard_normal((number, dimension), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    points = [Point(id_of(i), row, {"type": "ring" if i % 3 else "earring"}) for i, row in enumerate(matrix)]
    store = open_index(_name(), dimension)
    for start in range(0, number, 500):
        store.upsert("lumen", points[start : start + 500])
    cosines = matrix.astype(float) @ matrix[:5].astype(float).T
    for column, query in enumerate(matrix[:5]):
        expected = [points[i].id for i in np.argsort(-cosines[:, column])[:50]]
        assert [hit.id for hit in store.search("lumen", query, 50)] == expected
        rings = [points[i].id for i in np.argsort(-cosines[:, column]) if i % 3][:20]
        hits = store.search("lumen", query, 10, Filter(must=[AnyOf("type", ["ring"])]), offset=10)
        assert [hit.id for hit in hits] == rings[10:]
    store.close()


def test_pages_of_equal_scores_show_every_point_once(index: VectorStore) -> None:
    points = [Point(id_of(number), unit(0), {}) for number in range(25)]
    index.upsert("lumen", points)
    pages = [index.search("lumen", unit(0), 4, offset=offset) for offset in range(0, 28, 4)]
    assert [hit.id for page in pages for hit in page] == sorted(ids(points))
    assert all(hit.score == 1.0 for page in pages for hit in page)


def test_scrolling_after_the_last_id_seen_meets_every_point_once(index: VectorStore) -> None:
    points = [point_of(number, type="ring" if number % 2 else "earring") for number in range(23)]
    index.upsert("lumen", points)
    index.upsert("orla", [point_of(number, "orla") for number in range(5)])
    rings = Filter(must=[AnyOf("type", ["ring"])])
    for where, expected in [(None, points), (rings, [p for p in points if p.payload["type"] == "ring"])]:
        seen: list[str] = []
        after = None
        while page := index.scroll("lumen", where, 4, after):
            assert page[0].id > (after or "")
            seen += ids(page)
            after = page[-1].id
        assert seen == sorted(ids(expected))
    absent = str(uuid.UUID(int=uuid.UUID(min(ids(points))).int + 1))
    assert ids(index.scroll("lumen", after=absent)) == sorted(ids(points))[1:]


def test_a_tenant_neither_sees_nor_changes_the_points_of_another(index: VectorStore) -> None:
    theirs = point_of(1, "orla", type="ring", price=5)
    index.upsert("orla", [theirs])
    everything = Filter()
    hits = index.search("lumen", theirs.vector, 10)
    # Seen once, at a load of 11: a point of an earlier test. What the other ways of reading say of it is the next clue.
    assert hits == [], (index.count("lumen"), index.scroll("lumen"), index.search("lumen", theirs.vector, 10))
    assert index.scroll("lumen") == []
    assert index.count("lumen") == 0
    index.delete("lumen", everything)
    index.set_payload("lumen", everything, {"type": "stolen"})
    aimed = Filter(must=[AnyOf("tenant", ["orla"])])
    assert index.count("lumen", aimed) == 0
    with pytest.raises(Conflict, match="is taken"):
        index.upsert("lumen", [point_of(2), Point(theirs.id, unit(3), {})])
    assert index.count("lumen") == 0
    with pytest.raises(Permanent, match="'tenant'"):
        index.upsert("lumen", [Point(id_of(3), unit(3), {"tenant": "orla"})])
    with pytest.raises(Permanent, match="'tenant'"):
        index.set_payload("orla", everything, {"tenant": "lumen"})
    assert_same_points(index.scroll("orla"), [theirs])


def test_what_no_index_can_hold_is_refused_and_changes_nothing(index: VectorStore) -> None:
    good = point_of(1, type="ring")
    short = unit(0)[:-1]
    bad = [
        Point(id_of(2), short, {}),
        Point(id_of(2), np.full(DIMENSION, np.nan, dtype=np.float32), {}),
        Point("ring-7", unit(2), {}),
        point_of(2, price=float("nan")),
        point_of(2, price=2**60),
        point_of(2, tags=[1]),
        point_of(2, type={"value": "ring"}),
        Point(id_of(2), unit(2), {"a.b": 1}),
    ]
    for point in bad:
        with pytest.raises(Permanent):
            index.upsert("lumen", [good, point])
    with pytest.raises(Permanent, match=r"\(7,\), this index holds \(8,\)"):
        index.search("lumen", short, 10)
    with pytest.raises(Permanent, match="no point id"):
        index.scroll("lumen", after="ring-7")
    assert index.count("lumen") == 0


def test_an_index_answers_a_ping_until_it_is_closed(open_index: OpenIndex) -> None:
    store = open_index(_name())
    store.ping()
    store.close()
    for call in (store.ping, lambda: store.count("lumen"), lambda: store.upsert("lumen", [point_of(1)])):
        with pytest.raises(Retryable, match="closed"):
            call()


def test_threads_write_and_read_together(index: VectorStore) -> None:
    writers, batches, size = 3, 8, 10
    failures: list[Exception] = []
    done = threading.Event()

    def write(writer: int) -> None:
        for batch in range(batches):
            first = (writer * batches + batch) * size
            index.upsert("lumen", [point_of(number, sku=str(writer)) for number in range(first, first + size)])
            mine = Filter(must=[AnyOf("sku", [str(writer)])])
            assert index.count("lumen", mine) == (batch + 1) * size
            hits = index.search("lumen", unit(first), 1, mine)
            assert hits[0].score == 1.0

    def read() -> None:
        while not done.is_set():
            found = [hit.score for hit in index.search("lumen", unit(0), 20)]
            assert found == sorted(found, reverse=True)
            index.scroll("lumen", limit=20)

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - reported by the main thread
                failures.append(error)

        return run

    readers = [threading.Thread(target=guarded(read)) for _ in range(2)]
    threads = [threading.Thread(target=guarded(lambda n=n: write(n))) for n in range(writers)]  # type: ignore[misc]
    for thread in [*readers, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert failures == []
    assert index.count("lumen") == writers * batches * size


@pytest.mark.parametrize("adapter", LASTING)
def test_reopening_keeps_what_was_written(adapter: str, tmp_path: Path, url_of: UrlOf) -> None:
    open_index, name = _opener(url_of, adapter, tmp_path), _name()
    store = open_index(name)
    kept, gone = point_of(1, type="ring", in_stock=True, tags=["a"]), point_of(2)
    store.upsert("lumen", [kept, gone])
    store.delete("lumen", Filter(must_not=[AnyOf("type", ["ring"])]))
    store.close()
    store = open_index(name)
    assert_same_points(store.scroll("lumen", Filter(must=[AnyOf("in_stock", [True])])), [kept])
    assert store.count("lumen") == 1
    store.close()
    with pytest.raises(Permanent, match=r"another dimension than 9"):
        open_index(name, 9)
