"""Keys that end by themselves, and keys that others take the place of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.gateway.api_keys import ApiKeys
from services.gateway.auth import Keys
from shared.contracts.fields import KeyScope
from shared.errors import Unauthorized
from tests.support.gateway import SECRET, Stand, running_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


def status(gateway: Stand, key: str) -> int:
    return int(gateway.client.get("/v1/items", headers={"Authorization": f"Bearer {key}"}).status_code)


def made(gateway: Stand, *scopes: KeyScope, **more: Any) -> Any:
    return ApiKeys(gateway.catalogue, SECRET).add("shop", "for a test", scopes, **more)


def rotate(gateway: Stand, key_id: str, by: str | None = None, **body: object) -> Any:
    header = {"Authorization": f"Bearer {by}"} if by else None
    return gateway.client.post(f"/v1/admin/keys/{key_id}:rotate", json=body, headers=header)


def test_the_old_key_works_beside_the_new_one_until_the_overlap_is_over(gateway: Stand) -> None:
    old = made(gateway, "read", "events", rate_limit=7)
    answer = rotate(gateway, old.key_id, overlap_hours=2)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    new = answer.json()
    assert (new["name"], new["scopes"], new["rate_limit"]) == ("for a test", ["events", "read"], 7)
    assert new["replaces"] == old.key_id
    assert (status(gateway, old.key), status(gateway, new["key"])) == (200, 200)
    ends = datetime.fromisoformat(new["old_expires_at"])
    assert timedelta(hours=1.9) < ends - datetime.now(UTC) <= timedelta(hours=2)
    listed = {key["key_id"]: key for key in gateway.client.get("/v1/admin/keys").json()["keys"]}
    assert listed[old.key_id]["replaced_by"] == new["key_id"]
    assert new["key"] not in str(listed)
    later = Keys(gateway.catalogue, SECRET, wall=lambda: ends + timedelta(seconds=1))
    with pytest.raises(Unauthorized, match="ended"):
        later.look_up(old.key)
    assert later.look_up(new["key"]).tenant == "shop"


def test_without_overlap_the_old_key_ends_at_once(gateway: Stand) -> None:
    old = made(gateway, "read")
    assert status(gateway, old.key) == 200
    new = rotate(gateway, old.key_id, overlap_hours=0).json()
    with pytest.raises(Unauthorized):
        Keys(gateway.catalogue, SECRET).look_up(old.key)
    assert status(gateway, new["key"]) == 200


def test_a_key_is_rotated_once(gateway: Stand) -> None:
    """So a request that is sent again makes no second key that nobody holds."""
    old = made(gateway, "read")
    new = rotate(gateway, old.key_id).json()
    again = rotate(gateway, old.key_id)
    assert (again.status_code, new["key_id"] in again.json()["detail"]) == (409, True)
    ApiKeys(gateway.catalogue, SECRET).revoke("shop", new["key_id"])
    assert rotate(gateway, new["key_id"]).status_code == 409
    assert rotate(gateway, "k_000000000000").status_code == 404
    assert rotate(gateway, old.key_id, overlap_hours=721).status_code == 422


def test_a_key_ends_at_the_time_it_was_made_with_and_not_seconds_later(gateway: Stand) -> None:
    ends = datetime.now(UTC) + timedelta(days=2)
    body = {"name": "x", "scopes": ["read"], "expires_at": ends.isoformat()}
    key = gateway.client.post("/v1/admin/keys", json=body).json()
    assert datetime.fromisoformat(key["expires_at"]) == ends
    monotonic, wall = 0.0, ends - timedelta(seconds=1)
    keys = Keys(gateway.catalogue, SECRET, clock=lambda: monotonic, wall=lambda: wall)
    keys.look_up(key["key"])
    assert keys.recent(key["key"])
    monotonic, wall = 1.0, ends
    assert keys.recent(key["key"]) is None, "it is not trusted beyond its end"
    with pytest.raises(Unauthorized):
        keys.look_up(key["key"])
    body["expires_at"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    answer = gateway.client.post("/v1/admin/keys", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "body.expires_at")


def test_the_new_key_lives_as_long_as_the_old_one_was_to(gateway: Stand) -> None:
    old = made(gateway, "read", expires_at=datetime.now(UTC) + timedelta(hours=1))
    new = rotate(gateway, old.key_id, overlap_hours=24).json()
    assert datetime.fromisoformat(new["old_expires_at"]) == old.expires_at, "an overlap lengthens no life"
    lives = datetime.fromisoformat(new["expires_at"]) - datetime.fromisoformat(new["created_at"])
    assert timedelta(minutes=59) < lives <= timedelta(hours=1, seconds=1)


def test_keys_that_ended_leave_their_place_to_others(gateway: Stand) -> None:
    old = made(gateway, "read")
    for _ in range(98):
        made(gateway, "read")
    assert rotate(gateway, old.key_id, overlap_hours=0).status_code == 409, "there are 100"
    keys = gateway.client.get("/v1/admin/keys").json()["keys"]
    gateway.client.delete(f"/v1/admin/keys/{keys[0]['key_id']}")
    assert rotate(gateway, old.key_id, overlap_hours=0).status_code == 201
    assert gateway.client.get("/v1/admin/keys").json()["keys"][-1]["key_id"] in (old.key_id, keys[0]["key_id"])
    assert gateway.client.post("/v1/admin/keys", json={"name": "x", "scopes": ["read"]}).status_code == 201


def test_a_key_for_all_shops_is_given_rotated_and_revoked_by_such_a_key_alone(gateway: Stand) -> None:
    admin = made(gateway, "admin").key
    operator = made(gateway, "admin", "operator")
    header = {"Authorization": f"Bearer {admin}"}
    body = {"name": "x", "scopes": ["operator"]}
    assert gateway.client.post("/v1/admin/keys", json=body, headers=header).status_code == 403
    assert rotate(gateway, operator.key_id, by=admin).status_code == 403
    assert gateway.client.delete(f"/v1/admin/keys/{operator.key_id}", headers=header).status_code == 403
    assert gateway.client.get("/v1/admin/reindex", headers=header).status_code == 403
    assert (
        gateway.client.post(
            "/v1/admin/keys", json=body, headers={"Authorization": f"Bearer {operator.key}"}
        ).status_code
        == 201
    )
    assert rotate(gateway, operator.key_id, by=operator.key).status_code == 201
