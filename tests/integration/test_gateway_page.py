"""The page: what it is served with, and what its session may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.gateway.routes.page import FILES
from services.gateway.signing import keyed_hash
from tests.support.databases import NewDatabase
from tests.support.gateway import SECRET, Stand, picture, running_gateway
from tests.support.views import paths

KEYLESS = {"Authorization": ""}


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(
        tmp_path, database_url=new_database(), page_tenant="shop", public_host="shop.example:8443"
    ) as stand:
        yield stand


def browser(gateway: Stand, address: str = "http://localhost:8080") -> TestClient:
    """A browser that has opened the page at this address."""
    client = TestClient(gateway.service.http, base_url=address)
    assert client.get("/").status_code == 200
    return client


@pytest.mark.parametrize(
    "address",
    ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "https://shop.example:8443"],
)
def test_the_page_may_look_and_send_events_but_not_change_the_catalogue(gateway: Stand, address: str) -> None:
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture())
    page = browser(gateway, address)
    assert page.get("/v1/items").json()["items"][0]["sku"] == "RING-1"
    assert page.get(f"/v1/images/{image_id}/content").status_code == 200
    event = {"id": "e", "type": "clicked", "user_id": "u", "sku": "RING-1", "at": "2026-05-01T12:00:00Z"}
    assert page.post("/v1/events", json={"events": [event]}, headers={"Origin": address}).status_code == 202
    for method, path in [
        ("PUT", "/v1/items/RING-1"),
        ("DELETE", "/v1/items/RING-1"),
        ("POST", "/v1/items/RING-1/images"),
        ("DELETE", f"/v1/images/{image_id}"),
        ("PATCH", f"/v1/images/{image_id}/analysis"),
        ("GET", "/v1/admin/keys"),
    ]:
        assert page.request(method, path, json={"title": "x"}).status_code == 403, (method, path)


def test_the_page_of_the_stock_may_read_it_and_tell_nothing(gateway: Stand) -> None:
    page = TestClient(gateway.service.http, base_url="http://localhost:8080")
    answer = page.get("/inventory")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert page.get("/v1/inventory/summary").status_code == 503, "it may ask, and nobody answers here"
    for path in ("movements", "counts"):
        assert page.post(f"/v1/inventory/{path}", json={}).status_code == 403


def test_its_cookie_cannot_be_read_or_sent_by_other_sites(gateway: Stand) -> None:
    cookie = gateway.client.get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    page = browser(gateway)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example:8080"},
    ):
        assert page.get("/v1/items", headers=headers).status_code == 401, headers


def test_a_foreign_name_for_this_address_gets_no_session(gateway: Stand) -> None:
    for host in ("evil.example", "evil.example:8080", "localhost.evil.example", ""):
        assert "set-cookie" not in gateway.client.get("/", headers={"Host": host}).headers


def test_a_forged_or_ended_session_is_refused(gateway: Stand) -> None:
    good = browser(gateway).cookies["loupe_page"]
    tenant, expires, signature = good.split(".")
    ended = keyed_hash(SECRET, "session", "shop", "1000000000")
    for bad in (
        "x",
        f"other.{expires}.{signature}",
        f"{tenant}.{int(expires) + 1}.{signature}",
        f"{good}0",
        f"shop.1000000000.{ended}",
    ):
        page = TestClient(gateway.service.http, base_url="http://localhost", cookies={"loupe_page": bad})
        assert page.get("/v1/items").status_code == 401, bad


def test_without_a_shop_of_its_own_the_page_has_no_session(tmp_path: Path, new_database: NewDatabase) -> None:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        page = stand.client.get("/")
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert stand.client.get("/v1/items", headers=KEYLESS).status_code == 401


def test_the_page_runs_only_its_own_files(gateway: Stand) -> None:
    response = gateway.client.get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=(self), " in response.headers["permissions-policy"]
    assert "microphone=()" in response.headers["permissions-policy"]
    linked = re.findall(r'(?:src|href)="(/page/[^"]+)"', response.text)
    assert len(linked) >= 3
    for path in linked:
        assert gateway.client.get(path).status_code == 200, path
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", response.text)
    own = [file for file in FILES.rglob("*.*") if "vendor" not in file.parts and file.suffix != ".glb"]
    for file in own:
        outside = re.findall(r"https?://(?!www\.w3\.org/)\S+", file.read_text())
        assert outside == [], file.name


def test_every_page_runs_its_own_files_alone_and_none_of_what_is_written_in_it(gateway: Stand) -> None:
    assert len(paths()) >= 7
    for path in [*paths(), f"/boards/{'0' * 32}"]:
        page = gateway.client.get(path)
        policy = dict(rule.strip().split(" ", 1) for rule in page.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'", path
        assert "unsafe-inline" not in str(policy), path
        assert "'unsafe-eval'" not in str(policy), path
        assert not re.search(r"https?:|\*", str(policy)), path
        assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}, path
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|https?://", page.text), path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/items", 200),
        ("GET", "/v1/items/NONE", 404),
        ("PUT", "/v1/items/RING-1", 422),
        ("GET", "/nowhere", 404),
        ("GET", "/page/app.js", 200),
        ("GET", "/docs/files/swagger-ui.css", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/", 200),
    ],
)
def test_browsers_are_told_of_every_answer_what_it_is_not_and_may_not_do(
    gateway: Stand, method: str, path: str, status: int
) -> None:
    answer = gateway.client.request(method, path)
    assert answer.status_code == status
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers
    if "json" in answer.headers["content-type"]:
        assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers
    assert "strict-transport-security" in browser(gateway, "https://shop.example:8443").get(path).headers


def test_a_picture_is_shown_by_pages_of_the_shop_and_kept_by_browsers_alone(gateway: Stand) -> None:
    gateway.put_item()
    content = gateway.client.get(f"/v1/images/{gateway.upload('RING-1', picture())}/content")
    assert content.headers["cache-control"].startswith("private")
    assert "cross-origin-resource-policy" not in content.headers


def test_the_contract_is_read_with_files_of_its_own_and_under_the_same_policy(gateway: Stand) -> None:
    response = gateway.client.get("/docs")
    assert response.headers["content-security-policy"] == gateway.client.get("/").headers["content-security-policy"]
    linked = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert "/openapi.json" in linked
    assert [address for address in linked if not re.match("/[^/]", address)] == [], "no other host is named"
    for path in linked:
        assert gateway.client.get(path).status_code == 200, path
    assert gateway.client.get("/redoc").status_code == 404


def test_every_part_that_a_script_asks_for_is_on_the_page() -> None:
    for page in FILES.glob("*.html"):
        words = page.read_text()
        ids = set(re.findall(r'\bid="([\w-]+)"', words))
        for script in scripts_of(words):
            asked = set(re.findall(r'\b(?:at|show)\("([\w-]+)"', script.read_text()))
            assert asked <= ids, (page.name, script.name)


def scripts_of(page: str) -> set[Path]:
    """Our scripts that a page loads, and those that these import."""
    left = {FILES / name for name in re.findall(r'src="/page/([\w-]+\.js)"', page)}
    found: set[Path] = set()
    while left:
        script = left.pop()
        found.add(script)
        left |= {FILES / name for name in re.findall(r'from "\./([\w-]+\.js)"', script.read_text())} - found
    return found


def test_the_contract_is_shown_with_its_problems(gateway: Stand) -> None:
    contract = gateway.client.get("/openapi.json").json()
    upload = contract["paths"]["/v1/items/{sku}/images"]["post"]
    assert upload["requestBody"]["content"]["multipart/form-data"]["schema"]["required"] == ["file"]
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("tags"), (method, path)
            if path.startswith("/v1/") and path != "/v1/signing-keys":  # which everybody may read
                told = operation["responses"]["401"]["content"]
                assert told == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "HTTPValidationError" not in str(contract)
    assert gateway.client.get("/docs").status_code == 200
