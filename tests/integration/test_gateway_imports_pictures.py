"""Pictures of imports: in a zip, and behind addresses that rows name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response

from tests.support.gateway import Stand, picture, running_gateway
from tests.support.importing import imported, importing, item, rows, said, zipped
from tests.support.upstreams import served


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand, importing(stand):
        yield stand


def test_pictures_of_a_zip_are_stored_for_the_items_that_their_names_say(gateway: Stand) -> None:
    gateway.put_item("RING-1", title="A ring with a title")
    files = {
        "shop/RING-1.jpg": picture(1),
        "shop/RING-1-2.jpg": picture(2),
        "shop/BAND.jpg": picture(3),
        "shop/TEXT.jpg": b"not a picture",
        "shop/../../ESCAPED.jpg": picture(4),
        "shop/notes.txt": b"x",
    }
    done = imported(gateway, zipped(files), "shop.zip")
    assert said(done) == {"imported": 2, "unchanged": 2, "rejected": 1, "skipped": 1}
    assert done["pictures"] == {"stored": 3, "known": 0, "to_fetch": 0, "not_fetched": 0, "refused": 1}
    ring = item(gateway, "RING-1")
    assert (ring["title"], len(ring["images"])) == ("A ring with a title", 2), "a picture alone changes no words"
    assert len(item(gateway, "BAND")["images"]) == 1
    by_file = {row["file"]: row for row in rows(gateway, done["import_id"])}
    assert "no picture that Loupe can read" in by_file["shop/TEXT.jpg"]["reason"]
    assert by_file["shop/../../ESCAPED.jpg"]["outcome"] == "rejected"

    again = imported(gateway, zipped(files), "shop.zip")
    assert (again["imported"], again["updated"], again["pictures"]["known"]) == (0, 0, 3)
    assert gateway.client.get("/v1/status").json()["images"]["stored"] == 3


@pytest.fixture
def cdn() -> Iterator[tuple[str, list[str]]]:
    """A server of pictures, and what it was asked for."""
    app, asked = FastAPI(), []

    @app.get("/{name}")
    def show(name: str) -> Response:
        asked.append(name)
        if name.startswith("moved"):
            return Response(status_code=302, headers={"Location": "/1.jpg"})
        if name.startswith("gone"):
            return Response(status_code=404)
        return Response(picture(int(name.removesuffix(".jpg"))), media_type="image/jpeg")

    with served(app) as address:
        yield address, asked


def test_pictures_are_fetched_from_allowed_hosts_alone_and_the_item_is_imported_all_the_same(
    tmp_path: Path, cdn: tuple[str, list[str]]
) -> None:
    address, asked = cdn
    settings: dict[str, Any] = {"fetch_hosts": ["127.0.0.1", "*.shop.invalid"], "outward_allow": ["127.0.0.1/32"]}
    names = [
        f"{address}/1.jpg|{address}/2.jpg",
        f"{address}/1.jpg",
        f"{address}/gone.jpg",
        f"{address}/moved.jpg",
        "https://localhost/1.jpg",
        "http://evil.example/1.jpg",
        "c:/pictures/1.jpg",
    ]
    table = "sku,title,images\n" + "\n".join(f"R-{n},Ring {n},{name}" for n, name in enumerate(names, 1))
    with running_gateway(tmp_path, **settings) as stand, importing(stand):
        tried = imported(stand, table.encode(), dry_run="true")
        assert (tried["pictures"]["to_fetch"], tried["pictures"]["not_fetched"], asked) == (5, 3, [])
        done = imported(stand, table.encode())
        assert said(done) == {"imported": 7}
        assert done["pictures"] == {"stored": 3, "known": 0, "to_fetch": 0, "not_fetched": 5, "refused": 0}
        assert [len(item(stand, f"R-{n}")["images"]) for n in range(1, 8)] == [2, 1, 0, 0, 0, 0, 0]
        reasons = [row.get("reason", "") for row in rows(stand, done["import_id"])]
        assert "answered 404" in reasons[2]
        assert "answered 302" in reasons[3], "a redirect is not followed"
        assert "does not fetch from localhost" in reasons[4]
        assert "GATEWAY_FETCH_HOSTS" in reasons[5]
        assert "neither a picture of the file nor an https address" in reasons[6]
        assert imported(stand, table.encode())["pictures"]["known"] == 3


def test_a_host_on_the_list_that_is_not_public_is_not_asked(tmp_path: Path, cdn: tuple[str, list[str]]) -> None:
    address, asked = cdn
    with running_gateway(tmp_path, fetch_hosts=["127.0.0.1"]) as stand, importing(stand):
        done = imported(stand, f"sku,image\nR-1,{address}/1.jpg\n".encode())
        assert (said(done), done["pictures"]["not_fetched"], asked) == ({"imported": 1}, 1, [])
