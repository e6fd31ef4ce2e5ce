"""API keys: what each may do, how they are made, listed and revoked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from services.gateway.api_keys import ApiKeys
from services.gateway.auth import Keys
from services.gateway.tables import ApiKey
from services.gateway.tenants import ensure_key
from shared.contracts.fields import KeyScope
from shared.errors import Unauthorized
from tests.support.gateway import KEY, OTHER_KEY, SECRET, Stand, running_gateway
from tests.support.upstreams import running_upstreams
from tests.support.waiting import until

SCOPES: tuple[KeyScope, ...] = ("read", "write", "events", "admin", "operator")
OF_BOARDS = {"{board_id}": "bd_" + "0" * 24, "{picture_id}": "bp_" + "0" * 24, "{share_id}": "0" * 32}
OF_WEBHOOKS = {"{webhook_id}": "wh_" + "0" * 24, "{delivery_id}": "0" * 36}
OPEN = {("put", "/v1/uploads/{name}"), ("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics")} | {
    ("get", path)
    for path in (
        "/.well-known/jwks.json",
        "/asyncapi.json",
        "/public/references/{public_id}",
        "/public/references/{public_id}/pictures/{sha256}",
        "/public/references/{public_id}/qr.svg",
        "/v1/signing-keys",
        "/public/boards/{share_id}",
        "/schemas",
        "/schemas/{kind}.json",
        "/schemas/data/{kind}.json",
    )
}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def made(gateway: Stand, *scopes: KeyScope, **more: Any) -> tuple[str, dict[str, str]]:
    """The id of a new key of `shop`, and the header that carries it."""
    key = ApiKeys(gateway.catalogue, SECRET).add("shop", "for a test", scopes, **more)
    return key.key_id, bearer(key.key)


def routes(gateway: Stand) -> dict[tuple[str, str], list[str]]:
    """(method, path) -> the scopes that the contract says it needs."""
    paths = gateway.client.get("/openapi.json").json()["paths"]
    return {
        (method, path): [scope for one in operation.get("security", []) for scope in one["HTTPBearer"]]
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def filled(path: str) -> str:
    values = {"{sku}": "RING-1", "{image_id}": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "{user_id}": "anna"}
    more = {"{session_id}": "visit-1", "{key_id}": "k_000000000000", "{sha256}": "0" * 64, **OF_WEBHOOKS}
    compared = {"{reference_id}": "ref_" + "0" * 32, "{verification_id}": "vrf_" + "0" * 32, "{evidence}": "0-0"}
    for name, value in {**values, **more, **compared, **OF_BOARDS}.items():
        path = path.replace(name, value)
    return path


def test_every_route_needs_the_one_scope_that_its_contract_names(tmp_path: Path) -> None:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams) as gateway:
        keys = {scope: made(gateway, scope)[1] for scope in SCOPES}
        found = routes(gateway)
        assert {route for route, scopes in found.items() if not scopes} == OPEN
        for (method, path), scopes in found.items():
            for scope, header in keys.items() if scopes else ():
                answer = gateway.client.request(method, filled(path), headers=header, json={})
                assert (answer.status_code != 403) == (scopes == [scope]), (method, path, scope, answer.text)


def test_a_missing_scope_is_told_with_the_way_to_get_it(gateway: Stand) -> None:
    _, reader = made(gateway, "read", "events")
    answer = gateway.client.put("/v1/items/RING-1", json={"title": "x"}, headers=reader)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="write"'
    problem = answer.json()
    assert problem["type"] == "urn:loupe:problem:insufficient-scope"
    assert "scope write" in problem["detail"]
    assert "This key has events, read." in problem["detail"]
    assert "loupe key add shop --scope write" in problem["detail"]
    assert gateway.client.get("/v1/items/RING-1").status_code == 404, "and nothing was done"


def test_an_admin_key_makes_lists_and_revokes_keys_of_its_own_shop(gateway: Stand) -> None:
    _, admin = made(gateway, "admin")
    answer = gateway.client.post("/v1/admin/keys", json={"name": "web", "scopes": ["read", "events"]}, headers=admin)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    new = answer.json()
    assert gateway.client.get("/v1/items", headers=bearer(new["key"])).status_code == 200
    listed = gateway.client.get("/v1/admin/keys", headers=admin)
    assert new["key"] not in listed.text
    (web,) = [key for key in listed.json()["keys"] if key["key_id"] == new["key_id"]]
    assert (web["name"], web["scopes"]) == ("web", ["events", "read"])
    assert web["last_used_at"]
    assert "revoked_at" not in web
    for _ in range(2):
        assert gateway.client.delete(f"/v1/admin/keys/{new['key_id']}", headers=admin).status_code == 204
    gone = gateway.client.get("/v1/admin/keys", headers=admin).json()["keys"][-1]
    assert (gone["key_id"], bool(gone["revoked_at"])) == (new["key_id"], True)


def test_another_shops_keys_are_not_there(gateway: Stand) -> None:
    key_id, header = made(gateway, "read")
    other = bearer(OTHER_KEY)
    assert key_id not in gateway.client.get("/v1/admin/keys", headers=other).text
    assert gateway.client.delete(f"/v1/admin/keys/{key_id}", headers=other).status_code == 404
    assert gateway.client.get("/v1/items", headers=header).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": " x", "scopes": ["read"]},
        {"name": "x" * 64, "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "rate_limit": 9},
        {"name": "x", "scopes": ["read"], "tenant": "other"},
    ],
)
def test_a_key_that_breaks_the_contract_is_not_made(gateway: Stand, body: dict[str, Any]) -> None:
    before = gateway.client.get("/v1/admin/keys").json()
    assert gateway.client.post("/v1/admin/keys", json=body).status_code == 422
    assert gateway.client.get("/v1/admin/keys").json() == before


def test_a_shop_has_up_to_a_hundred_keys(gateway: Stand) -> None:
    body = {"name": "x", "scopes": ["read"]}
    answers = [gateway.client.post("/v1/admin/keys", json=body) for _ in range(100)]
    assert [answer.status_code for answer in answers] == [201] * 99 + [409]
    gateway.client.delete(f"/v1/admin/keys/{answers[0].json()['key_id']}")
    assert gateway.client.post("/v1/admin/keys", json=body).status_code == 201


def test_a_revoked_key_works_nowhere_after_less_than_five_seconds(gateway: Stand) -> None:
    """Two gateway processes over one catalogue; the second never hears of the revocation but from there."""
    now = 0.0
    processes = [Keys(gateway.catalogue, SECRET, clock=lambda: now) for _ in range(2)]
    key_id, header = made(gateway, "read")
    key = header["Authorization"].removeprefix("Bearer ")
    for keys in processes:
        assert keys.recent(key) is None
        keys.look_up(key)
        assert keys.recent(key)
    ApiKeys(gateway.catalogue, SECRET).revoke("shop", key_id)
    now = 4.999
    for keys in processes:
        assert keys.recent(key) is None
        with pytest.raises(Unauthorized):
            keys.look_up(key)


def test_a_running_gateway_refuses_a_key_revoked_behind_its_back(gateway: Stand) -> None:
    key_id, header = made(gateway, "read")
    assert gateway.client.get("/v1/items", headers=header).status_code == 200
    ApiKeys(gateway.catalogue, SECRET).revoke("shop", key_id)
    until(lambda: gateway.client.get("/v1/items", headers=header).status_code == 401, "the key is refused", 5)


def test_use_is_noted_at_most_once_a_minute(gateway: Stand) -> None:
    key_id, header = made(gateway, "read")
    key = header["Authorization"].removeprefix("Bearer ")

    def used() -> datetime | None:
        return next(k.last_used_at for k in ApiKeys(gateway.catalogue, SECRET).list("shop") if k.key_id == key_id)

    assert used() is None
    keys = Keys(gateway.catalogue, SECRET)
    keys.look_up(key)
    first = used()
    assert first
    keys.look_up(key)
    assert used() == first
    earlier = datetime.now(UTC) - timedelta(seconds=61)
    with gateway.catalogue.write() as session:
        session.execute(update(ApiKey).where(ApiKey.key_id == key_id).values(last_used_at=earlier))
    keys.look_up(key)
    assert (used() or earlier) > first


def test_the_key_itself_is_kept_nowhere(gateway: Stand) -> None:
    key = gateway.client.post("/v1/admin/keys", json={"name": "x", "scopes": ["read"]}).json()["key"]
    with gateway.catalogue.read() as session:
        rows = str(session.execute(text("SELECT * FROM api_keys")).all())
    assert key not in rows
    assert KEY not in rows


def test_the_key_of_who_runs_this_machine_has_every_scope_but_stays_revoked(gateway: Stand) -> None:
    with gateway.catalogue.write() as session:
        session.execute(update(ApiKey).where(ApiKey.tenant == "shop").values(scopes=["read", "write", "events"]))
    ensure_key(gateway.catalogue, SECRET, "shop", KEY)
    (key,) = ApiKeys(gateway.catalogue, SECRET).list("shop")
    assert set(key.scopes) == set(SCOPES)
    ApiKeys(gateway.catalogue, SECRET).revoke("shop", key.key_id)
    ensure_key(gateway.catalogue, SECRET, "shop", KEY)
    assert ApiKeys(gateway.catalogue, SECRET).list("shop")[0].revoked_at
