"""What is sent to a route, with the names that `foreign` has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.support.filling import Operation, Values, filled
from tests.support.foreign import AT, NOBODY, NOWHERE, PHOTO, RENDERED


def _photo(field: str) -> dict[str, Any]:
    return {"files": {field: ("p.jpg", PHOTO, "image/jpeg")}}


def _event(values: Mapping[str, str]) -> dict[str, Any]:
    event = {"id": uuid4().hex, "type": "clicked", "sku": values["sku"], "user_id": values["user_id"], "at": AT}
    return {"json": {"events": [event]}}


def _movement(values: Mapping[str, str]) -> dict[str, Any]:
    one = {"id": uuid4().hex, "sku": values["sku"], "kind": "received", "quantity": 1, "occurred_at": AT}
    return {"json": {"movements": [one]}}


def _movements_file(values: Mapping[str, str]) -> dict[str, Any]:
    row = f"{values['sku']},received,1,{AT}\n"
    return {"files": {"file": ("movements.csv", f"sku,kind,quantity,occurred_at\n{row}".encode())}}


BODIES: dict[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
    "POST /v1/items/{sku}/images": lambda _: _photo("file"),
    "PUT /v1/items/{sku}/images/{sha256}": lambda _: {"content": PHOTO},
    "POST /v1/images:batch": lambda values: {
        "json": {"images": [{"sku": values["sku"], "object_key": values["object_key"]}]}
    },
    "POST /v1/imports": lambda _: {"files": {"file": ("mine.csv", b"sku,title\nRING-2,Ring\n")}},
    "POST /v1/search": lambda values: {
        "files": {"image": ("p.jpg", PHOTO)},
        "data": {"query": json.dumps({"parts": [{"image": 0}, {"sku": values["sku"]}], "user_id": values["user_id"]})},
    },
    "POST /v1/boards": lambda values: {"json": {"title": "mine", "entries": [{"sku": values["sku"]}]}},
    "PUT /v1/boards/{board_id}": lambda values: {"json": {"title": "mine", "entries": [{"sku": values["sku"]}]}},
    "POST /v1/boards/{board_id}/pictures": lambda _: {"files": {"image": ("p.jpg", RENDERED, "image/jpeg")}},
    "POST /v1/boards/{board_id}:search": lambda _: {"json": {}},
    "POST /v1/palette:search": lambda _: {"json": {"colours": [{"colour": "#c0a060"}]}},
    "POST /v1/classify": lambda _: _photo("image"),
    "POST /v1/inventory/stocktakes": lambda values: {
        **_photo("image"),
        "data": {"expected": json.dumps([values["sku"]])},
    },
    "POST /v1/inventory/stocktakes/{stocktake_id}/pieces/{number}/photo": lambda _: _photo("image"),
    "POST /v1/inventory/stocktakes/{stocktake_id}:confirm": lambda values: {
        "json": {"counts": [{"sku": values["sku"], "quantity": 1}]}
    },
    "POST /v1/events": _event,
    "POST /v1/inventory/movements": _movement,
    "POST /v1/inventory/counts": lambda values: {"json": {"counts": [{"sku": values["sku"], "quantity": 1}]}},
    "POST /v1/inventory/movements.csv": _movements_file,
    "POST /v1/references": lambda _: {**_photo("image"), "data": {"record": json.dumps({"title": "Mine"})}},
    "POST /v1/references/{reference_id}/pictures": lambda _: _photo("image"),
    "POST /v1/verify": lambda values: {
        **_photo("image"),
        "data": {"query": json.dumps({"reference_id": values["reference_id"]})},
    },
    "PUT /v1/lookalikes/consent": lambda _: {"json": {"consents": True}},
    "PUT /v1/experiment": lambda _: {"json": one_variant("mine")},
    "POST /v1/webhooks": lambda _: {"json": {"url": NOBODY, "types": ["*"]}},
    "PUT /v1/uploads/{name}": lambda _: {"content": PHOTO},
}
"""Bodies that the schema alone does not make: of pictures and files, and those whose fields go together."""


def one_variant(name: str) -> dict[str, object]:
    """As ranked without an experiment, so that nothing of a list changes by it."""
    return {"name": name, "variants": {"only": {"share": 1, "explore": 0}}}


def body_of(operation: Operation, values: Values, document: Mapping[str, Any]) -> dict[str, Any]:
    """What `httpx` is to send."""
    if operation.label in BODIES:
        return BODIES[operation.label](values)
    if operation.body is None or operation.label.endswith(":rotate"):
        return {}
    known = Values({name: value for name, value in values.items() if name in NOWHERE and name != "name"})
    body = {"json": filled(operation.body, known, document)}
    values.used |= known.used
    return body
