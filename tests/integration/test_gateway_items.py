"""Items over HTTP, down to the rows and the messages that tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.messages import ItemChanged, ItemIndexed
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        yield stand


def test_an_item_is_made_then_replaced_and_each_change_is_told(gateway: Stand) -> None:
    body = {"title": "Emerald halo ring", "price": 490.0, "currency": "EUR", "stock": 0, "tags": ["emerald"]}
    made = gateway.client.put("/v1/items/RING-1", json=body)
    replaced = gateway.client.put("/v1/items/RING-1", json={"title": "Emerald ring"})

    assert (made.status_code, replaced.status_code) == (201, 200)
    assert made.json() | body == made.json()
    assert replaced.json()["revision"] == 2
    assert "price" not in replaced.json()
    assert replaced.json()["created_at"] == made.json()["created_at"]
    first, second = (told for told in gateway.waiting() if isinstance(told, ItemChanged))
    assert first.fields is not None
    assert second.fields is not None
    assert (first.revision, first.fields.price, first.fields.in_stock, first.fields.tags) == (
        1,
        490,
        False,
        ["emerald"],
    )
    assert (second.revision, second.fields.title, second.fields.in_stock) == (2, "Emerald ring", True)


def test_the_same_body_again_changes_nothing(gateway: Stand) -> None:
    first = gateway.put_item(price=5)
    again = gateway.client.put("/v1/items/RING-1", json={"title": "Title of RING-1", "price": 5, "description": ""})
    assert again.status_code == 200
    assert again.json() == first
    assert len(gateway.waiting()) == 1


def test_a_batch_does_what_its_puts_would_do(gateway: Stand) -> None:
    gateway.put_item("A", price=1)
    gateway.put_item("B", price=1)
    batch = [
        {"sku": "A", "title": "Title of A", "price": 1},
        {"sku": "B", "title": "Title of B", "price": 2},
        {"sku": "C", "title": "first said"},
        {"sku": "C", "title": "said last"},
    ]
    response = gateway.client.post("/v1/items:batch", json={"items": batch})
    assert response.json() == {"created": 1, "updated": 2, "unchanged": 1}
    assert gateway.client.get("/v1/items/C").json()["title"] == "said last"
    told = [(m.sku, m.revision) for m in gateway.waiting() if isinstance(m, ItemChanged)]
    assert told == [("A", 1), ("B", 1), ("B", 2), ("C", 1), ("C", 2)]


def test_a_batch_with_one_faulty_item_changes_nothing(gateway: Stand) -> None:
    batch = [{"sku": "A", "title": "good"}, {"sku": "B", "title": ""}]
    response = gateway.client.post("/v1/items:batch", json={"items": batch})
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "body.items.1.title"
    assert gateway.waiting() == []
    assert gateway.client.get("/v1/items").json() == {"items": []}


def test_a_removed_item_is_gone_with_its_pictures_and_goes_on_at_its_revision_when_put_again(gateway: Stand) -> None:
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture())
    assert gateway.client.delete("/v1/items/RING-1").status_code == 204

    assert gateway.client.get("/v1/items/RING-1").status_code == 404
    assert gateway.client.get(f"/v1/images/{image_id}").status_code == 404
    assert gateway.client.delete("/v1/items/RING-1").status_code == 404
    assert gateway.client.get("/v1/items").json() == {"items": []}
    assert [(m.name, getattr(m, "revision", None)) for m in gateway.waiting()] == [
        ("item.changed", 1),
        ("item.changed", 2),
    ]

    again = gateway.client.put("/v1/items/RING-1", json={"title": "Title of RING-1"})
    assert (again.status_code, again.json()["revision"]) == (201, 3)
    assert gateway.upload("RING-1", picture()) != image_id


def test_each_revision_waits_for_its_own_outcome(gateway: Stand) -> None:
    gateway.put_item()
    gateway.client.delete("/v1/items/RING-1")
    gateway.put_item()
    for _ in range(2):
        gateway.handle(ItemIndexed(tenant="shop", correlation_id="c", sku="RING-1", revision=3))
    assert [m.revision for m in gateway.waiting() if isinstance(m, ItemChanged)] == [1, 2]
    gateway.handle(ItemIndexed(tenant="shop", correlation_id="c", sku="RING-1", revision=2))
    gateway.handle(ItemIndexed(tenant="shop", correlation_id="c", sku="RING-1", revision=1))
    assert gateway.waiting() == []


def test_pages_show_every_item_once_in_order(gateway: Stand) -> None:
    skus = sorted(["a%1", "A_2", "Ring 3", "ring:4", "Ωmega", "R'5"])
    for sku in skus:
        gateway.put_item(sku.replace("%", "%25"))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = gateway.client.get("/v1/items", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= 2
        seen += [item["sku"] for item in page["items"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert seen == skus


def test_a_cursor_that_was_not_made_here_is_refused_in_words(gateway: Stand) -> None:
    response = gateway.client.get("/v1/items", params={"cursor": "made-up-ünicode"})
    assert response.status_code == 400
    assert "next_cursor" in response.json()["detail"]


def test_another_shop_sees_and_changes_nothing(gateway: Stand) -> None:
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture())
    foreign = {"Authorization": f"Bearer {OTHER_KEY}"}
    for method, path in [
        ("GET", "/v1/items/RING-1"),
        ("DELETE", "/v1/items/RING-1"),
        ("GET", "/v1/items/RING-1/similar"),
        ("GET", f"/v1/images/{image_id}"),
        ("GET", f"/v1/images/{image_id}/content"),
        ("DELETE", f"/v1/images/{image_id}"),
    ]:
        response = gateway.client.request(method, path, headers=foreign)
        assert response.status_code == 404, (method, path)
        assert response.json()["type"] == "urn:loupe:problem:not-found"
    patched = gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"type": "ring"}, headers=foreign)
    assert patched.status_code == 404
    upload = gateway.client.post("/v1/items/RING-1/images", files={"file": picture(2)}, headers=foreign)
    assert upload.status_code == 404
    assert gateway.client.get("/v1/items", headers=foreign).json() == {"items": []}
    assert gateway.client.get("/v1/status", headers=foreign).json()["outbox"] == 0
    assert gateway.pictures() == 2
    assert gateway.client.get("/v1/items/RING-1").status_code == 200
