"""What is published: current, valid by its own standards, and never less than what was released."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from services.gateway.published.documents import documents
from services.gateway.published.events import alone, events
from shared.contracts.shop import ImageRejectedData, parse, write
from shared.errors import InvalidInput
from tests.support.breaking_changes import of_asyncapi, of_openapi
from tests.support.gateway import Stand, running_gateway

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/contracts"
RELEASED = sorted(
    (FOLDER / "released").iterdir(), key=lambda folder: [int(part) for part in folder.name.split(".")], reverse=True
)
AT = "2026-05-01T12:00:00Z"
PICTURE = base64.b64encode(bytes(range(256))).decode()


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return documents()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with running_gateway(tmp_path_factory.mktemp("gateway")) as stand:
        yield stand


@pytest.mark.parametrize("name", ["asyncapi.json", "openapi.json"])
def test_the_committed_document_is_what_the_code_says(made: dict[str, str], name: str) -> None:
    current = (FOLDER / name).read_text(encoding="utf-8") == made[name]
    assert current, f"docs/contracts/{name} is behind: make contracts"


def test_no_change_breaks_what_was_released() -> None:
    newest = RELEASED[0]
    told = [
        *of_openapi(read(newest, "openapi.json"), read(FOLDER, "openapi.json")),
        *of_asyncapi(read(newest, "asyncapi.json"), read(FOLDER, "asyncapi.json")),
    ]
    assert told == [], f"{newest.name} is out; contracts only grow (docs/contracts/README.md)"


def test_the_asyncapi_document_is_one_by_the_official_schema() -> None:
    schema = gzip.decompress((ROOT / "tests/fixtures/asyncapi/3.0.0.json.gz").read_bytes())
    checked = jsonschema_rs.Draft7Validator(json.loads(schema))
    faults = [f"{error.instance_path}: {error}" for error in checked.iter_errors(read(FOLDER, "asyncapi.json"))]
    assert faults == []


def test_the_openapi_document_is_one_by_the_official_schema() -> None:
    checked = jsonschema_rs.Draft202012Validator(OPENAPI_31)
    faults = [f"{error.instance_path}: {error}" for error in checked.iter_errors(read(FOLDER, "openapi.json"))]
    assert faults == []


def test_generated_clients_get_a_name_of_its_own_for_each_operation() -> None:
    operations = [one for path in read(FOLDER, "openapi.json")["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize("part", ["event", "data"])
def test_the_schemas_are_served_to_anybody_and_are_json_schemas(gateway: Stand, part: Any) -> None:
    listed = gateway.client.get("/schemas", headers={"Authorization": ""}).json()
    addresses = listed["events" if part == "event" else "data"]
    assert addresses.keys() == {event.kind for event in events()}
    for kind, address in addresses.items():
        answer = gateway.client.get(address, headers={"Authorization": ""})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
        assert answer.json() == alone(part)[kind]
        assert answer.json()["$id"] == address
        jsonschema_rs.Draft202012Validator(answer.json())


def test_the_documents_are_served_as_they_are_committed(gateway: Stand) -> None:
    for name in ("asyncapi.json", "openapi.json"):
        assert gateway.client.get(f"/{name}").json() == read(FOLDER, name)
    assert gateway.client.get("/schemas/shop.nothing.json").status_code == 404


def event(kind: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "source": "/shop", "type": kind, "data": data} | attributes


CLICK = {"type": "clicked", "user_id": "anna", "sku": "R"}
SENT = [
    event("shop.item.upserted", {"sku": "R", "title": "Ring", "price": 490, "tags": ["gold"]}),
    event("shop.item.upserted", {"sku": "R", "title": "Ring", "price": "490"}),
    event("shop.item.upserted", {"sku": "R", "title": "Ring", "prize": 490}),
    event("shop.item.upserted", {"sku": "..", "title": "Ring"}),
    event("shop.item.removed", {"sku": "R"}, time=AT, correlationid="c-1", mine=1),
    event("shop.item.removed", {"sku": "R"}, specversion="0.3"),
    event("shop.item.removed", {}),
    event("shop.image.added", {"sku": "R", "content": PICTURE}),
    event("shop.image.added", {"sku": "R", "object_key": "a.jpg"}),
    event("shop.user.event", CLICK, time=AT),
    event("shop.user.event", CLICK | {"at": AT, "id": "c-1"}),
    event("shop.user.event", CLICK),
    event("shop.user.event", CLICK | {"type": "searched"}, time=AT),
    event("shop.user.event", {"type": "clicked", "sku": "R"}, time=AT),
]


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: json.dumps(sent["data"])[:60])
def test_the_schema_of_an_event_takes_what_loupe_takes_and_nothing_else(sent: dict[str, Any]) -> None:
    schema = jsonschema_rs.Draft202012Validator(alone("event")[sent["type"]], validate_formats=True)
    try:
        parse(json.dumps(sent).encode())
        taken = True
    except InvalidInput:
        taken = False
    assert schema.is_valid(sent) == taken


def test_what_loupe_sends_keeps_its_schema() -> None:
    news = ImageRejectedData(sku="R", image_id="0" * 36, reason="It is cut off.")
    told = json.loads(write(news, tenant="shop", key="k", correlation_id="c"))
    assert jsonschema_rs.Draft202012Validator(alone("event")[told["type"]], validate_formats=True).is_valid(told)
    del told["time"]
    assert not jsonschema_rs.Draft202012Validator(alone("event")[told["type"]]).is_valid(told)
