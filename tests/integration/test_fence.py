"""Services inside: asked by those alone who show the internal secret."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request
from starlette.testclient import TestClient

from services.authenticity.settings import Settings as Authenticity
from services.embedder.settings import Settings as Embedder
from services.gateway.settings import Settings as Gateway
from services.gateway.upstream import Indexer
from services.indexer.settings import Settings as IndexerSettings
from services.inventory.settings import Settings as Inventory
from services.recommender.settings import Settings as Recommender
from shared.contracts.models import ReindexStatus
from shared.errors import Retryable
from shared.fence import Outsider, credentials
from shared.observability.http import create_app
from shared.settings import ServiceSettings
from tests.support.gateway import running_gateway
from tests.support.upstreams import served

SECRET = "the internal secret of tests"
ANOTHER = "another secret, as long as that"
OPEN = ("/healthz", "/readyz", "/metrics")


REACHED: list[str] = []


@pytest.fixture
def reached() -> list[str]:
    """The addresses whose route was reached."""
    REACHED.clear()
    return REACHED


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = create_app("indexer", {}, fence=f"{SECRET},{ANOTHER}")

    @app.get("/reindex")
    @app.post("/reindex/abort")
    async def reindex(request: Request) -> ReindexStatus:
        await request.body()
        REACHED.append(request.url.path)
        return ReindexStatus(collections=[], words="Going on.")

    with served(app) as url:
        yield url


@pytest.fixture(scope="module")
def anybody(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer x", f"Bearer {SECRET}x", f"bearer {SECRET}", SECRET, f"Bearer {SECRET},{ANOTHER}"],
)
def test_who_shows_no_secret_or_a_wrong_one_is_told_so_and_reaches_nothing(
    anybody: httpx.Client, reached: list[str], shown: str
) -> None:
    headers = {"Authorization": shown} if shown else {}
    for path in (
        "/reindex",
        "/reindex/abort",
        "/docs",
        "/openapi.json",
        "/nowhere",
        "/healthz/",
        "/healthz/../reindex",
    ):
        answer = anybody.request("POST" if path.endswith("abort") else "GET", path, headers=headers)
        assert answer.status_code == Outsider.status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:loupe:problem:internal-secret-needed"
        assert answer.json()["correlation_id"] == answer.headers["x-request-id"]
    assert reached == []


@pytest.mark.parametrize("secrets", [SECRET, ANOTHER, f"{ANOTHER}, one that only we know"])
def test_each_of_the_secrets_is_taken_while_one_is_changed_for_another(
    address: str, reached: list[str], secrets: str
) -> None:
    indexer = Indexer("indexer", address, secrets)
    indexer.ping()

    async def ask() -> ReindexStatus:
        try:
            return await indexer.reindex()
        finally:
            await indexer.close()

    assert asyncio.run(ask()).words == "Going on."
    assert reached == ["/reindex"]


@pytest.mark.parametrize("secrets", [None, "a secret of somebody else"])
def test_a_gateway_with_another_secret_says_whose_fault_it_is(address: str, secrets: str | None) -> None:
    indexer = Indexer("indexer", address, secrets)

    async def ask() -> None:
        try:
            await indexer.reindex()
        finally:
            await indexer.close()

    for asked in (indexer.ping, lambda: asyncio.run(ask())):
        with pytest.raises(Retryable, match="INTERNAL_SECRET"):
            asked()


def test_a_shop_is_never_told_that_its_own_key_is_wrong_when_ours_is(address: str, tmp_path: Path) -> None:
    with running_gateway(tmp_path, indexer_url=address, internal_secret="a secret of somebody else") as stand:
        answer = stand.client.get("/v1/admin/reindex")
        assert answer.status_code == Retryable.status, answer.text


def test_health_and_metrics_are_open_unless_a_wrong_secret_is_shown(anybody: httpx.Client) -> None:
    for path in OPEN:
        assert anybody.get(path).status_code == 200
        assert anybody.get(path, headers=credentials(SECRET)).status_code == 200
        assert anybody.get(path, headers=credentials("wrong")).status_code == Outsider.status


def test_without_a_secret_nobody_is_asked_for_one() -> None:
    client = TestClient(create_app("indexer", {}))
    assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("service", [Embedder, Gateway, IndexerSettings, Recommender, Inventory, Authenticity])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "indexer.internal"])  # noqa: S104 - never bound
def test_a_service_that_others_can_reach_does_not_start_without_a_secret(
    service: type[ServiceSettings], host: str
) -> None:
    known: dict[str, Any] = {
        "broker_url": "redis://b",
        "object_store_url": "file:///o",
        "vector_store_url": "edge:///v",
        "database_url": "sqlite://",
        "embedder_url": "http://e",
        "recommender_url": "http://r",
        "secret": "a secret for tests only",
        "signing_key": "A" * 43,
    }
    given = {name: value for name, value in known.items() if name in service.model_fields}
    with pytest.raises(ValueError, match="INTERNAL_SECRET"):
        service(host=host, **given)
    with pytest.raises(ValueError, match="16 characters"):
        service(host=host, internal_secret=f"{SECRET},short", **given)
    assert service(host=host, internal_secret=SECRET, **given).host == host
    for loopback in ("127.0.0.1", "127.0.0.9", "::1", "localhost"):
        assert service(host=loopback, **given).internal_secret is None
