"""The OpenAPI document, with failures as they are really told."""

from __future__ import annotations

import copy
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.gateway.access import PROBLEMS
from services.gateway.idempotency import applies, key_parameter
from shared.contracts.api import EventsIn
from shared.contracts.inventory import MovementsIn
from shared.contracts.references import PublicReference, ReferenceIn
from shared.contracts.search import SearchQuery
from shared.contracts.uploads import UploadedPictures
from shared.contracts.verifying import VerifyQuery

ABOUT = """Visual search for jewelry: put items and their pictures, then search by a photo and get suggestions.

Every request needs an API key, `Authorization: Bearer <key>`, with the scope that the call names. `RateLimit` in an
answer tells how many more requests the key may send, and `Retry-After` of a 429 when to go on. Whatever goes wrong is
told by a problem document (RFC 9457, `application/problem+json`): `detail` says what was wrong and what to do,
`correlation_id` finds it in the logs. A 503 may be sent again as it is; with an `Idempotency-Key` a POST or PATCH
may be too. Lists come in pages: give `next_cursor` back as `cursor`."""
TAGS = [
    {"name": "items", "description": "What the shop sells."},
    {"name": "images", "description": "Pictures of items: accepted at once, indexed a moment later."},
    {"name": "imports", "description": "A whole catalogue in one file: a job that tells what became of each row."},
    {"name": "search", "description": "From a picture, or an item, to the pieces that look like it."},
    {"name": "boards", "description": "Pictures, pieces and words gathered by somebody; the map of the catalogue."},
    {"name": "inventory", "description": "What lies where, styles, stock-takes by photo, forecasts and advice."},
    {"name": "references", "description": "Registered pieces and designs, and photos that are held against them."},
    {"name": "lookalikes", "description": "Copies found between shops that consent, and what people say of them."},
    {"name": "shoppers", "description": "What shoppers do, and what is suggested to them."},
    {"name": "webhooks", "description": "What becomes of pictures and items, posted to an address of the shop's."},
    {"name": "administration", "description": "The keys of the shop."},
    {"name": "contract", "description": "Schemas of the events that shops and Loupe exchange by queue."},
    {"name": "operations", "description": "Health, metrics and counts."},
]


def show_contract(app: FastAPI) -> None:
    """Show the failures in the form of RFC 9457 (FastAPI would show each as JSON, and 422 in a form of its own), with
    each operation the scope that it needs, and what is read by hand: searches and batches of events and pictures."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = make()
        by_hand: list[tuple[type[BaseModel], Literal["validation"]]] = [
            (SearchQuery, "validation"),
            (EventsIn, "validation"),
            (MovementsIn, "validation"),
            (UploadedPictures, "validation"),
            (ReferenceIn, "validation"),
            (PublicReference, "validation"),
            (VerifyQuery, "validation"),
        ]
        _, read = models_json_schema(by_hand, ref_template="#/components/schemas/{model}")
        document["components"]["schemas"] = read["$defs"] | document["components"]["schemas"]
        _let_repeats_pass(document["components"]["schemas"])
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if applies(method.upper(), path):
                    operation.setdefault("parameters", []).append(key_parameter())
                    operation["responses"].setdefault("409", copy.deepcopy(_CONFLICT))
                schemes = [needed for one in operation.get("security", []) for needed in one.values()]
                if scopes := sorted({scope for needed in schemes for scope in needed}):
                    needs = f"Needs the scope `{'`, `'.join(scopes)}`."
                    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), needs)))
                told = operation["responses"]
                if "requestBody" in operation:
                    told |= {status: _problem(PROBLEMS[int(status)]) for status in _OF_BODIES - told.keys()}
                operation["responses"] = told = dict(sorted(told.items()))
                for response in told.values():
                    content = response.get("content", {})
                    if content.get("application/json", {}).get("schema") == _PROBLEM:
                        content["application/problem+json"] = content.pop("application/json")
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


_CONFLICT = {
    "description": "The same `Idempotency-Key` came with another body, or the first is still in work",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_OF_BODIES = {"400", "408", "413", "415", "422"}


def _let_repeats_pass(schema: Any) -> None:
    """What is kept as a set may name something twice: it counts once."""
    for one in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(one, dict | list):
            _let_repeats_pass(one)
    if isinstance(schema, dict) and schema.get("uniqueItems") is True:
        del schema["uniqueItems"]


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": dict(_PROBLEM)}}}
