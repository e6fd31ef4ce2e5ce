"""What an operator asks of the installation, told to the indexer with what the embedder knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.models import ReindexStart
from tests.support.gateway import Stand, running_gateway
from tests.support.upstreams import LOADED, running_upstreams


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams) as stand:
        yield stand


def test_a_reindex_is_started_with_what_the_embedder_knows_of_the_model(gateway: Stand) -> None:
    answer = gateway.client.post("/v1/admin/reindex", json={"model": LOADED.version, "hold": True})
    assert answer.status_code == 202
    assert answer.json()["words"] == "Going on."
    assert gateway.upstreams.asked == [ReindexStart(model=LOADED, hold=True)]
    again = gateway.client.post("/v1/admin/reindex", json={"model": LOADED.version, "hold": True})
    assert (again.status_code, again.json()["detail"]) == (409, "The index is being filled already.")


def test_a_model_that_the_embedder_does_not_have_is_refused_with_those_that_it_has(gateway: Stand) -> None:
    answer = gateway.client.post("/v1/admin/reindex", json={"model": "model-9"})
    assert answer.status_code == 422
    assert "no model-9, it has model-2" in answer.json()["detail"]
    assert gateway.upstreams.asked == []


def test_the_reindex_is_shown_switched_and_aborted(gateway: Stand) -> None:
    assert gateway.client.get("/v1/admin/reindex").json()["words"] == "Going on."
    for step in ("switch", "abort"):
        assert gateway.client.post(f"/v1/admin/reindex/{step}").status_code == 200


@pytest.mark.parametrize("path", ["", "/switch", "/abort"])
def test_without_a_key_nothing_is_told_or_done(gateway: Stand, path: str) -> None:
    answer = gateway.client.post(f"/v1/admin/reindex{path}", json={"model": "m"}, headers={"Authorization": ""})
    assert answer.status_code == 401


def test_an_indexer_that_is_away_is_told_in_words(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as alone:
        answer = alone.client.get("/v1/admin/reindex")
        assert answer.status_code == 503
        assert "indexer does not answer" in answer.json()["detail"]
