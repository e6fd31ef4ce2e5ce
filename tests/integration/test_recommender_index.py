"""The recommender follows the active collection: a request reads one from its start to its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from services.recommender.index import Index
from services.recommender.ordering import Ranker
from services.recommender.pins import Pins
from services.recommender.popularity import Popularity
from services.recommender.search import Searcher
from shared import database, vectorstore
from shared.contracts.fields import pack_vector
from shared.contracts.internal import HitList, QueryPart, SearchRequest, SimilarRequest
from shared.contracts.models import INDEX, Model, Probability, Sameness
from shared.errors import InvalidInput, Retryable
from shared.vectorstore import Directory, Point
from tests.support.qdrant_server import RunningQdrant
from tests.support.recommending import MIGRATIONS, SETTINGS
from tests.support.waiting import until

OLD = Model(version="model-1", dimension=4, no_match_below=0.9, look_at_least=0.5)
NEW = Model(version="model-2", dimension=3, no_match_below=0.1, look_at_least=0.2)
MEASURED = NEW.model_copy(update={"same": Sameness(slope=10, offset=-4), "style": Probability(slope=4, offset=1)})
TENANT = "acme"


@pytest.fixture(params=["edge", "server"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The embedded engine, and a server, for which the stand-in proves the wiring."""
    if request.param == "edge":
        yield f"edge://{tmp_path}"
        return
    server = RunningQdrant(tmp_path / "qdrant")
    yield server.url
    server.stop()


@pytest.fixture
def directory(url: str) -> Iterator[Directory]:
    opened = vectorstore.directory(url, INDEX)
    for model in (OLD, NEW):
        store = opened.open(model.version, model.dimension)
        for number, sku in enumerate(("RING", "WATCH"), 1):
            point_id = f"00000000-0000-0000-0000-00000000000{number}"
            vector = np.eye(model.dimension, dtype=np.float32)[number]
            store.upsert(TENANT, [Point(point_id, vector, {"sku": sku, "image_id": model.version})])
        store.close()
    yield opened
    opened.close()


@pytest.fixture
def index(url: str) -> Iterator[Index]:
    made = Index(vectorstore.directory(url, INDEX))
    yield made
    made.close()


@pytest.fixture
def searcher(index: Index, tmp_path: Path) -> Iterator[Searcher]:
    events = database.open(f"sqlite:///{tmp_path}/recommender.db")
    events.migrate(MIGRATIONS)
    yield Searcher(index, Ranker(Popularity(events, SETTINGS.weights)), Pins(events))
    events.close()


def switch(directory: Directory, model: Model) -> None:
    directory.switch(model.version, model.model_dump())


def search(searcher: Searcher, *models: Model, limit: int = 20, cursor: str | None = None) -> HitList:
    """By a picture whose cosine to RING is 0.5 for every model, and to WATCH 0."""
    vectors = {}
    for model in models:
        vector = np.zeros(model.dimension, dtype=np.float32)
        vector[0], vector[1] = np.sqrt(0.75), 0.5
        vectors[model.version] = pack_vector(vector)
    part = QueryPart(vectors=vectors)
    return searcher.search(SearchRequest(tenant=TENANT, parts=[part], limit=limit, cursor=cursor))


def test_without_an_index_a_search_may_be_tried_again(index: Index) -> None:
    with pytest.raises(Retryable, match="no index yet"), index.pin():
        pass


def test_after_a_switch_the_new_model_answers_by_its_own_cosines(directory: Directory, searcher: Searcher) -> None:
    switch(directory, OLD)
    before = search(searcher, OLD, NEW)
    assert (before.hits[0].sku, before.hits[0].image_id, before.no_match) == ("RING", "model-1", True)
    switch(directory, NEW)
    until(lambda: search(searcher, OLD, NEW).hits[0].image_id == "model-2", "the new collection is read", 2)
    assert search(searcher, OLD, NEW).no_match is False, "0.5 is near for this model and was far for the other"
    with pytest.raises(InvalidInput, match="none by model model-2"):
        search(searcher, OLD)
    similar = searcher.similar(SimilarRequest(tenant=TENANT, sku="RING"))
    assert [(hit.sku, hit.image_id) for hit in similar.hits] == [("WATCH", "model-2")]


def test_a_request_keeps_its_collection_to_its_end_and_then_lets_it_go(directory: Directory, index: Index) -> None:
    switch(directory, OLD)
    with index.pin() as pinned:
        switch(directory, NEW)
        until(lambda: pinned_version(index) == "model-2", "others read the new one", 2)
        assert pinned.model == OLD
        assert pinned.vectors.count(TENANT) == 2
    directory.drop(OLD.version)
    assert directory.names() == [NEW.version]
    assert pinned_version(index) == "model-2"


def test_an_old_collection_is_let_go_of_though_nobody_asks(directory: Directory, index: Index) -> None:
    switch(directory, OLD)
    assert pinned_version(index) == "model-1"
    stop = threading.Event()
    following = threading.Thread(target=index.follow, args=(stop,))
    following.start()
    switch(directory, NEW)
    until(lambda: dropped(directory, OLD.version), "nobody holds it", 5)
    stop.set()
    following.join()


def pinned_version(index: Index) -> str:
    with index.pin() as pinned:
        return pinned.model.version


def dropped(directory: Directory, name: str) -> bool:
    try:
        directory.drop(name)
    except Retryable:
        return False
    return True


def test_where_it_was_measured_a_score_is_how_likely_it_is_the_piece(directory: Directory, searcher: Searcher) -> None:
    switch(directory, MEASURED)
    ring, watch = search(searcher, MEASURED).hits
    assert (ring.source.similarity, watch.source.similarity) == pytest.approx((0.5, 0.0), abs=1e-6)
    all_that_may_be = np.exp(5) + np.exp(0) + np.exp(4)
    assert (ring.score, watch.score) == pytest.approx((np.exp(5) / all_that_may_be, 1 / all_that_may_be))
    (similar,) = searcher.similar(SimilarRequest(tenant=TENANT, sku="RING")).hits
    assert similar.score == pytest.approx(1 / (1 + np.exp(-1))), "the style of a cosine of 0"


def test_a_score_is_the_same_on_whichever_page_it_is_read(directory: Directory, searcher: Searcher) -> None:
    switch(directory, MEASURED)
    both = search(searcher, MEASURED).hits
    first = search(searcher, MEASURED, limit=1)
    second = search(searcher, MEASURED, limit=1, cursor=first.next)
    assert [*first.hits, *second.hits] == both
    assert second.next is None
