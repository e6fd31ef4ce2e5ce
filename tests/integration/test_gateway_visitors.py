"""A browser that our page named asks to be forgotten: by its own name, and by nobody's else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from shared.contracts.messages import ErasureAsked, UserEvents
from tests.support.gateway import Stand, running_gateway

ME, ANOTHER = "page-" + "a" * 24, "page-" + "b" * 24


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path, page_tenant="shop") as stand:
        stand.put_item("RING-1")
        yield stand


@pytest.fixture
def page(gateway: Stand) -> TestClient:
    """A browser that has opened the page."""
    client = TestClient(gateway.service.http, base_url="http://localhost:8080")
    assert client.get("/").status_code == 200
    return client


def test_a_browser_is_forgotten_by_its_own_name_and_others_stay(gateway: Stand, page: TestClient) -> None:
    for number, name in enumerate((ME, ANOTHER)):
        event = {"id": f"e-{number}", "type": "viewed", "user_id": name, "sku": "RING-1", "at": "2026-05-01T12:00:00Z"}
        assert page.post("/v1/events", json={"events": [event]}).status_code == 202
    assert page.post(f"/v1/visitors/{ME}:forget").status_code == 202
    asked = [message for message in gateway.waiting() if isinstance(message, ErasureAsked)]
    assert [one.user_id for one in asked] == [ME], "the history is asked to forget it, too"
    told = [act.user_id for message in gateway.waiting() if isinstance(message, UserEvents) for act in message.events]
    assert told == [ANOTHER]


@pytest.mark.parametrize("name", ["anna", "page-", "page-" + "A" * 24, "page-" + "a" * 25, "xpage-" + "a" * 24])
def test_a_name_that_the_page_did_not_make_is_not_forgotten_this_way(
    gateway: Stand, page: TestClient, name: str
) -> None:
    assert page.post(f"/v1/visitors/{name}:forget").status_code == 422
    assert page.post(f"/v1/users/{name}:erase").status_code == 403
    assert not [message for message in gateway.waiting() if isinstance(message, ErasureAsked)]


def test_nobody_asks_for_it_from_another_page_or_with_a_key_that_only_reads(gateway: Stand, page: TestClient) -> None:
    assert page.post(f"/v1/visitors/{ME}:forget", headers={"Origin": "http://evil.example"}).status_code == 401
    reader = gateway.parts.api_keys.add("shop", "reader", ["read"]).key
    asked = gateway.client.post(f"/v1/visitors/{ME}:forget", headers={"Authorization": f"Bearer {reader}"})
    assert asked.status_code == 403
