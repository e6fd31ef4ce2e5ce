"""Points found by their words, on every adapter; with what a cache and a re-ranking need."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from shared import vectorstore
from shared.contracts.text import TEXT_DIMENSION
from shared.errors import Permanent
from shared.vectorstore import AnyOf, Filter, Point, Text, VectorStore
from tests.adapter.vector_oracle import DIMENSION, id_of, point_of, text_of, unit
from tests.support.vectors import UrlOf

RING, GOLD, EMERALD, ABSENT = 1, 2, 3, 4
RINGS = Filter(must=[AnyOf("type", ["ring"])])

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture(params=["edge", "memory", "qdrant-local", "qdrant"])
def index(request: pytest.FixtureRequest, tmp_path: Path, url_of: UrlOf) -> Iterator[VectorStore]:
    store = vectorstore.open(url_of(request.param, tmp_path), f"c-{uuid.uuid4().hex}", DIMENSION)
    yield store
    store.close()


def axis(number: int) -> Text:
    """A meaning that has the cosine 0 to that of every other number."""
    return Text(np.eye(TEXT_DIMENSION, dtype=np.float32)[number], {})


def worded(number: int, text: Text, **payload: str) -> Point:
    return Point(id_of(number), unit(number), payload, text)


def test_a_rare_term_tells_more_than_a_frequent_one(index: VectorStore) -> None:
    texts = [axis(0), *(Text(axis(0).dense, {RING: 1.0}) for _ in range(9)), Text(axis(0).dense, {EMERALD: 1.0})]
    index.upsert("lumen", [worded(n, text) for n, text in enumerate(texts)])
    hits = index.search_text("lumen", Text(axis(0).dense, {RING: 1.0, EMERALD: 1.0}), 20)
    assert [hit.id for hit in hits] == [id_of(10), *sorted(id_of(n) for n in range(1, 10)), id_of(0)]
    assert hits[0].score == 1.0
    assert hits[-1].score == 0.5


def test_what_is_rare_in_a_shop_does_not_depend_on_its_neighbours(index: VectorStore) -> None:
    index.upsert("lumen", [worded(n, Text(axis(0).dense, {RING if n else EMERALD: 1.0})) for n in range(6)])
    query = Text(axis(0).dense, {RING: 1.0, EMERALD: 1.0})
    before = index.search_text("lumen", query, 10)
    assert before[0].id == id_of(0)
    index.upsert("orla", [Point(id_of(n, "orla"), unit(n), {}, Text(axis(1).dense, {EMERALD: 1.0})) for n in range(50)])
    assert index.search_text("lumen", query, 10) == before


def test_the_many_pictures_of_an_item_take_up_one_rank(index: VectorStore) -> None:
    first, second = Text(axis(0).dense, {GOLD: 2.0}), Text(axis(1).dense, {GOLD: 1.0})
    index.upsert("lumen", [*(worded(n, first, sku="a") for n in range(12)), worded(20, second, sku="b")])
    hits = index.search_text("lumen", Text(axis(0).dense, {GOLD: 1.0}), 20)
    assert [hit.score for hit in hits] == [1.0] * 12 + [round(61 / 62, 6)]


def test_a_word_that_more_points_have_than_are_looked_at_counts_for_each_of_them(index: VectorStore) -> None:
    near = Text(axis(0).dense, {RING: 1.0})
    index.upsert("lumen", [worded(n, Text(axis(1).dense, {RING: 1.0})) for n in range(300)])
    index.upsert("lumen", [worded(n, near) for n in range(300, 303)])
    hits = index.search_text("lumen", near, 5)
    assert [(hit.id, hit.score) for hit in hits[:3]] == [
        (found, 1.0) for found in sorted(id_of(n) for n in (300, 301, 302))
    ]
    assert hits[3].score < 1


def test_a_point_is_found_by_the_words_that_it_was_given_last_and_by_none_once_they_are_taken(
    index: VectorStore,
) -> None:
    index.upsert("lumen", [point_of(1, type="ring"), worded(2, text_of(2, RING), type="watch")])
    assert [hit.id for hit in index.search_text("lumen", text_of(1, GOLD), 5)] == [id_of(2)]
    index.set_text("lumen", RINGS, text_of(1, GOLD))
    assert [(hit.id, hit.score) for hit in index.search_text("lumen", text_of(1, GOLD), 1)] == [(id_of(1), 1.0)]
    index.set_text("lumen", RINGS, text_of(3))
    [ring] = index.scroll("lumen", RINGS)
    assert ring.text
    assert ring.text.terms == {}
    index.set_text("lumen", Filter(), None)
    assert index.search_text("lumen", text_of(3, RING), 5) == []
    assert all(point.text is None for point in index.scroll("lumen"))
    assert index.count("lumen") == 2


def test_words_break_no_filter_and_meet_no_other_shop(index: VectorStore) -> None:
    index.upsert("lumen", [worded(n, text_of(n % 7, RING), type="ring" if n % 5 else "watch") for n in range(40)])
    index.upsert("orla", [Point(id_of(n, "orla"), unit(n), {}, text_of(0, RING)) for n in range(5)])
    hits = index.search_text("lumen", text_of(0, RING), 100, RINGS)
    assert {hit.id for hit in hits} == {id_of(n) for n in range(40) if n % 5}
    index.set_text("orla", Filter(), None)
    assert len(index.search_text("lumen", text_of(0, RING), 100)) == 40


def test_words_without_terms_are_searched_by_their_meaning_alone(index: VectorStore) -> None:
    index.upsert("lumen", [worded(1, Text(axis(0).dense, {RING: 1.0})), worded(2, axis(1))])
    assert [(hit.id, hit.score) for hit in index.search_text("lumen", axis(1), 5)] == [
        (id_of(2), 1.0),
        (id_of(1), round(61 / 62, 6)),
    ]
    unknown = index.search_text("lumen", Text(axis(1).dense, {ABSENT: 1.0}), 5)
    assert [(hit.id, hit.score) for hit in unknown] == [(id_of(2), 0.5), (id_of(1), round(61 / 124, 6))]
    assert index.search_text("lumen", axis(1), 0) == []


def test_hits_carry_the_pictures_vectors_where_they_are_asked_for(index: VectorStore) -> None:
    points = [worded(n, text_of(n, RING)) for n in range(3)]
    index.upsert("lumen", points)
    vectors = {point.id: point.vector for point in points}
    for hits in (
        index.search("lumen", unit(1), 3, with_vectors=True),
        index.search_text("lumen", text_of(1, RING), 3, with_vectors=True),
    ):
        assert len(hits) == 3
        for hit in hits:
            assert hit.vector is not None
            assert hit.vector.dtype == np.float32
            np.testing.assert_allclose(hit.vector, vectors[hit.id], atol=1e-6)
    assert index.search("lumen", unit(1), 1)[0].vector is None
    assert index.search_text("lumen", text_of(1, RING), 1)[0].vector is None


def test_words_that_no_index_can_hold_are_refused_and_change_nothing(index: VectorStore) -> None:
    good = text_of(1, RING)
    index.upsert("lumen", [worded(1, good)])
    endless = good.dense.copy()
    endless[0] = np.nan
    for bad, why in (
        (Text(good.dense[:-1], {}), r"\(383,\), this index holds \(384,\)"),
        (Text(endless, {}), "not finite"),
        (Text(good.dense, {2**32: 1.0}), "term"),
        (Text(good.dense, {-1: 1.0}), "term"),
        (Text(good.dense, {1: 0.0}), "weight"),
        (Text(good.dense, {1: float("inf")}), "weight"),
    ):
        with pytest.raises(Permanent, match=why):
            index.upsert("lumen", [worded(2, bad)])
        with pytest.raises(Permanent, match=why):
            index.set_text("lumen", Filter(), bad)
        with pytest.raises(Permanent, match=why):
            index.search_text("lumen", bad, 5)
    assert [(hit.id, hit.score) for hit in index.search_text("lumen", good, 5)] == [(id_of(1), 1.0)]


def test_every_write_to_a_shops_points_makes_a_new_generation_of_that_shop_alone(index: VectorStore) -> None:
    theirs = index.generation("orla")
    seen = [index.generation("lumen")]
    assert index.generation("lumen") == seen[0]
    writes: list[Callable[[], None]] = [
        lambda: index.upsert("lumen", [point_of(1, type="ring")]),
        lambda: index.upsert("lumen", [point_of(1, type="ring")]),
        lambda: index.set_payload("lumen", RINGS, {"price": 5}),
        lambda: index.set_text("lumen", RINGS, text_of(1, RING)),
        lambda: index.set_text("lumen", RINGS, None),
        lambda: index.delete("lumen", RINGS),
    ]
    for write in writes:
        write()
        seen.append(index.generation("lumen"))
        assert index.generation("lumen") == seen[-1]
    assert len(set(seen)) == len(writes) + 1
    assert index.generation("orla") == theirs
    assert index.count("lumen") == 0
    assert index.scroll("lumen") == []
