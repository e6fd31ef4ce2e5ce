"""What holds of every answer: its id, its size on the wire, its form when something went wrong, who may read it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from services.gateway.settings import Settings
from shared.contracts.api import Problem
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.upstreams import served

PAGE_OF_THE_SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), rate_limit=1, rate_limit_seconds=3_600) as stand:
        stand.put_item("LONG", description="A ring of gold. " * 200)
        stand.upload("LONG", picture(size=(400, 400)))
        yield stand


@pytest.fixture(scope="module")
def raw(gateway: Stand) -> Iterator[httpx.Client]:
    header = {"Authorization": f"Bearer {KEY}"}
    with served(gateway.service.http) as address, httpx.Client(base_url=address, headers=header) as client:
        yield client


def received(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer, and its body as it came over the wire."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_long_answers_are_compressed_for_who_takes_it(raw: httpx.Client) -> None:
    answer, packed = received(raw, "/v1/items/LONG")
    plain, body = received(raw, "/v1/items/LONG", **{"Accept-Encoding": "identity"})
    assert (answer.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert gzip.decompress(packed) == body
    assert len(packed) < len(body) / 5
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in received(raw, "/v1/items?limit=1&cursor=nonsense")[0].headers


def test_pictures_are_not_compressed_again(raw: httpx.Client, gateway: Stand) -> None:
    (image,) = gateway.client.get("/v1/images").json()["images"]
    answer, body = received(raw, image["image_url"])
    assert "content-encoding" not in answer.headers
    assert body == picture(size=(400, 400))


FAILURES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "no such address": ("GET", "/v2/items", {}, 404),
    "no such file of the page": ("GET", "/page/none.js", {}, 404),
    "no such item": ("GET", "/v1/items/NONE", {}, 404),
    "no such method": ("DELETE", "/v1/items", {}, 405),
    "no key": ("GET", "/v1/items", {"headers": {"Authorization": ""}}, 401),
    "no JSON": ("POST", "/v1/items:batch", {"content": b"{"}, 415),
    "half a JSON": ("POST", "/v1/items:batch", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    "wrong values": ("POST", "/v1/items:batch", {"json": {}}, 422),
    "too long": ("POST", "/v1/items:batch", {"json": {"items": ["x" * 2_100_000]}}, 413),
    "no picture": ("POST", "/v1/items/LONG/images", {"files": {"file": b"text"}}, 415),
    "no form": ("POST", "/v1/items/LONG/images", {"json": {}}, 415),
    "nobody behind": ("GET", "/v1/items/LONG/similar", {}, 503),
}


@pytest.mark.parametrize("case", FAILURES)
def test_whatever_goes_wrong_is_told_by_a_problem_document(raw: httpx.Client, case: str) -> None:
    method, path, request, status = FAILURES[case]
    headers = {"X-Request-ID": "shop-17"} | request.get("headers", {})
    answer = raw.request(method, path, **request | {"headers": headers})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = Problem.model_validate(answer.json())
    assert (problem.status, problem.correlation_id, problem.instance) == (status, "shop-17", path)
    assert answer.headers["x-request-id"] == "shop-17"
    assert (status == 405) == ("allow" in answer.headers)
    assert (status == 503) == ("retry-after" in answer.headers)


def test_every_answer_has_an_id(raw: httpx.Client) -> None:
    for path in ("/v1/items/LONG", "/healthz", "/metrics", "/", "/docs", "/openapi.json", "/nowhere"):
        assert raw.get(path).headers["x-request-id"], path


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path, cors_origins=[PAGE_OF_THE_SHOP]) as stand:
        yield stand


def preflight(gateway: Stand, origin: str, path: str = "/v1/items/RING-1") -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    headers["Access-Control-Request-Headers"] = "authorization,content-type,idempotency-key,if-match"
    return gateway.client.options(path, headers=headers)


def test_a_page_of_a_named_origin_may_call_and_read_the_fields_of_answers(opened: Stand) -> None:
    asked = preflight(opened, PAGE_OF_THE_SHOP)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, PAGE_OF_THE_SHOP)
    assert asked.headers["x-request-id"]
    opened.put_item()
    for path in ("/v1/items/RING-1", "/v1/items/NONE"):
        answer = opened.client.get(path, headers={"Origin": PAGE_OF_THE_SHOP})
        assert answer.headers["access-control-allow-origin"] == PAGE_OF_THE_SHOP
        assert {"ETag", "Retry-After", "X-Request-ID"} <= set(
            answer.headers["access-control-expose-headers"].split(", ")
        )
    assert "access-control-allow-credentials" not in asked.headers


def test_a_page_of_any_other_origin_may_not(opened: Stand, gateway: Stand) -> None:
    for stand, origin in ((opened, "https://shop.example.evil.test"), (gateway, PAGE_OF_THE_SHOP)):
        assert "access-control-allow-origin" not in preflight(stand, origin).headers
        answer = stand.client.get("/v1/items", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


def test_origins_are_read_as_a_list_and_one_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_URL", "OBJECT_STORE_URL", "DATABASE_URL", "EMBEDDER_URL", "RECOMMENDER_URL"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SECRET", "sixteen letters or more")
    assert Settings().cors_origins == []
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://shop.example, http://localhost:5173")
    assert Settings().cors_origins == ["https://shop.example", "http://localhost:5173"]
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://shop.example/")
    with pytest.raises(ValidationError):
        Settings()
