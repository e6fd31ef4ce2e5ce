"""Filtered searches find what brute force finds, however few points the filter leaves, on every adapter."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import pytest

from shared import vectorstore
from shared.contracts.fields import Vector
from shared.vectorstore import AnyOf, Filter, Point, VectorStore
from tests.adapter.vector_oracle import id_of
from tests.support.vectors import UrlOf

DIMENSION, NUMBER, CLUSTERS = 64, 2_000, 40
EVERY = (1, 10, 100, 1_000)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture(scope="module")
def matrix() -> Vector:
    """float32 [NUMBER, DIMENSION], unit rows in clusters: within one, cosines are about 0.9."""
    rng = np.random.default_rng(11)
    centres = rng.standard_normal((CLUSTERS, DIMENSION))
    rows = centres[rng.integers(CLUSTERS, size=NUMBER)] + 0.33 * rng.standard_normal((NUMBER, DIMENSION))
    unit: Vector = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(params=["edge", "memory", "qdrant"], scope="module")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, url_of: UrlOf, matrix: Vector
) -> Iterator[VectorStore]:
    url = url_of(request.param, tmp_path_factory.mktemp(request.param))
    store = vectorstore.open(url, f"c-{uuid.uuid4().hex}", DIMENSION)
    for start in range(0, NUMBER, 100):
        points = [
            Point(id_of(n), matrix[n], {"tags": [f"{every}-{n % every}" for every in EVERY]})
            for n in range(start, start + 100)
        ]
        store.upsert("lumen", points)
    yield store
    store.close()


@pytest.mark.parametrize("every", EVERY)
def test_at_any_selectivity_recall_at_10_is_at_least_98_of_100_and_scores_are_exact(
    filled: VectorStore, matrix: Vector, every: int
) -> None:
    where = Filter(must=[AnyOf("tags", [f"{every}-0"])])
    kept = np.arange(0, NUMBER, every)
    position = {id_of(n): n for n in range(NUMBER)}
    found = expected = 0
    for query in matrix[7:NUMBER:80]:
        nearest = kept[np.argsort(-(matrix[kept] @ query))[:10]]
        hits = filled.search("lumen", query, 10, where if every > 1 else None)
        found += len({hit.id for hit in hits} & {id_of(int(n)) for n in nearest})
        expected += len(nearest)
        scores = matrix[[position[hit.id] for hit in hits]].astype(float) @ query
        np.testing.assert_allclose([hit.score for hit in hits], scores, atol=2e-6)
    assert found >= 0.98 * expected
