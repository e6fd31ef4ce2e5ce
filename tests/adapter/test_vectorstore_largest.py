"""Points by a number, the largest first, on every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import vectorstore
from shared.vectorstore import AnyOf, Filter, VectorStore
from tests.adapter.test_vectorstore import ADAPTERS
from tests.adapter.vector_oracle import DIMENSION, TENANTS, point_of
from tests.support.vectors import UrlOf


@pytest.fixture(params=ADAPTERS)
def index(request: pytest.FixtureRequest, tmp_path: Path, url_of: UrlOf) -> Iterator[VectorStore]:
    opened = vectorstore.open(url_of(request.param, tmp_path), "largest", DIMENSION)
    yield opened
    opened.close()


def test_the_largest_come_first_of_those_that_match_and_have_the_number(index: VectorStore) -> None:
    ours, theirs = TENANTS
    index.upsert(ours, [point_of(n, created_ts=float(n), type="ring" if n % 2 else "watch") for n in range(20)])
    index.upsert(ours, [point_of(100, type="ring")])
    index.upsert(theirs, [point_of(n, theirs, created_ts=99.0, type="ring") for n in range(3)])
    found = index.largest(ours, "created_ts", 4, Filter((AnyOf("type", ("ring",)),)))
    assert [hit.payload["created_ts"] for hit in found] == [19, 17, 15, 13]
    assert (found[0].id, found[0].score, found[0].vector) == (point_of(19).id, 0, None)
    assert len(index.largest(ours, "created_ts", 50)) == 20
