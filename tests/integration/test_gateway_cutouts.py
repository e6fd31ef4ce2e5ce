"""Cut-outs of pictures: asked of the embedder, for who may see the picture, and the page that wears them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway
from tests.support.upstreams import CUT_OUT, Upstreams, served


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    made = Upstreams()
    with served(made.embedder()) as made.embedder_url:
        yield made


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    with running_gateway(tmp_path, upstreams, database_url=new_database(), page_tenant="shop") as stand:
        yield stand


def test_the_piece_of_a_picture_is_asked_for_once_and_kept_by_the_browser(gateway: Stand, upstreams: Upstreams) -> None:
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture())
    first, again = (gateway.client.get(f"/v1/images/{image_id}/cutout") for _ in range(2))
    assert (first.status_code, first.headers["content-type"], first.content) == (200, "image/png", CUT_OUT)
    assert first.headers["cache-control"].startswith("private")
    assert again.content == first.content
    assert upstreams.cut_out == [picture()]


def test_nobody_else_sees_it_and_a_removed_picture_has_none(gateway: Stand) -> None:
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture())
    path = f"/v1/images/{image_id}/cutout"
    assert gateway.client.get(path).status_code == 200
    assert gateway.client.get(path, headers={"Authorization": f"Bearer {OTHER_KEY}"}).status_code == 404
    assert gateway.client.get(path, headers={"Authorization": ""}).status_code == 401
    assert gateway.client.delete(f"/v1/images/{image_id}").status_code == 204
    assert gateway.client.get(path).status_code == 404


def test_where_no_piece_is_found_the_answer_says_what_to_do(gateway: Stand, upstreams: Upstreams) -> None:
    upstreams.cuts = False
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture())
    answer = gateway.client.get(f"/v1/images/{image_id}/cutout")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "No piece was found in this picture that could be cut out.",
    )


def test_try_on_alone_may_run_wasm_and_with_finding_alone_ask_for_the_camera(gateway: Stand) -> None:
    page = TestClient(gateway.service.http, base_url="http://localhost:8080")
    told, find, other = (page.get(path).headers for path in ("/try-on", "/", "/inspire"))
    assert "script-src 'self' 'wasm-unsafe-eval';" in told["content-security-policy"]
    assert "'unsafe-eval'" not in told["content-security-policy"]
    assert "connect-src 'self';" in told["content-security-policy"]
    assert "camera=(self)" in told["permissions-policy"]
    assert "wasm" not in find["content-security-policy"]
    assert "camera=(self)" in find["permissions-policy"]
    assert "wasm" not in other["content-security-policy"]
    assert "camera=()" in other["permissions-policy"]
