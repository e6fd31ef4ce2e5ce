"""What OpenAPI cannot say of a request, so that Schemathesis sends none that is right by its schema and without sense.

Loaded by `schemathesis.toml`. Requests that are meant to be wrong are left as they are.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import time
from collections.abc import Callable
from typing import Any, cast

import requests
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.transport.serialization import Binary

from tests.support.pictures import drawing

FACTS: dict[str, Any] = json.loads(os.environ.get("LOUPE_CONTRACT_FACTS", "{}"))
"""`skus`: items that the shop has. `model`: one that the embedder has loaded. `key_id`: of the key that is used."""
_PHOTOS = itertools.cycle([Binary(drawing(number, side=64)) for number in range(3)])
_NUMBERS = itertools.count()
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_PICTURES = ("file", "image")
_JSON = "application/json"


@schemathesis.hook
def before_load_schema(_context: HookContext, document: dict[str, Any]) -> None:
    """The library checks a drawn form against its schema, and cannot where a text of it is described by a schema with
    a `not` in it (a SKU): "Unsupported type: 'Binary'". What is in such texts is made here anyway."""
    for path in ("/v1/references", "/v1/verify"):
        form = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        for field in form["properties"].values():
            field.pop("contentSchema", None)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    if case.operation.label in ("DELETE /v1/admin/keys/{key_id}", "POST /v1/admin/keys/{key_id}:rotate"):
        _another_key(case)
    _own_idempotency_key(case)
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    _no_foreign_cursor(case)
    _pictures(case)
    if case.operation.label in _OF_ROUTE:
        _OF_ROUTE[case.operation.label](case)
    if case.media_type not in (None, _JSON):
        case._record_starting_state()  # else it takes a body that holds bytes for one that is meant to be wrong


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Who is told to come back, as in a moment in which a part had no time, does so once, when the answer says. What
    is still refused then is a failure."""
    if response.status_code != requests.codes.unavailable or "retry-after" not in response.headers:
        return
    time.sleep(int(response.headers["retry-after"][0]))
    with requests.Session() as session:
        again = Response.from_requests(session.send(response.request, timeout=60), response.verify)
    for name in Response.__slots__:
        setattr(response, name, getattr(again, name))


def _body(case: Case[Any]) -> dict[str, Any]:
    return cast(dict[str, Any], case.body)


def _own_idempotency_key(case: Case[Any]) -> None:
    """The same key with another request is a conflict, and the shortest key is drawn again and again."""
    if _KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = f"request-{next(_NUMBERS)}"
        case._record_starting_state()  # else a request that is to lack its API key gets one


def _no_foreign_cursor(case: Case[Any]) -> None:
    """A cursor is what an answer told; any other is refused."""
    case.query = {name: value for name, value in (case.query or {}).items() if name != "cursor"}
    if isinstance(case.body, dict) and case.media_type == _JSON:
        case.body = {name: value for name, value in case.body.items() if name != "cursor"}


def _pictures(case: Case[Any]) -> None:
    """A part that is a picture holds one."""
    if not isinstance(case.body, dict) or case.media_type != "multipart/form-data":
        return
    for name in set(_PICTURES) & _body(case).keys():
        sent = _body(case)[name]
        photos = [next(_PHOTOS) for _ in (sent[:2] if isinstance(sent, list) else [sent])]
        case.body = _body(case) | {name: photos if isinstance(sent, list) else photos[0]}


def _page(case: Case[Any]) -> None:
    """The first page of the shop shows no item; that of an item, or of a cart, does."""
    if case.query.get("context", "home") == "home":
        case.query = {name: value for name, value in case.query.items() if name != "sku"}
    elif not case.query.get("sku"):
        case.query = case.query | {"sku": FACTS["skus"][:1]}


def _search(case: Case[Any]) -> None:
    """Pictures are named by their numbers, and none that is not there."""
    if case.media_type == _JSON:
        return
    pictures = _body(case).get("image", [])
    pictures = pictures if isinstance(pictures, list) else [pictures]
    said = {"parts": [{"image": number} for number in range(len(pictures))]} if pictures else {"words": "gold"}
    case.body = _body(case) | {"query": json.dumps(said)}


def _batch(case: Case[Any]) -> None:
    """The SKUs are as many as the pictures."""
    if case.media_type == _JSON:
        return
    pictures = _body(case)["file"]
    number = len(pictures) if isinstance(pictures, list) else 1
    case.body = _body(case) | {"skus": json.dumps((FACTS["skus"] * number)[:number])}


def _events(case: Case[Any]) -> None:
    """Of items that the shop had."""
    told = [event | {"sku": FACTS["skus"][0]} if event.get("sku") else event for event in _body(case)["events"]]
    case.body = {"events": told}


