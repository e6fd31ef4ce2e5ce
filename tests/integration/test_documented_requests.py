"""Every request that README, the integration page and the OpenAPI document show is answered, as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.analysis import Box
from shared.contracts.internal import HitList
from shared.contracts.search import SearchQuery
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.snippets import openapi_examples, run_alone, snippet, snippets
from tests.support.upstreams import analysis, hit, running_upstreams, served

PAGE = "docs/integration.md"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("openapi")
    with running_gateway(folder) as stand:
        body: dict[str, Any] = stand.client.get("/openapi.json").json()
    return body


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams) as stand:
        upstreams.seen = [analysis("0" * 64, boxes=[Box(x1=0.4), Box(x0=0.6)])]
        stand.put_item("RING-1")
        upstreams.hits = HitList(hits=[hit("RING-1", stand.upload("RING-1", picture(1)))])
        yield stand


def found(gateway: Stand, query: Any, *, photo: bool) -> None:
    """The query, alone or beside a photo, is answered with the item."""
    if photo:
        files: Any = {"image": ("photo.jpg", picture(9), "image/jpeg"), "query": (None, json.dumps(query))}
        response = gateway.client.post("/v1/search", files=files)
    else:
        response = gateway.client.post("/v1/search", json=query)
    assert response.status_code == 200, (query, response.text)
    assert [one["sku"] for one in response.json()["results"]] == ["RING-1"], query


def test_every_example_of_the_openapi_document_is_answered(gateway: Stand, document: dict[str, Any]) -> None:
    examples = openapi_examples(document, "/v1/search", "post")
    assert {media_type for media_type, _ in examples} == {"application/json", "multipart/form-data"}
    for media_type, example in examples:
        photo = media_type == "multipart/form-data"
        found(gateway, json.loads(example["query"]) if photo else example, photo=photo)


@pytest.fixture
def admin(gateway: Stand) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.parts.api_keys.add('shop', 'admin', ['admin']).key}"}


def suggested(gateway: Stand, batch: Any) -> None:
    response = gateway.client.post("/v1/suggestions:batch", json=batch)
    assert response.status_code == 200, (batch, response.text)
    assert [one["user_id"] for one in response.json()["users"]] == batch["user_ids"]


def started(gateway: Stand, admin: dict[str, str], experiment: Any) -> None:
    response = gateway.client.put("/v1/experiment", json=experiment, headers=admin)
    assert response.status_code == 200, (experiment, response.text)
    assert response.json()["variants"].keys() == experiment["variants"].keys()


def test_every_example_of_suggestions_in_the_openapi_document_is_answered(
    gateway: Stand, document: dict[str, Any], admin: dict[str, str]
) -> None:
    ((_, batch),) = openapi_examples(document, "/v1/suggestions:batch", "post")
    suggested(gateway, batch)
    ((_, experiment),) = openapi_examples(document, "/v1/experiment", "put")
    started(gateway, admin, experiment)


def test_every_body_for_suggestions_of_the_integration_page_is_taken(gateway: Stand, admin: dict[str, str]) -> None:
    batch, experiment = [json.loads(block) for block in snippets(PAGE, "json", "## Suggestions")]
    suggested(gateway, batch)
    started(gateway, admin, experiment)


def test_the_calls_for_suggestions_of_the_integration_page_run_as_they_stand(gateway: Stand, tmp_path: Path) -> None:
    (calls,) = snippets(PAGE, "sh", "## Suggestions")
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    with served(gateway.service.http) as address:
        said = run_alone(calls, "sh", tmp_path, HOME=str(tmp_path), API=f"{address}/v1", KEY=KEY)
    assert said.count('"search_id"') == 3


def test_the_document_has_the_whole_query(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert set(SearchQuery.model_fields) == set(schemas["SearchQuery"]["properties"])
    for name in _references(document):
        assert name in schemas, name


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for one in value for name in _references(one)}
    if not isinstance(value, dict):
        return set()
    named = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
    return named | {name for one in value.values() for name in _references(one)}


def test_every_query_of_the_integration_page_is_answered(gateway: Stand) -> None:
    blocks = [json.loads(block) for block in snippets(PAGE, "json", "## Search")]
    queries = [block for block in blocks if "results" not in block]
    assert (len(blocks), len(queries)) == (6, 5)
    for query in queries:
        found(gateway, query, photo="words" not in query)


def test_the_events_of_the_integration_page_are_taken_and_refused_as_it_says(gateway: Stand) -> None:
    taken, mixed, answer = (json.loads(block) for block in snippets(PAGE, "json", "## Shoppers")[:3])
    assert gateway.client.post("/v1/events", json=taken).json() == {"accepted": 4, "rejected": []}
    assert gateway.client.post("/v1/events", json=mixed).json() == answer


def test_the_requests_of_the_readme_run_as_they_stand(gateway: Stand, tmp_path: Path) -> None:
    block = snippet("README.md", "sh", "curl -X POST $API/search")
    home = tmp_path / "home"
    (home / ".loupe").mkdir(parents=True)
    (home / ".loupe/api-key").write_text(KEY)
    (home / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    for name in ("ring.jpg", "photo.jpg"):
        (home / name).write_bytes(picture(1))
    with served(gateway.service.http) as address:
        here = block.replace("http://127.0.0.1:8080", address)
        assert here != block
        said = run_alone(here, "sh", home, HOME=str(home))
    assert said.count('"RING-1"') >= 3
