"""A collection that was made before points had words goes on answering by pictures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared import vectorstore
from shared.errors import Permanent
from shared.vectorstore import AnyOf, Filter, Point, VectorStore
from shared.vectorstore.qdrant import connect, open_folder
from tests.adapter.vector_oracle import DIMENSION, assert_same_points, id_of, point_of, text_of, unit
from tests.support import old_index
from tests.support.vectors import UrlOf

POINTS = [point_of(number, type="ring" if number % 2 else "watch") for number in range(9)]

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture(params=["edge", "qdrant-local", "qdrant"])
def where_it_is(request: pytest.FixtureRequest, tmp_path: Path, url_of: UrlOf) -> tuple[str, str]:
    """The URL and the name of a collection of before."""
    url, name = url_of(request.param, tmp_path), f"pieces-{uuid.uuid4().hex}"
    if request.param == "edge":
        old_index.embedded(tmp_path / name, DIMENSION, "lumen", POINTS)
        return url, name
    connection = connect(urlsplit(url)) if request.param == "qdrant" else open_folder(tmp_path)
    connection.acquire()
    with connection.calling() as client:
        old_index.on_server(client, name, DIMENSION, "lumen", POINTS)
    connection.release()
    return url, name


@pytest.fixture
def old(where_it_is: tuple[str, str]) -> Iterator[VectorStore]:
    store = vectorstore.open(*where_it_is, DIMENSION)
    yield store
    store.close()


def test_it_is_searched_and_written_as_before(old: VectorStore) -> None:
    assert_same_points(old.scroll("lumen"), sorted(POINTS, key=lambda point: point.id))
    rings = Filter(must=[AnyOf("type", ["ring"])])
    [hit] = old.search("lumen", unit(3), 1, rings, with_vectors=True)
    assert hit.score == 1.0
    assert hit.vector is not None
    assert hit.vector.tolist() == unit(3).tolist()
    before = old.generation("lumen")
    old.upsert("lumen", [point_of(20, type="ring")])
    old.set_payload("lumen", rings, {"price": 5})
    old.delete("lumen", Filter(must_not=[AnyOf("type", ["ring"])]))
    assert old.generation("lumen") != before
    assert [point.payload for point in old.scroll("lumen")] == [{"type": "ring", "price": 5}] * 5


def test_its_points_have_no_words(old: VectorStore) -> None:
    old.upsert("lumen", [Point(id_of(20), unit(1), {}, text_of(1, 7))])
    old.set_text("lumen", Filter(), text_of(1, 7))
    assert old.search_text("lumen", text_of(1, 7), 5) == []
    assert all(point.text is None for point in old.scroll("lumen"))
    assert old.count("lumen") == len(POINTS) + 1


def test_another_dimension_is_refused_in_words(where_it_is: tuple[str, str]) -> None:
    with pytest.raises(Permanent, match="another dimension than 9"):
        vectorstore.open(*where_it_is, 9)
