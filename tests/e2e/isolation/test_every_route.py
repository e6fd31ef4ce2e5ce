"""Every operation of the published API, asked by one shop for each thing of another: answered as for what is not there.

The requests are made from the OpenAPI document, so a new operation is in this by itself. What a path names anew needs
an entry in tests/support/foreign.py; a test says which.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.support.filling import Operation, Values, operations, read
from tests.support.foreign import NOWHERE, OF_NO_SHOP, own
from tests.support.foreign_bodies import body_of
from tests.support.stack import RunningStack
from tests.support.two_shops import Shop

DOCUMENT = read("openapi.json")
OPERATIONS = list(operations(DOCUMENT))
IN_WORK = {
    "POST /v1/webhooks/{webhook_id}/test",
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}:redeliver",
}
"""May be answered 409 of one's own: it is on its way at that moment."""
OF_MY_OWN_BOOKS = {"GET /v1/inventory/movements", "GET /v1/inventory/movements.csv"}
"""Movements stay: those that this test told of a piece of mine, while it was named as one of theirs, too."""
PUBLISHED = {"public_id"}
"""Names, unguessable, of what its shop shows to everybody."""
_MOVING = re.compile(
    r"lk_[\w-]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?|\"score\":[\d.e-]+"
    r"|expires=\d+|signature=[\w.-]+|whsec_[\w+/=-]+|\"version\":\d+"
)


def test_the_gateway_serves_what_is_published(stack: RunningStack) -> None:
    assert stack.api.get("/openapi.json").json()["paths"] == DOCUMENT["paths"]


def test_what_a_path_names_is_known_of_both_shops() -> None:
    named = {name for operation in OPERATIONS for name in operation.parameters("path")}
    unknown = named - NOWHERE.keys() - OF_NO_SHOP.keys()
    assert not unknown, (
        f"say in tests/support/foreign.py what {unknown} are: in NOWHERE, theirs and _Own, or OF_NO_SHOP"
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_a_thing_of_another_shop_is_as_one_that_is_not_there(
    shops: tuple[Shop, Shop], foreign: dict[str, str], before: dict[str, Any], operation: Operation
) -> None:
    mine, theirs = shops
    if "operator" in operation.scopes:
        assert ask(mine, operation, own(mine, operation)).status_code == 403
        return
    values = own(mine, operation)
    answer = ask(mine, operation, values)
    taken = answer.is_success or (operation.label in IN_WORK and answer.status_code == 409)
    assert taken, f"{answer.text}: tests/support/foreign_bodies.py says what is sent to {operation.label}; is it right?"
    told = {theirs.only} if operation.label in OF_MY_OWN_BOOKS else set()
    assert not named(theirs, answer.text) - told
    for name in sorted(values.used & NOWHERE.keys() - PUBLISHED):
        asked = {of: {**values, name: one} for of, one in (("theirs", foreign[name]), ("no", NOWHERE[name]))}
        answers = {of: ask(mine, operation, Values(one)) for of, one in asked.items()}
        texts = {of: still(answer.text, asked[of][name]) for of, answer in answers.items()}
        assert answers["theirs"].status_code == answers["no"].status_code, (name, texts)
        assert texts["theirs"] == texts["no"], name
        assert not named(theirs, texts["theirs"]), name
    if "cursor" in operation.parameters("query"):
        refuse_their_cursor(mine, theirs, operation, foreign)
    if operation.method != "GET":
        for sku in (foreign["sku"], NOWHERE["sku"]):  # one may name one's own piece as another shop does
            mine.api.delete(f"/v1/items/{sku}")
        mine.settle()
        assert theirs.world() == before


def ask(shop: Shop, operation: Operation, values: Values) -> httpx.Response:
    path = operation.path
    for name in operation.parameters("path"):
        path = path.replace(f"{{{name}}}", values[name])
    query = {name: values[name] for name in operation.parameters("query", required=True)}
    return shop.api.request(operation.method, path, params=query, **body_of(operation, values, DOCUMENT))


def refuse_their_cursor(mine: Shop, theirs: Shop, operation: Operation, foreign: dict[str, str]) -> None:
    of_theirs = Values({**own(mine, operation), **foreign, "sku": "RING-1"})
    path = operation.path
    for name in operation.parameters("path"):
        path = path.replace(f"{{{name}}}", of_theirs[name])
    query = {name: of_theirs[name] for name in operation.parameters("query", required=True)}
    cursor = theirs.api.get(path, params={**query, "limit": 1}).raise_for_status().json().get("next_cursor")
    if cursor is None:
        return
    for name in operation.parameters("path"):
        path = path.replace(of_theirs[name], own(mine, operation)[name])
    answer = mine.api.get(path, params={**query, "cursor": cursor})
    assert (answer.status_code, named(theirs, answer.text)) == (400, set())


def still(text: str, asked: str) -> str:
    """Without what was asked for, which may be named again, and what is another each time."""
    return _MOVING.sub("...", text.replace(asked, "<asked>"))


def named(shop: Shop, text: str) -> set[str]:
    return {mark for mark in shop.marks if mark in text}
