"""The check that contracts only grow: it catches every kind of break, and lets growth pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.breaking_changes import of_asyncapi, of_openapi

Document = dict[str, Any]
ITEM: Document = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "maxLength": 300},
        "price": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
        "kind": {"enum": ["ring", "watch"]},
        "tags": {"type": "array", "maxItems": 50, "items": {"type": "string"}},
        "image": {"type": "string"},
        "sku": {"type": "string"},
    },
    "anyOf": [{"required": ["image"]}, {"required": ["sku"]}],
}
FOUND: Document = {
    "type": "object",
    "required": ["sku", "state"],
    "properties": {
        "sku": {"type": "string"},
        "state": {"enum": ["stored", "indexed"]},
        "score": {"type": "number"},
        "next": {"$ref": "#/components/schemas/Found"},
    },
}
KEY = [{"HTTPBearer": ["write"]}]


@pytest.fixture
def http() -> Document:
    put = {
        "operationId": "put_item",
        "security": KEY,
        "parameters": [
            {"in": "path", "name": "sku", "required": True, "schema": {"type": "string", "pattern": "^.{1,128}$"}},
            {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}},
        ],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
        "responses": {
            "200": {
                "headers": {"ETag": {}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Found"}}},
            },
            "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
        },
    }
    delete = {"operationId": "delete_item", "responses": {"204": {}}}
    schemas = {"Item": ITEM, "Found": FOUND}
    return copy.deepcopy(
        {"paths": {"/items/{sku}": {"put": put, "delete": delete}}, "components": {"schemas": schemas}}
    )


@pytest.fixture
def bus() -> Document:
    lines = {"in": ("receive", "shop.item"), "out": ("send", "loupe.found")}
    return copy.deepcopy(
        {
            "channels": {
                line: {"address": f"loupe:{line}", "messages": {kind: {}}} for line, (_, kind) in lines.items()
            },
            "operations": {line: {"action": action} for line, (action, _) in lines.items()},
            "components": {
                "messages": {
                    "shop.item": {"payload": {"$ref": "#/components/schemas/Item"}},
                    "loupe.found": {"payload": {"$ref": "#/components/schemas/Found"}},
                },
                "schemas": {"Item": ITEM, "Found": FOUND},
            },
        }
    )


def put(document: Document) -> Any:
    return document["paths"]["/items/{sku}"]["put"]


def schema(document: Document, name: str) -> Any:
    return document["components"]["schemas"][name]


def item(document: Document) -> Any:
    return schema(document, "Item")["properties"]


def found(document: Document) -> Any:
    return schema(document, "Found")["properties"]


Change = Callable[[Document], Any]
BREAKS: dict[str, tuple[Change, str]] = {
    "an address that is gone": (lambda d: d["paths"].clear(), "PUT /items/{sku}: is gone"),
    "a method that is gone": (lambda d: d["paths"]["/items/{sku}"].pop("delete"), "DELETE /items/{sku}: is gone"),
    "another name for generated clients": (lambda d: put(d).update(operationId="put"), "operationId is put"),
    "another scope": (lambda d: put(d).update(security=[{"HTTPBearer": ["admin"]}]), "needs the scope admin"),
    "a key where none was needed": (
        lambda d: d["paths"]["/items/{sku}"]["delete"].update(security=KEY),
        "DELETE /items/{sku}: needs a key",
    ),
    "a parameter that is gone": (lambda d: put(d)["parameters"].pop(), "query.limit: is gone"),
    "a parameter that is needed now": (
        lambda d: put(d)["parameters"][1].update(required=True),
        "query.limit: is required",
    ),
    "a new parameter that is needed": (
        lambda d: put(d)["parameters"].append({"in": "header", "name": "If-Match", "required": True, "schema": {}}),
        "header.If-Match: is required",
    ),
    "a narrower parameter": (
        lambda d: put(d)["parameters"][1]["schema"].update(maximum=50),
        "query.limit: maximum is 50, not 100",
    ),
    "another pattern": (
        lambda d: put(d)["parameters"][0]["schema"].update(pattern="^.{1,64}$"),
        "path.sku: pattern is",
    ),
    "a body that is needed now": (lambda d: put(d)["requestBody"].update(required=True), "body: is required"),
    "a type of body that is gone": (
        lambda d: put(d)["requestBody"].update(content={"text/csv": {}}),
        "body: application/json is not taken",
    ),
    "a field that is needed now": (lambda d: schema(d, "Item")["required"].append("kind"), "body.kind: is required"),
    "a field that is no longer taken": (lambda d: item(d).pop("kind"), "body.kind: is gone"),
    "a field of another type": (lambda d: item(d).update(title={"type": "integer"}), "body.title: string is not taken"),
    "a field that may not be null": (lambda d: item(d)["price"]["anyOf"].pop(), "body.price: null is not taken"),
    "a stricter limit": (
        lambda d: item(d)["price"]["anyOf"][0].update(minimum=1),
        "body.price: minimum is 1, not 0",
    ),
    "a new limit": (lambda d: item(d)["title"].update(minLength=1), "body.title: minLength is 1, not None"),
    "fewer entries": (lambda d: item(d)["tags"].update(maxItems=10), "body.tags: maxItems is 10, not 50"),
    "narrower entries": (
        lambda d: item(d)["tags"]["items"].update(enum=["gold"]),
        'body.tags[]: only "gold" is taken',
    ),
    "a value that is no longer taken": (lambda d: item(d)["kind"]["enum"].pop(), 'body.kind: "watch" is not taken'),
    "another condition over several fields": (
        lambda d: schema(d, "Item")["anyOf"].pop(),
        "body: the condition in anyOf is another one",
    ),
    "an answer that is gone": (lambda d: put(d)["responses"].pop("200"), "200: is gone"),
    "an answer that is new": (lambda d: put(d)["responses"].update({"202": {}}), "202: is answered"),
    "another type of answer": (
        lambda d: put(d)["responses"]["404"].update(content={"text/html": {}}),
        "404: application/problem+json is gone",
    ),
    "a header that is gone": (lambda d: put(d)["responses"]["200"]["headers"].clear(), "200: the header ETag is gone"),
    "a field of an answer that is gone": (lambda d: found(d).pop("score"), "200.score: is gone"),
    "a field of an answer that may be absent": (
        lambda d: schema(d, "Found")["required"].remove("state"),
        "200.state: may be absent",
    ),
    "a field of an answer that may be null": (
        lambda d: found(d).update(sku={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "200.sku: null is not taken",
    ),
    "a value of an answer that nobody knows": (
        lambda d: found(d)["state"]["enum"].append("lost"),
        '200.state: "lost" is not taken',
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_of_the_http_api_is_caught_and_named(http: Document, name: str) -> None:
    change, words = BREAKS[name]
    old = copy.deepcopy(http)
    change(http)
    assert any(words in told for told in of_openapi(old, http)), of_openapi(old, http)


GROWTH: dict[str, Change] = {
    "a new address": lambda d: d["paths"].update({"/imports": copy.deepcopy(d["paths"]["/items/{sku}"])}),
    "a new field to send": lambda d: item(d).update(brand={"type": "string"}),
    "a field that is no longer needed": lambda d: schema(d, "Item").pop("required"),
    "a wider limit": lambda d: item(d)["title"].update(maxLength=500),
    "a limit that is gone": lambda d: item(d)["title"].clear(),
    "another value to send": lambda d: item(d)["kind"]["enum"].append("brooch"),
    "numbers where there were whole ones": lambda d: put(d)["parameters"][1]["schema"].update(type="number"),
    "null to send": lambda d: item(d).update(title={"anyOf": [item(d)["title"], {"type": "null"}]}),
    "a condition that is gone": lambda d: schema(d, "Item").pop("anyOf"),
    "a new field of an answer": lambda d: found(d).update(brand={"type": "string"}),
    "a field of an answer that is always there": lambda d: schema(d, "Found")["required"].append("score"),
    "another failure": lambda d: put(d)["responses"].update({"409": {}}),
    "not modified, for who asks": lambda d: put(d)["responses"].update({"304": {}}),
    "a new parameter": lambda d: put(d)["parameters"].append({"in": "query", "name": "sort", "schema": {}}),
    "another type of body": lambda d: put(d)["requestBody"]["content"].update({"text/csv": {}}),
    "other words": lambda d: item(d)["title"].update(description="What it is called", title="Name"),
    "no key where one was needed": lambda d: put(d).pop("security"),
}


@pytest.mark.parametrize("name", GROWTH)
def test_growth_of_the_http_api_passes(http: Document, name: str) -> None:
    old = copy.deepcopy(http)
    GROWTH[name](http)
    assert of_openapi(old, http) == []


BUS_BREAKS: dict[str, tuple[Change, str]] = {
    "a line that is gone": (lambda d: d["channels"].pop("out"), "out: is gone"),
    "another address": (lambda d: d["channels"]["in"].update(address="in"), "in: address is in, not loupe:in"),
    "an event that is no longer taken": (lambda d: d["channels"]["in"]["messages"].clear(), "in: shop.item is gone"),
    "an event that is no longer told": (lambda d: d["channels"]["out"]["messages"].clear(), "out: loupe.found is gone"),
    "the other way": (lambda d: d["operations"]["in"].update(action="send"), "in: Loupe does not receive"),
    "a field that is needed now": (lambda d: schema(d, "Item")["required"].append("sku"), "shop.item.sku: is required"),
    "a field that is no longer told": (lambda d: found(d).pop("score"), "loupe.found.score: is gone"),
    "a value that nobody knows": (lambda d: found(d)["state"]["enum"].append("lost"), "loupe.found.state:"),
}


@pytest.mark.parametrize("name", BUS_BREAKS)
def test_a_break_of_the_shop_bus_is_caught_and_named(bus: Document, name: str) -> None:
    change, words = BUS_BREAKS[name]
    old = copy.deepcopy(bus)
    change(bus)
    assert any(told.startswith(words) for told in of_asyncapi(old, bus)), of_asyncapi(old, bus)


def test_new_events_and_fields_of_the_shop_bus_pass(bus: Document) -> None:
    old = copy.deepcopy(bus)
    bus["channels"]["in"]["messages"]["shop.order"] = {}
    bus["components"]["messages"]["shop.order"] = {"payload": {"type": "object"}}
    item(bus)["brand"] = {"type": "string"}
    found(bus)["brand"] = {"type": "string"}
    assert of_asyncapi(old, bus) == []
