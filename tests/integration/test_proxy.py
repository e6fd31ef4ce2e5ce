"""The gateway behind nginx, by the configuration that we ship: TLS, limits, and whose word it takes."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.broker import free_port
from tests.support.gateway import KEY, picture, running_gateway
from tests.support.upstreams import Upstreams, served
from tests.support.waiting import until

CONFIG = Path(__file__).parents[2] / "deploy/proxy/nginx.conf"
NAME = "localhost"


@dataclass(frozen=True)
class Door:
    """nginx before a gateway: its address without TLS, and a client that trusts its certificate."""

    plain: str
    secure: str
    client: httpx.Client


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "loupe.pem").write_bytes(made.public_bytes(pem))
    (folder / "loupe.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@contextmanager
def opened(folder: Path, gateway: str) -> Iterator[Door]:
    certificate(folder)
    plain, secure = free_port(), free_port()
    site = CONFIG.read_text()
    for there, here in (
        ("127.0.0.1:8080", gateway.removeprefix("http://")),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{secure} ssl"),
        ("https://$host$request_uri", f"https://$host:{secure}$request_uri"),
        ("loupe.example.com", NAME),
        ("/etc/ssl", str(folder)),
    ):
        assert there in site
        site = site.replace(there, here)
    kept = "".join(
        f"{what}_temp_path {folder}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(f"daemon off; pid {folder}/pid; events {{}}\nhttp {{ access_log off; {kept}\n{site}\n}}\n")
    with (folder / "log").open("wb") as log:
        nginx = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(file), "-e", str(folder / "errors")], stdout=log, stderr=log
        )
    trusting = ssl.create_default_context(cafile=str(folder / "loupe.pem"))
    address = f"https://{NAME}:{secure}"
    try:
        with httpx.Client(base_url=address, verify=trusting, timeout=30) as client:
            until(lambda: answers(client), f"nginx answers; its words are in {folder}")
            yield Door(f"http://127.0.0.1:{plain}", address, client)
    finally:
        nginx.terminate()
        nginx.wait()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("proxy")
    with (
        running_gateway(folder, Upstreams(), page_tenant="shop", page_key=KEY) as stand,
        served(stand.service.http) as address,
        opened(folder, address) as door,
    ):
        yield door


def answers(client: httpx.Client) -> bool:
    try:
        client.get("/healthz")
    except httpx.TransportError:
        return False
    return True


def sent(door: Door, data: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {KEY}"}
    return door.client.post("/v1/classify", files={"image": ("p.jpg", data, "image/jpeg")}, headers=headers)


def test_who_comes_without_tls_is_led_to_it(door: Door) -> None:
    answer = httpx.get(f"{door.plain}/v1/items?limit=1", headers={"Host": NAME})
    assert (answer.status_code, answer.headers["location"]) == (308, f"{door.secure}/v1/items?limit=1")


def test_browsers_are_told_to_stay_with_https_and_the_pages_cookie_goes_by_it_alone(door: Door) -> None:
    page = door.client.get("/")
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "secure" in page.headers["set-cookie"].lower()


def test_what_a_client_says_of_itself_is_not_believed(door: Door) -> None:
    page = door.client.get("/", headers={"X-Forwarded-Proto": "http", "X-Forwarded-For": "10.0.0.1"})
    assert "strict-transport-security" in page.headers


def test_a_picture_passes_and_is_kept(door: Door) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    door.client.put("/v1/items/RING-1", json={"title": "Ring"}, headers=headers).raise_for_status()
    files = {"file": ("p.jpg", picture(), "image/jpeg")}
    answer = door.client.post("/v1/items/RING-1/images", files=files, headers=headers)
    assert answer.status_code == 202
    assert answer.json()["status_url"].startswith("/v1/images/")


def test_what_is_too_large_for_a_route_is_refused_by_the_gateway_and_for_all_by_the_proxy(door: Door) -> None:
    for size in (30_000_000, 80_000_000):
        answer = sent(door, bytes(size))
        problem = answer.json()
        assert answer.status_code == problem["status"] == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["type"] == "urn:loupe:problem:too-large"
        assert problem["detail"]


def test_metrics_are_not_shown_outside(door: Door) -> None:
    assert door.client.get("/metrics").status_code == 404


def test_many_requests_at_once_of_one_address_are_limited_with_a_word_when_to_come_back(door: Door) -> None:
    def limited() -> httpx.Response | None:
        answer = door.client.get("/healthz")
        return answer if answer.status_code == 429 else None

    refused = next(filter(None, (limited() for _ in range(20_000))))
    assert refused.json()["type"] == "urn:loupe:problem:too-many-requests"
    assert refused.headers["retry-after"] == "1"


def test_a_gateway_that_is_away_is_told_with_a_word_when_to_come_back(tmp_path: Path) -> None:
    with opened(tmp_path, f"127.0.0.1:{free_port()}") as door:
        answer = door.client.get("/v1/items")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:loupe:problem:temporarily-unavailable"
    assert answer.headers["retry-after"] == "5"
