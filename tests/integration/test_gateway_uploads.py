"""Pictures by their hash, and big batches: put to addresses without a key, then named."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from services.gateway.cleaning import Cleaner
from shared.contracts.messages import ImageStored
from shared.errors import NotFound, Retryable
from tests.support.databases import NewDatabase
from tests.support.gateway import KEY, OTHER_KEY, Stand, picture, running_gateway
from tests.support.servers import RunningServer
from tests.support.snippets import openapi_examples, run_alone, snippet
from tests.support.upstreams import served
from tests.support.waiting import until

BATCH = "/v1/images:batch"
OTHER = {"Authorization": f"Bearer {OTHER_KEY}"}
MB = 1_000_000


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        stand.put_item()
        yield stand


@pytest.fixture
def on_each_database(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        stand.put_item()
        yield stand


def places(gateway: Stand, count: int = 1) -> list[dict[str, Any]]:
    answer = gateway.client.post("/v1/uploads", json={"count": count})
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()["uploads"]
    assert len({place["object_key"] for place in found}) == count
    return found


def put(gateway: Stand, url: str, data: bytes) -> Any:
    return gateway.client.put(url, content=data, headers={"Authorization": ""})


def uploaded(gateway: Stand, data: bytes) -> str:
    (place,) = places(gateway)
    assert put(gateway, place["url"], data).status_code == 204
    return str(place["object_key"])


def name(gateway: Stand, *named: tuple[str, str], **headers: str) -> list[dict[str, Any]]:
    body = {"images": [{"sku": sku, "object_key": key} for sku, key in named]}
    answer = gateway.client.post(BATCH, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    images: list[dict[str, Any]] = answer.json()["images"]
    return images


def left(gateway: Stand) -> list[str]:
    return [path.name for path in (gateway.folder / "objects" / "incoming").rglob("*") if path.is_file()]


def by_hash(gateway: Stand, data: bytes, sha256: str = "", sku: str = "RING-1", kind: str = "") -> Any:
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    headers = {"Content-Type": kind} if kind else {}
    return gateway.client.put(f"/v1/items/{sku}/images/{sha256}", content=data, headers=headers)


def test_a_picture_by_its_hash_is_the_one_that_a_form_would_bring(gateway: Stand) -> None:
    first, again = by_hash(gateway, picture()), by_hash(gateway, picture(), kind="image/jpeg")
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert first.headers["location"] == first.json()["status_url"]
    assert gateway.upload("RING-1", picture()) == first.json()["image_id"]
    assert sum(isinstance(message, ImageStored) for message in gateway.waiting()) == 1
    assert gateway.client.get(f"{first.json()['status_url']}/content").content == picture()


def test_bytes_of_another_hash_and_what_is_no_picture_leave_nothing(gateway: Stand) -> None:
    wrong = by_hash(gateway, picture(1), hashlib.sha256(picture(2)).hexdigest())
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "path.sha256")
    assert by_hash(gateway, picture(), "ABC").status_code == 422
    assert by_hash(gateway, b"%PDF").status_code == 415
    assert by_hash(gateway, picture(), kind="application/json").status_code == 415
    assert by_hash(gateway, bytes(20 * MB + 1)).status_code == 413
    assert by_hash(gateway, picture(), sku="NONE").status_code == 404
    assert gateway.pictures() == 0
    assert by_hash(gateway, picture() + bytes(19 * MB)).status_code == 202, "a large one is not too large"


def test_pictures_are_put_to_addresses_and_named_together(on_each_database: Stand) -> None:
    gateway = on_each_database
    gateway.put_item("RING-2")
    pictures = [picture(1), picture(2), picture(3)]
    found = places(gateway, 3)
    assert all(place["method"] == "PUT" and place["headers"] == {} for place in found)
    for place, data in zip(found, pictures, strict=True):
        assert put(gateway, place["url"], data).status_code == 204
    keys = [place["object_key"] for place in found]
    sent = name(gateway, ("RING-1", keys[0]), ("RING-2", keys[1]), ("RING-1", keys[2]), ("RING-2", keys[0]))
    assert [image["sku"] for image in sent] == ["RING-1", "RING-2", "RING-1", "RING-2"]
    for image, data in zip(sent, [*pictures, pictures[0]], strict=True):
        assert gateway.client.get(f"{image['status_url']}/content").content == data
    assert left(gateway) == [], "what was taken is gone"
    assert name(gateway, ("RING-1", keys[0]))[0] == sent[0], "a repeat is harmless"


def test_what_cannot_be_taken_is_told_one_by_one(gateway: Stand) -> None:
    good, text = uploaded(gateway, picture(1)), uploaded(gateway, b"no picture")
    sent = name(
        gateway,
        ("RING-1", good),
        ("RING-1", text),
        ("RING-1", "uploads/never-put"),
        ("RING-1", "../other/ring.jpg"),
        ("NONE", good),
    )
    assert "image_id" in sent[0]
    assert [image["problem"]["status"] for image in sent[1:]] == [415, 404, 422, 404]
    assert len(left(gateway)) == 1
    bodies: list[Any] = [
        {"images": []},
        {"images": [{"sku": "RING-1"}]},
        {"images": [{"sku": "a/b", "object_key": "x"}]},
    ]
    for body in bodies:
        answer = gateway.client.post(BATCH, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["path"][:11]) == (422, "body.images")
    many = {"images": [{"sku": "RING-1", "object_key": good}] * 501}
    assert gateway.client.post(BATCH, json=many).status_code == 422


def test_a_batch_takes_what_there_is_time_for(gateway: Stand) -> None:
    keys = [uploaded(gateway, picture(seed)) for seed in range(6)]
    outcomes = gateway.parts.incoming.store("shop", [("RING-1", key) for key in keys], seconds=0)
    assert [isinstance(outcome, str) for outcome in outcomes] == [True] * 4 + [False] * 2
    assert getattr(outcomes[4], "status", 0) == 503
    assert len(left(gateway)) == 2


def test_an_address_counts_for_its_shop_its_name_and_its_time_alone(gateway: Stand) -> None:
    (place,) = places(gateway)
    (another,) = places(gateway)
    url = urlsplit(place["url"])
    query = dict(parse_qsl(url.query))
    forged = [
        place["url"].replace("signature=shop.", "signature=other."),
        place["url"].replace(f"expires={query['expires']}", f"expires={int(query['expires']) + 1}"),
        another["url"].partition("?")[0] + "?" + url.query,
        place["url"] + "0",
    ]
    over = int(time.time()) - 1
    forged.append(gateway.parts.signer.upload_url("shop", url.path.rpartition("/")[2], over))
    for wrong in forged:
        assert put(gateway, wrong, picture()).status_code == 401, wrong
    assert put(gateway, url.path, picture()).status_code == 422
    assert left(gateway) == []
    assert put(gateway, place["url"], bytes(20 * MB + 1)).status_code == 413
    assert put(gateway, place["url"], picture()).status_code == 204
    gateway.client.put("/v1/items/RING-1", json={"title": "theirs"}, headers=OTHER)
    theirs = name(gateway, ("RING-1", place["object_key"]), **OTHER)
    assert theirs[0]["problem"]["status"] == 404
    assert len(left(gateway)) == 1


@pytest.mark.parametrize("count", [0, 501, "many"])
def test_so_many_addresses_and_no_more(gateway: Stand, count: object) -> None:
    answer = gateway.client.post("/v1/uploads", json={"count": count})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "body.count")
    assert len(places(gateway, 500)) == 500


def test_what_nobody_asks_for_goes_after_a_day(gateway: Stand) -> None:
    incoming = gateway.folder / "objects" / "incoming"
    (incoming / "shop").mkdir()
    for file, hours in (("old.jpg", 25), ("new.jpg", 23)):
        path = incoming / "shop" / file
        path.write_bytes(picture())
        os.utime(path, (time.time() - 3_600 * hours,) * 2)
    gateway.parts.incoming.clean()
    assert left(gateway) == ["new.jpg"]
    assert "image_id" in name(gateway, ("RING-1", "new.jpg"))[0]
    assert left(gateway) == ["new.jpg"], "a shop's own names stay its own for a day"
    with pytest.raises(NotFound):
        gateway.parts.incoming.read("shop", "old.jpg")


def test_a_store_that_is_away_does_not_keep_the_rest_from_being_cleaned(gateway: Stand) -> None:
    old = gateway.folder / "objects" / "incoming" / "shop" / "old.jpg"
    old.parent.mkdir()
    old.write_bytes(picture())
    os.utime(old, (1, 1))
    stop = threading.Event()

    def away() -> None:
        raise Retryable("The store is away.")

    cleaner = threading.Thread(target=Cleaner([away, gateway.parts.incoming.clean], first_seconds=0).run, args=(stop,))
    cleaner.start()
    until(lambda: left(gateway) == [], "what is old is gone")
    stop.set()
    cleaner.join()


def test_every_example_of_the_openapi_document_is_answered(gateway: Stand) -> None:
    document = gateway.client.get("/openapi.json").json()
    (example,) = [value for kind, value in openapi_examples(document, BATCH, "post") if kind == "application/json"]
    data = picture()
    (gateway.folder / "objects/incoming/shop/uploads").mkdir(parents=True)
    (gateway.folder / "objects/incoming/shop" / example["images"][0]["object_key"]).write_bytes(data)
    assert "image_id" in gateway.client.post(BATCH, json=example).json()["images"][0]
    for _, patch in openapi_examples(document, "/v1/items/{sku}", "patch"):
        assert gateway.client.patch("/v1/items/RING-1", json=patch).status_code == 200


def test_a_store_with_an_address_outside_takes_the_bytes_itself(
    tmp_path: Path, running_object_store: RunningServer
) -> None:
    host = urlsplit(running_object_store.url).netloc.rpartition("@")[2]
    outside = f"http://{host.replace('127.0.0.1', 'localhost')}"
    stores: dict[str, Any] = {"object_store_url": running_object_store.url, "object_store_public_url": outside}
    with running_gateway(tmp_path, **stores) as stand:
        stand.put_item()
        (place,) = places(stand)
        assert place["url"].startswith(f"{outside}/incoming/shop/{place['object_key']}?")
        answer = httpx.put(place["url"], content=picture(5), headers=place["headers"])
        assert answer.status_code == 200, answer.text
        elsewhere = place["url"].replace("/incoming/shop/", "/incoming/other/")
        assert httpx.put(elsewhere, content=picture(5)).status_code == 403
        (image,) = name(stand, ("RING-1", place["object_key"]))
        assert stand.client.get(f"{image['status_url']}/content").content == picture(5)
        assert httpx.get(place["url"]).status_code == 403, "to put is not to read"


def test_the_calls_of_the_integration_page_run_as_they_stand(tmp_path: Path) -> None:
    pictures = tmp_path / "shop" / "pictures"
    pictures.mkdir(parents=True)
    for seed, file in enumerate(("RING-1", "RING-2", "NONE")):
        (pictures / f"{file}.jpg").write_bytes(picture(seed))
    (tmp_path / "shop" / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    with running_gateway(tmp_path) as stand:
        stand.put_item("RING-1")
        stand.put_item("RING-2")
        with served(stand.service.http) as address:
            here = {"API": f"{address}/v1", "KEY": KEY}
            folder = tmp_path / "shop"
            said = run_alone(snippet("docs/integration.md", "python", "# upload.py"), "python", folder, **here)
            calls = snippet("docs/integration.md", "sh", "If-None-Match")
            told = run_alone(calls, "sh", folder, HOME=str(folder), **here)
        assert [line.split()[0] for line in said.splitlines()] == ["NONE", "RING-1", "RING-2"]
        assert (said.count("/v1/images/"), said.count("Put it first")) == (2, 1)
        assert len(stand.client.get("/v1/images").json()["images"]) == 2
        assert '"revision":2' in told
        assert stand.client.get("/v1/items/RING-7").json()["attributes"] == {"metal": "gold"}
