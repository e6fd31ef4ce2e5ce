"""Bad input gets the right status and words that say what to do. It leaves nothing, so one gateway serves all."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shared.contracts.api import Problem
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.contracts.messages import ImageStored
from tests.support.databases import NewDatabase
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.upstreams import served

UPLOAD = "/v1/items/RING-1/images"
MB = 1_000_000


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), database_url=new_database()) as stand:
        stand.put_item()
        yield stand


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def file(data: bytes, kind: str = "image/jpeg") -> dict[str, Any]:
    return {"files": {"file": ("a.jpg", data, kind)}}


def form(body: bytes, boundary: str = "b") -> dict[str, Any]:
    return {"content": body, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'

BAD_UPLOADS: dict[str, tuple[dict[str, Any], int, str]] = {
    "not a picture": (file(b"%PDF-1.7 invoice"), 415, "Send a JPEG, PNG"),
    "a vector graphic with a script": (file(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 415, "Send a JPEG, PNG"),
    "a PostScript program": (file(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), 415, "Send a JPEG, PNG"),
    "zero bytes": (file(b""), 415, "no bytes"),
    "over 20 MB": (file(picture() + b"\0" * MAX_PICTURE_BYTES), 413, "over 20 MB"),
    "over 50 megapixels": (file(png_header(10_000, 5_001)), 413, "50 megapixels"),
    "far over 50 megapixels": (file(png_header(60_000, 60_000)), 413, "50 megapixels"),
    "a page that claims to be one": (file(picture(), "text/html"), 415, "declared as 'text/html'"),
    "not a form": ({"content": picture(), "headers": {"Content-Type": "image/jpeg"}}, 415, "part named 'file'"),
    "a form of another kind": ({"data": {"file": "x"}}, 415, "multipart/form-data"),
    "the part misnamed": ({"files": {"picture": picture()}}, 400, "no part named 'file'"),
    "two pictures": ({"files": [("file", picture(1)), ("file", picture(2))]}, 400, "more than one part named 'file'"),
    "a hundred parts": ({"files": [(f"f{i}", b"x") for i in range(100)]}, 400, "more than 20 parts"),
    "a form without its end": (form(PART + picture()), 400, "ends in its middle"),
    "a form with the wrong boundary": (form(PART + picture() + b"\r\n--b--\r\n", "other"), 400, "boundary"),
    "no body": (form(b""), 400, "ends in its middle"),
}


@pytest.mark.parametrize("name", BAD_UPLOADS)
def test_a_bad_upload_is_refused_in_words_and_leaves_nothing(gateway: Stand, name: str) -> None:
    request, status, words = BAD_UPLOADS[name]
    response = gateway.client.post(UPLOAD, **request)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(response.json())
    assert words in problem.detail
    assert problem.correlation_id == response.headers["x-request-id"]
    assert gateway.pictures() == 0
    assert not any(isinstance(message, ImageStored) for message in gateway.waiting())


def test_a_picture_for_an_unknown_item_leaves_nothing(gateway: Stand) -> None:
    response = gateway.client.post("/v1/items/RING-2/images", **file(picture()))
    assert response.status_code == 404
    assert "Put it first" in response.json()["detail"]
    assert gateway.pictures() == 0


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer ", "Basic a2V5Og==", "Bearer ключ"])
def test_a_missing_or_wrong_key_is_told_how_to_send_one(gateway: Stand, authorization: str) -> None:
    headers: Any = {"Authorization": authorization.encode()}
    response = gateway.client.post(UPLOAD, **file(picture()), headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in response.json()["detail"]
    assert gateway.pictures() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"title": ', 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b'{"title": ""}', 422),
        (b'{"title": "x", "prize": 1}', 422),
        (b'{"title": "x", "price": -1}', 422),
        (b'{"title": "x", "price": NaN}', 422),
        (b'{"title": "x", "price": "490"}', 422),
        (b'{"title": "x", "stock": true}', 422),
        (b'{"title": "x", "stock": 1.5}', 422),
        (b'{"title": "' + b"x" * 2 * MB + b'"}', 413),
    ],
)
def test_a_bad_item_is_refused_and_not_made(gateway: Stand, body: bytes, status: int) -> None:
    response = gateway.client.put("/v1/items/RING-2", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    assert Problem.model_validate(response.json()).status == status
    assert gateway.client.get("/v1/items/RING-2").status_code == 404


@pytest.mark.parametrize("sku", ["..", "%20x", "x" * 129, "a%00b", "a%5Cb"])
def test_a_sku_that_cannot_be_one_is_refused(gateway: Stand, sku: str) -> None:
    response = gateway.client.put(f"/v1/items/{sku}", json={"title": "x"})
    assert response.status_code in (404, 405, 422)  # ".." is resolved away before it is sent
    assert len(gateway.client.get("/v1/items").json()["items"]) == 1


def test_a_whole_number_may_be_written_with_a_point(gateway: Stand) -> None:
    assert gateway.put_item(stock=5.0)["stock"] == 5


@pytest.mark.parametrize(
    "at", [0, "0", "2026-05-01", "2026-05-01T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_time_without_a_date_a_zone_or_a_place_in_utc_is_refused(gateway: Stand, at: object) -> None:
    event = {"id": "e-1", "type": "viewed", "user_id": "anna", "sku": "RING-1", "at": at}
    response = gateway.client.post("/v1/events", json={"events": [event]})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (422, "events.0.at")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/items/RING-1", "DELETE, GET, PATCH, PUT"),
        ("/v1/experiment", "DELETE, GET, PUT"),
        ("/v1/items:batch", "POST"),
        ("/metrics", "GET"),
        ("/page/app.js", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_answered_with_all_that_it_takes(
    gateway: Stand, path: str, methods: str
) -> None:
    response = gateway.client.request("TRACE", path)
    assert response.status_code == 405
    assert response.headers["allow"] == methods


def test_a_stream_over_20_mb_is_given_up_although_no_length_was_declared(gateway: Stand) -> None:
    def stream() -> Iterator[bytes]:
        yield PART + picture()
        yield from [b"\0" * MB] * 30

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "multipart/form-data; boundary=b"}
    with served(gateway.service.http) as address:
        response = httpx.post(address + UPLOAD, content=stream(), headers=headers)
        assert response.status_code == 413
        assert "over 20 MB" in response.json()["detail"]
    assert gateway.pictures() == 0
