"""Requests and events made from the published contracts: each field filled by its name, or else by its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).parents[2] / "docs/contracts"
_METHODS = ("get", "put", "post", "patch", "delete")
_PLURALS = {"skus": "sku", "user_ids": "user_id", "exclude_skus": "sku"}


class Values(dict[str, str]):
    """What names stand for. Remembers which were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.used.add(name)
        return super().__getitem__(name)


@dataclass(frozen=True)
class Operation:
    """One method of one path of the OpenAPI document, with what the document tells of it."""

    method: str
    path: str
    told: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> set[str]:
        return {scope for one in self.told.get("security", []) for scopes in one.values() for scope in scopes}

    def parameters(self, place: str, *, required: bool = False) -> list[str]:
        """The names of those in the path, or in the query."""
        found = (one for one in self.told.get("parameters", ()) if one["in"] == place)
        return [one["name"] for one in found if one.get("required") or not required]

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The schema of its body in JSON, if it takes one."""
        content = self.told.get("requestBody", {}).get("content", {})
        schema: Mapping[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((CONTRACTS / name).read_text(encoding="utf-8"))
    return document


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, of in document["paths"].items():
        for method in filter(of.__contains__, _METHODS):
            yield Operation(method.upper(), path, of[method])


def shop_events(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By type, the schema of the data of each event that a shop may send."""
    components = document["components"]
    kinds = {kind for name, of in document["channels"].items() if name.endswith("-in") for kind in of["messages"]}
    payloads = {kind: components["messages"][kind]["payload"] for kind in sorted(kinds)}
    return {kind: _resolved(payload, document)["properties"]["data"] for kind, payload in payloads.items()}


def names_in(schema: Mapping[str, Any], document: Mapping[str, Any]) -> set[str]:
    """The names of all fields below a schema, those of several things by that of one."""
    schema = _resolved(schema, document)
    found = {_PLURALS.get(name, name) for name in schema.get("properties", {})}
    items = [schema["items"]] if "items" in schema else []
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *items]
    return found.union(*(names_in(one, document) for one in below))


def filled(schema: Mapping[str, Any], values: Mapping[str, str], document: Mapping[str, Any], name: str = "") -> Any:
    """The least that a schema takes. A field whose name `values` knows has that value, whether or not it must."""
    if (known := _PLURALS.get(name, name)) in values and schema.get("type") != "array":
        return values[known]
    schema = _resolved(schema, document)
    if options := schema.get("anyOf"):
        return filled(options[0], values, document, name)
    match schema:
        case {"const": only} | {"enum": [only, *_]}:
            return only
        case {"type": "array", "items": items}:
            return [filled(items, values, document, name)]
        case {"properties": fields}:
            wanted = {*schema.get("required", ()), *(one for one in fields if _PLURALS.get(one, one) in values)}
            return {one: filled(fields[one], values, document, one) for one in fields if one in wanted}
        case {"type": "object"}:
            return {}
        case {"format": "date-time"}:
            return "2026-05-01T12:00:00Z"
        case {"type": "integer" | "number"}:
            return schema.get("minimum", 1)
        case {"type": "boolean"}:
            return False
    return next(iter(schema.get("examples", ())), "a-word")


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema
