"""Quotas of a shop: what does not fit is refused with the limit and the use, whoever else asks at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from services.gateway import quotas
from services.gateway.quotas import Quotas
from services.gateway.tables import Image
from shared.contracts.references import ReferencesKept
from shared.errors import QuotaExceeded
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.importing import imported, importing
from tests.support.shop_handling import handle


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


@pytest.fixture
def on_either(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        yield stand


def limit(gateway: Stand, **limits: int | None) -> None:
    Quotas(gateway.catalogue).set("shop", limits)


def used(gateway: Stand) -> dict[str, Any]:
    usage = gateway.client.get("/v1/usage").json()
    return {name: usage[name]["used"] for name in ("items", "pictures", "storage_bytes")}


def put(gateway: Stand, sku: str) -> Any:
    return gateway.client.put(f"/v1/items/{sku}", json={"title": sku})


def send(gateway: Stand, sku: str, data: bytes) -> Any:
    return gateway.client.post(f"/v1/items/{sku}/images", files={"file": ("a.jpg", data, "image/jpeg")})


def test_items_over_the_quota_are_refused_until_there_is_room(gateway: Stand) -> None:
    limit(gateway, items=2)
    assert [put(gateway, sku).status_code for sku in ("A", "B", "A")] == [201, 201, 200]
    refused = put(gateway, "C")
    assert refused.status_code == 403
    problem = refused.json()
    assert problem["type"] == "urn:loupe:problem:quota-exceeded"
    assert problem["quota"] == {"name": "items", "used": 2, "limit": 2}
    assert "may have 2 items and has 2: 1 more do not fit" in problem["detail"]
    batch = [{"sku": sku, "title": "changed"} for sku in ("A", "C")]
    assert gateway.client.post("/v1/items:batch", json={"items": batch}).status_code == 403
    assert gateway.client.get("/v1/items/A").json()["title"] == "A", "all of a batch or none"
    gateway.client.delete("/v1/items/A")
    assert put(gateway, "C").status_code == 201
    assert gateway.client.get("/v1/usage").json()["items"] == {"used": 2, "limit": 2}
    limit(gateway, items=None)
    assert put(gateway, "A").status_code == 201


def test_pictures_and_bytes_are_counted_with_what_becomes_of_them(gateway: Stand) -> None:
    one, two = picture(1), picture(2)
    for sku in ("A", "B"):
        put(gateway, sku)
    first = gateway.upload("A", one)
    gateway.upload("A", one)
    gateway.upload("B", one)
    gateway.upload("B", two)
    assert used(gateway) == {"items": 2, "pictures": 3, "storage_bytes": 2 * len(one) + len(two)}
    gateway.client.delete(f"/v1/images/{first}")
    assert used(gateway) == {"items": 2, "pictures": 2, "storage_bytes": len(one) + len(two)}
    gateway.client.delete("/v1/items/B")
    assert used(gateway) == {"items": 1, "pictures": 0, "storage_bytes": 0}


def test_of_many_pictures_those_that_fit_are_kept_and_the_bytes_of_others_are_not(gateway: Stand) -> None:
    put(gateway, "A")
    photos = [picture(number) for number in range(3)]
    limit(gateway, storage_bytes=len(photos[0]) + len(photos[1]))
    files = [("file", ("p.jpg", photo, "image/jpeg")) for photo in photos]
    sent = gateway.client.post("/v1/images:batch", files=files, data={"skus": '["A", "A", "A"]'}).json()["images"]
    assert [one.get("problem", {}).get("status") for one in sent] == [None, None, 403]
    assert sent[2]["problem"]["quota"]["name"] == "storage_bytes"
    assert gateway.pictures() == 4, "two rows and two files"
    limit(gateway, pictures=2)
    assert send(gateway, "A", photos[0]).status_code == 202, "it is there already"
    assert send(gateway, "A", photos[2]).json()["quota"] == {"name": "pictures", "used": 2, "limit": 2}
    assert gateway.client.post("/v1/uploads", json={"count": 1}).status_code == 403


def test_requests_at_the_same_moment_do_not_pass_a_limit_together(on_either: Stand) -> None:
    gateway = on_either
    put(gateway, "A")
    limit(gateway, pictures=3, items=4)
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda number: send(gateway, "A", picture(number)).status_code, range(10)))
        items = list(pool.map(lambda number: put(gateway, f"B-{number}").status_code, range(10)))
    assert sorted(pictures) == [202] * 3 + [403] * 7
    assert sorted(items) == [201] * 3 + [403] * 7
    counted = used(gateway)
    assert (counted["items"], counted["pictures"]) == (4, 3)
    assert len(gateway.client.get("/v1/images").json()["images"]) == 3


def test_by_queue_the_same_is_refused_for_good_and_no_field_is_blamed(gateway: Stand) -> None:
    limit(gateway, items=1)
    handle(gateway, "shop.item.upserted", {"sku": "A", "title": "A"})
    with pytest.raises(QuotaExceeded) as caught:
        handle(gateway, "shop.item.upserted", {"sku": "B", "title": "B"})
    assert (caught.value.used, caught.value.limit, caught.value.errors) == (1, 1, [])


def test_an_import_takes_the_rows_that_fit_and_says_why_not_the_others(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as gateway, importing(gateway):
        put(gateway, "A")
        limit(gateway, items=2)
        done = imported(gateway, b"sku,title\nA,changed\nB,new\nC,too many\nD,too many\n")
        assert done["state"] == "done"
        assert [done[name] for name in ("imported", "updated", "rejected")] == [1, 1, 2]
        rows = gateway.client.get(f"/v1/imports/{done['import_id']}/rows", params={"outcome": "rejected"}).json()[
            "rows"
        ]
        assert [(row["sku"], "may have 2 items" in row["reason"]) for row in rows] == [("C", True), ("D", True)]


def test_requests_of_a_day_are_counted_over_all_keys_of_a_shop(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as gateway:
        limit(gateway, requests=3)
        another = gateway.parts.api_keys.add("shop", "another", ["read"]).key
        header = {"Authorization": f"Bearer {another}"}
        assert gateway.client.get("/v1/items").status_code == 200
        answer = gateway.client.get("/v1/usage", headers=header)
        requests = answer.json()["requests"]
        assert (requests["used"], requests["limit"]) == (2, 3)
        assert answer.headers["ratelimit-policy"] == '"default";q=10000;w=10, "day";q=3;w=86400'
        assert '"day";r=1;t=' in answer.headers["ratelimit"]
        assert gateway.client.get("/v1/items").status_code == 200
        refused = gateway.client.get("/v1/items", headers=header)
        assert (refused.status_code, "3 requests a day" in refused.json()["detail"]) == (429, True)
        assert 0 < int(refused.headers["retry-after"]) <= 86_400
        other = {"Authorization": "Bearer key-of-another-shop"}
        assert gateway.client.get("/v1/items", headers=other).status_code == 200


def test_what_somebody_changed_by_hand_is_counted_anew(gateway: Stand) -> None:
    put(gateway, "A")
    gateway.upload("A", picture(1))
    with gateway.catalogue.write() as session:
        session.execute(delete(Image))
    with gateway.catalogue.write() as session:
        quotas.recount(session, "shop", ReferencesKept(pictures=0, bytes=0))
    assert used(gateway) == {"items": 1, "pictures": 0, "storage_bytes": 0}
