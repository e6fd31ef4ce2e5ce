"""Every event of the published shop bus, sent by one shop about each thing of another: as about what is not there.

The events are made from the AsyncAPI document, so a new one is in this by itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from services.gateway.tables import Base
from shared.errors import LoupeError
from tests.support.filling import Values, filled, names_in, read, shop_events
from tests.support.foreign import NOWHERE
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway
from tests.support.shop_handling import AT, handle

DOCUMENT = read("asyncapi.json")
EVENTS = shop_events(DOCUMENT)
OURS, OTHERS = picture(1), picture(2)
ONE_OF: dict[str, list[set[str]]] = {
    "shop.image.added": [{"content"}, {"object_key"}],
    "shop.image.removed": [{"image_id"}, {"sha256"}],
    "shop.user.erase": [{"user_id"}, {"session_id"}],
    "shop.user.export": [{"user_id"}, {"session_id"}],
}
"""Fields of which an event has one; all that it may name are tried."""
NO_THINGS = {"content", "sha256", "order_id", "id", "type", "search_id"}
"""Fields beside those of `NOWHERE` that name nothing of a shop that another could have."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with running_gateway(tmp_path_factory.mktemp("gateway")) as stand:
        yield stand


@pytest.fixture(scope="module")
def theirs(gateway: Stand) -> dict[str, str]:
    """What the shop `other` has, by names of fields."""
    header = {"Authorization": f"Bearer {OTHER_KEY}"}
    client = gateway.client
    assert client.put("/v1/items/ONLY-OTHER", json={"title": "Theirs"}, headers=header).status_code == 201
    file = {"file": ("p.jpg", OTHERS, "image/jpeg")}
    image_id = client.post("/v1/items/ONLY-OTHER/images", files=file, headers=header).json()["image_id"]
    event = {"id": "e-1", "type": "clicked", "user_id": "anna", "sku": "ONLY-OTHER", "at": AT}
    assert client.post("/v1/events", json={"events": [event]}, headers=header).status_code == 202
    (place,) = client.post("/v1/uploads", json={"count": 1}, headers=header).json()["uploads"]
    assert client.put(place["url"], content=OTHERS).status_code == 204
    key = place["object_key"]
    return {"sku": "ONLY-OTHER", "image_id": image_id, "object_key": key, "user_id": "anna", "session_id": "a-visit"}


def own(gateway: Stand) -> dict[str, str]:
    """What the shop `shop` has, made again when an event took it."""
    gateway.put_item("RING-1")
    image_id = gateway.upload("RING-1", OURS)
    (place,) = gateway.client.post("/v1/uploads", json={"count": 1}).json()["uploads"]
    assert gateway.client.put(place["url"], content=OURS).status_code == 204
    return {
        "sku": "RING-1",
        "image_id": image_id,
        "object_key": place["object_key"],
        "user_id": f"boris-{uuid4().hex}",  # somebody whom no event erased
        "session_id": f"visit-{uuid4().hex}",
        "content": base64.b64encode(OURS).decode(),
        "sha256": hashlib.sha256(OURS).hexdigest(),
    }


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_about_a_thing_of_another_shop_is_as_about_none(
    gateway: Stand, theirs: dict[str, str], kind: str
) -> None:
    before = rows_of(gateway, "other")
    named = names_in(EVENTS[kind], DOCUMENT)
    for fields in ONE_OF.get(kind, [set()]):
        others = set().union(*ONE_OF.get(kind, [set()])) - fields
        mine = {name: value for name, value in own(gateway).items() if name not in others}
        assert told(gateway, kind, mine) == "handled", f"{kind} of one's own: is {fields} filled right?"
        for name in sorted(named & theirs.keys() & mine.keys()):
            answers = [told(gateway, kind, {**own_of(gateway, mine), name: of[name]}) for of in (theirs, NOWHERE)]
            assert answers[0].replace(theirs[name], "...") == answers[1].replace(NOWHERE[name], "..."), name
            gateway.client.delete(f"/v1/items/{theirs['sku']}")
            gateway.client.delete(f"/v1/items/{NOWHERE['sku']}")
    assert rows_of(gateway, "other") == before
    assert {message.tenant for message in gateway.waiting()} == {"shop", "other"}


def own_of(gateway: Stand, mine: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in own(gateway).items() if name in mine}


def told(gateway: Stand, kind: str, values: dict[str, str]) -> str:
    """What comes of an event that says, where the contract has no place for it, that it is of the other shop."""
    data = filled(EVENTS[kind], Values(values), DOCUMENT)
    try:
        return handle(gateway, kind, data, tenant="shop", time=AT, tenantid="other", source="/other")
    except LoupeError as error:
        return f"{type(error).__name__}: {error.detail} {error.errors}"


def rows_of(gateway: Stand, tenant: str) -> dict[str, Any]:
    """All that the catalogue has of a shop."""
    tables = [table for table in Base.metadata.sorted_tables if "tenant" in table.c]
    with gateway.catalogue.read() as session:
        kept = {one.name: session.execute(select(one).where(one.c.tenant == tenant)).all() for one in tables}
    return {name: sorted(map(repr, rows)) for name, rows in kept.items()}


def test_what_an_event_names_is_known_of_both_shops(theirs: dict[str, str]) -> None:
    things = {
        name for schema in EVENTS.values() for name in names_in(schema, DOCUMENT) if name.endswith(("_id", "key"))
    }
    unknown = things - theirs.keys() - NO_THINGS
    assert not unknown, f"say what {unknown} are: in `theirs` and `own` here and in NOWHERE, or in NO_THINGS"