def _movements(case: Case[Any]) -> None:
    """Of items that the shop had, and a transfer goes elsewhere."""
    told = [
        one | {"sku": FACTS["skus"][0]} | ({"to_location": "elsewhere"} if one["kind"] == "moved" else {})
        for one in _body(case)["movements"]
    ]
    case.body = {"movements": told}


def _counts(case: Case[Any]) -> None:
    """Of items that the shop had."""
    case.body = _body(case) | {"counts": [one | {"sku": FACTS["skus"][0]} for one in _body(case)["counts"]]}


def _movements_file(case: Case[Any]) -> None:
    """A table of movements."""
    row = f"{FACTS['skus'][0]},received,1,2026-05-01T12:00:00Z\n"
    case.body = {"file": Binary(f"sku,kind,quantity,occurred_at\n{row}".encode())}


def _tray(case: Case[Any]) -> None:
    """Of a place. Which items should lie there is for the ledger to say: another request may have removed any."""
    case.body = {"image": _body(case)["image"], "location": "window"}


def _confirmed(case: Case[Any]) -> None:
    """Of items that the shop had."""
    if isinstance(case.body, dict):
        case.body = {"counts": [one | {"sku": FACTS["skus"][0]} for one in _body(case).get("counts", [])]}


def _stocked(case: Case[Any]) -> None:
    """An item that the shop has, so that there is more than a 404."""
    if case.path_parameters.get("sku"):
        case.path_parameters = {"sku": FACTS["skus"][0]}


def _shares(case: Case[Any]) -> None:
    """They sum to 1."""
    variants = _body(case)["variants"]
    case.body = _body(case) | {
        "variants": {name: each | {"share": 1 / len(variants)} for name, each in variants.items()}
    }


def _model(case: Case[Any]) -> None:
    case.body = _body(case) | {"model": FACTS["model"]}


def _hashed(case: Case[Any]) -> None:
    """The address says the hash of the bytes."""
    case.body = next(_PHOTOS)
    case.path_parameters = case.path_parameters | {"sha256": hashlib.sha256(case.body.data).hexdigest()}


def _key_that_ends(case: Case[Any]) -> None:
    """Not before it is made."""
    if _body(case).get("expires_at") is not None:
        case.body = _body(case) | {"expires_at": "2199-01-01T00:00:00Z"}


def _webhook(case: Case[Any]) -> None:
    """An address that events may be posted to."""
    if _body(case).get("url") is not None:
        case.body = _body(case) | {"url": "https://shop.example/loupe-events"}


def _another_key(case: Case[Any]) -> None:
    """Whoever ends the own key is told 401 from then on, and no route is tested."""
    if case.path_parameters.get("key_id") == FACTS["key_id"]:
        case.path_parameters = {"key_id": "k_" + "0" * 12}


def _one_forecast(case: Case[Any]) -> None:
    """Of a piece, or a style, or a type."""
    named = [name for name in ("sku", "style", "type") if name in case.query]
    case.query = {name: value for name, value in case.query.items() if name not in named[1:]}


def _reference(case: Case[Any]) -> None:
    """A record, and a view for each picture."""
    case.body = {**_body(case), "record": json.dumps({"title": f"Ring {next(_NUMBERS)}"})}
    _views(case)


def _views(case: Case[Any]) -> None:
    """Each picture once, and no views: all show the front."""
    images = list(_body(case).get("image") or [])[:3]
    case.body = {name: value for name, value in _body(case).items() if name != "views"} | {"image": images}


def _claimed(case: Case[Any]) -> None:
    """What is looked for among the shop's own references."""
    case.body = {**_body(case), "query": "{}"}


_OF_ROUTE: dict[str, Callable[[Case[Any]], None]] = {
    "GET /v1/users/{user_id}/suggestions": _page,
    "POST /v1/inventory/stocktakes": _tray,
    "POST /v1/inventory/stocktakes/{stocktake_id}:confirm": _confirmed,
    "GET /v1/sessions/{session_id}/suggestions": _page,
    "POST /v1/search": _search,
    "POST /v1/images:batch": _batch,
    "POST /v1/events": _events,
    "GET /v1/inventory/forecasts": _one_forecast,
    "POST /v1/inventory/movements": _movements,
    "POST /v1/inventory/counts": _counts,
    "POST /v1/inventory/movements.csv": _movements_file,
    "GET /v1/inventory/items/{sku}": _stocked,
    "PUT /v1/experiment": _shares,
    "POST /v1/references": _reference,
    "POST /v1/references/{reference_id}/pictures": _views,
    "POST /v1/verify": _claimed,
    "POST /v1/admin/reindex": _model,
    "POST /v1/admin/keys": _key_that_ends,
    "PUT /v1/items/{sku}/images/{sha256}": _hashed,
    "POST /v1/webhooks": _webhook,
    "PATCH /v1/webhooks/{webhook_id}": _webhook,
}
