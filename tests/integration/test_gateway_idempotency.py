"""A request that is sent again with its Idempotency-Key has its effect once, and the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from services.gateway.kept_answers import KeptAnswers
from services.gateway.tables import ApiKey, KeptAnswer
from shared.contracts.fields import KeyScope
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway

BATCH = "/v1/items:batch"
IMAGES = "/v1/items/RING-1/images"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path, rate_limit_seconds=3_600) as stand:
        yield stand


@pytest.fixture
def on_each_database(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        yield stand


def items(*skus: str) -> dict[str, Any]:
    return {"items": [{"sku": sku, "title": f"Title of {sku}"} for sku in skus]}


def put(gateway: Stand, body: Any, key: str = "k-1", path: str = BATCH, **headers: str) -> Any:
    return gateway.client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


def upload(gateway: Stand, data: bytes, key: str = "k-1") -> Any:
    return gateway.client.post(IMAGES, files={"file": ("a.jpg", data, "image/jpeg")}, headers={"Idempotency-Key": key})


def of(gateway: Stand, *scopes: KeyScope) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.parts.api_keys.add('shop', 'a key', list(scopes)).key}"}


def kept(gateway: Stand) -> int:
    with gateway.catalogue.read() as session:
        return session.execute(select(func.count()).select_from(KeptAnswer)).scalar_one()


def make_older(gateway: Stand, by: timedelta) -> None:
    with gateway.catalogue.write() as session:
        session.execute(update(KeptAnswer).values(started_at=datetime.now(UTC) - by))


def test_a_repeat_is_answered_as_before_and_does_nothing(on_each_database: Stand) -> None:
    gateway = on_each_database
    first = put(gateway, items("A", "B"))
    gateway.client.delete("/v1/items/A")
    again = put(gateway, items("A", "B"))
    assert (again.status_code, again.json()) == (200, {"created": 2, "updated": 0, "unchanged": 0})
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert gateway.client.get("/v1/items/A").status_code == 404
    assert put(gateway, items("A", "B"), "k-2").json()["created"] == 1
    assert gateway.client.post(BATCH, json=items("A", "B")).json()["unchanged"] == 2


def test_another_request_with_the_same_key_is_refused(gateway: Stand) -> None:
    put(gateway, items("A"))
    gateway.put_item("A")
    for path, body in ((BATCH, items("B")), (f"{BATCH}?x=1", items("A")), ("/v1/events", items("A"))):
        answer = put(gateway, body, path=path)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:loupe:problem:conflict"), path
    patch = gateway.client.patch("/v1/items/A", json=items("A"), headers={"Idempotency-Key": "k-1"})
    assert patch.status_code == 409
    assert gateway.client.get("/v1/items/B").status_code == 404


def test_an_address_or_a_method_that_there_is_not_is_told_whatever_the_key(gateway: Stand) -> None:
    put(gateway, items("A"))
    header = {"Idempotency-Key": "k-1"}
    assert gateway.client.patch(BATCH, json={}, headers=header).status_code == 405
    assert put(gateway, {}, path="/v1/nothing").status_code == 404
    assert kept(gateway) == 1


def test_a_patch_is_answered_again_with_its_etag(gateway: Stand) -> None:
    gateway.put_item(price=5)
    header = {"Idempotency-Key": "k-1", "If-Match": '"r1"'}
    first = gateway.client.patch("/v1/items/RING-1", json={"price": 6}, headers=header)
    again = gateway.client.patch("/v1/items/RING-1", json={"price": 6}, headers=header)
    assert (again.status_code, again.headers["etag"], again.json()) == (200, '"r2"', first.json())


def test_a_form_is_the_same_whatever_its_boundary(gateway: Stand) -> None:
    gateway.put_item()
    first, again = upload(gateway, picture(1)), upload(gateway, picture(1))
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (again.status_code, again.json(), again.headers["location"]) == (
        202,
        first.json(),
        first.headers["location"],
    )
    assert "idempotency-replayed" in again.headers
    other = upload(gateway, picture(2))
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")
    assert len(gateway.client.get("/v1/images").json()["images"]) == 1
    assert gateway.pictures() == 2


def test_requests_that_meet_have_their_effect_once(on_each_database: Stand) -> None:
    gateway = on_each_database
    gateway.put_item()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: upload(gateway, picture(1)), range(8)))
    done = [answer for answer in answers if answer.status_code == 202]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 8
    assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in waiting)
    assert upload(gateway, picture(1)).json() == done[0].json()


def test_a_request_whose_gateway_died_is_let_in_again_after_a_while(on_each_database: Stand) -> None:
    gateway = on_each_database
    assert put(gateway, items("A")).status_code == 200
    with gateway.catalogue.write() as session:
        session.execute(update(KeptAnswer).values(status=None, body=None))
    assert put(gateway, items("A")).headers["retry-after"] == "1"
    make_older(gateway, timedelta(minutes=3))
    assert put(gateway, items("A")).json()["unchanged"] == 1
    assert put(gateway, items("A")).headers["idempotency-replayed"] == "true"


def test_a_sole_gateway_lets_in_at_its_start_what_a_dead_one_was_at_and_keeps_what_was_answered(
    on_each_database: Stand,
) -> None:
    gateway = on_each_database
    put(gateway, items("A"))
    put(gateway, items("B"), "k-2")
    with gateway.catalogue.write() as session:
        session.execute(update(KeptAnswer).where(KeptAnswer.key == "k-1").values(status=None, body=None))
    KeptAnswers(gateway.catalogue).take_over()
    assert put(gateway, items("A")).json()["unchanged"] == 1
    assert put(gateway, items("B"), "k-2").headers["idempotency-replayed"] == "true"


def test_answers_are_kept_for_a_day(on_each_database: Stand) -> None:
    gateway = on_each_database
    put(gateway, items("A"))
    make_older(gateway, timedelta(hours=23))
    gateway.parts.answers.clean()
    assert put(gateway, items("A")).headers["idempotency-replayed"] == "true"
    make_older(gateway, timedelta(hours=25))
    assert put(gateway, items("B")).json()["created"] == 1
    make_older(gateway, timedelta(hours=25))
    gateway.parts.answers.clean()
    assert kept(gateway) == 0


def test_a_refusal_is_kept_and_a_failure_of_ours_is_not(gateway: Stand) -> None:
    empty: dict[str, Any] = {"items": []}
    assert put(gateway, empty).status_code == 422
    assert put(gateway, empty).headers["idempotency-replayed"] == "true"
    admin = of(gateway, "operator")
    reindex = {"model": "model-2"}
    for _ in range(2):
        answer = put(gateway, reindex, "k-2", "/v1/admin/reindex", **admin)
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (503, False)
    assert put(gateway, items("A"), "k-2").status_code == 200


def test_a_key_of_another_shop_or_without_the_scope_is_told_nothing(gateway: Stand) -> None:
    put(gateway, items("A"))
    other = put(gateway, items("A"), Authorization=f"Bearer {OTHER_KEY}")
    assert (other.json()["created"], "idempotency-replayed" in other.headers) == (1, False)
    assert put(gateway, items("A"), **of(gateway, "read")).status_code == 403
    assert put(gateway, items("A"), **of(gateway, "write")).headers["idempotency-replayed"] == "true"
    assert put(gateway, items("A"), Authorization="Bearer nonsense").status_code == 401
    assert put(gateway, items("B"), "k-2", **of(gateway, "read")).status_code == 403
    assert put(gateway, items("B"), "k-2").json()["created"] == 1


def test_a_secret_is_not_kept_and_a_repeat_makes_no_second_one(on_each_database: Stand) -> None:
    gateway = on_each_database
    admin = of(gateway, "admin")
    body = {"name": "web shop", "scopes": ["read"]}
    made = put(gateway, body, path="/v1/admin/keys", **admin)
    again = put(gateway, body, path="/v1/admin/keys", **admin)
    assert (made.status_code, again.status_code) == (201, 409)
    assert "secret" in again.json()["detail"]
    with gateway.catalogue.read() as session:
        assert session.execute(select(KeptAnswer.body)).scalars().all() == [None]
        made_keys = select(func.count()).select_from(ApiKey).where(ApiKey.name == "web shop")
        assert session.execute(made_keys).scalar_one() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tinside"])
def test_a_key_that_is_none_is_refused_with_the_path(gateway: Stand, key: str) -> None:
    answer = put(gateway, items("A"), key)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "header.Idempotency-Key")
    assert put(gateway, items("A"), "x" * 255).status_code == 200


def test_what_only_reads_has_no_use_for_a_key(gateway: Stand) -> None:
    gateway.client.post("/v1/search", json={}, headers={"Idempotency-Key": "k-1"})
    assert kept(gateway) == 0


def test_repeats_count_against_the_rate_limit_and_too_large_bodies_are_refused(gateway: Stand) -> None:
    first, again = put(gateway, items("A")), put(gateway, items("A"))
    left = [int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0]) for answer in (first, again)]
    assert left[0] - left[1] == 1
    answer = gateway.client.post(BATCH, content=b"x" * 2_100_000, headers={"Idempotency-Key": "k-2"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert kept(gateway) == 1


def test_a_key_over_its_limit_is_told_when_to_go_on_and_nothing_is_kept(tmp_path: Path) -> None:
    with running_gateway(tmp_path, rate_limit=1, rate_limit_seconds=2) as gateway:
        answers = [put(gateway, items("A"), f"k-{number}") for number in range(12)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert all({"retry-after", "ratelimit", "x-request-id"} <= set(answer.headers) for answer in refused)
        assert kept(gateway) == len(answers) - len(refused)
