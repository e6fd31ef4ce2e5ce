"""What was backed up while it changed is there again after a restore, and the index is made anew without a model."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import launch, stack
from deploy.local.home import Home
from loupe.backup.places import DATABASES, Place
from loupe.backup.putting import put_back
from loupe.backup.taking import take
from shared import objectstore
from shared.contracts.analysis import picture_key
from shared.errors import Conflict, NotFound, Permanent
from shared.vectorstore import Point
from tests.support.broker import free_port
from tests.support.gateway import picture
from tests.support.reconciling import Shop, running_shop


def home_of(folder: Path) -> Home:
    """A state folder as the one-command stack has it, over a shop of tests."""
    home = Home.at(folder)
    home.secret("gateway")
    home.api_key_file.write_text("a key\n")
    home.note_running(catalogue_url=home.database_url("gateway"), object_store_url=home.objects_url)
    for name in ("recommender", "inventory", "authenticity"):
        opened = sqlite3.connect(folder / f"{name}.db")
        opened.execute("CREATE TABLE IF NOT EXISTS events (id TEXT)").connection.close()
    return home


def place_of(home: Home) -> Place:
    return Place({name: home.database_url(name) for name in DATABASES}, home.objects_url, home)


def points(shop: Shop) -> dict[str, tuple[object, object]]:
    """All that the index has: the payload, and the numbers of each vector, by the point's id."""
    found: list[Point] = shop.world.vectors.scroll("shop", limit=1_000)
    return {point.id: (dict(point.payload), point.vector.tolist()) for point in found}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_of(tmp_path / "home")


@pytest.fixture
def shop(home: Home) -> Iterator[Shop]:
    with running_shop(home.path) as running:
        yield running


def test_a_restored_shop_finds_the_same_pieces_by_the_same_vectors_and_no_model_runs(
    shop: Shop, home: Home, tmp_path: Path
) -> None:
    shop.pieces = 2
    for number in range(4):
        shop.put(f"RING-{number}", number, price=10.5 + number, currency="EUR", tags=["gold"])
    corrected = shop.put("RING-4", 4)
    shop.stand.client.patch(f"/v1/images/{corrected}/analysis", json={"type": "watch"})
    gone = shop.put("RING-5", 5)
    shop.stand.client.delete(f"/v1/images/{gone}")
    shop.settle()
    before = points(shop)
    take(place_of(home), tmp_path / "backup")

    again = Home.at(tmp_path / "again")
    put_back(tmp_path / "backup", place_of(again))
    with running_shop(again.path) as restored:
        assert points(restored) == {}
        found = restored.reconcile()
        assert points(restored) == before
        assert found["point-missing"] == 5
        assert restored.asked == []
        assert restored.reconcile() == {}
        listed = restored.stand.client.get("/v1/images", params={"state": "indexed"}).json()["images"]
        assert {image["sku"] for image in listed} == {f"RING-{n}" for n in range(5)}
        content = restored.stand.client.get(listed[0]["image_url"]).content
        assert content in [picture(n) for n in range(5)]
    assert again.secret("gateway") == home.secret("gateway")
    assert again.api_key_file.read_text() == home.api_key_file.read_text()


def test_a_backup_taken_in_the_middle_of_uploads_has_the_bytes_of_every_row(
    shop: Shop, home: Home, tmp_path: Path
) -> None:
    shop.put("RING-1", 0)
    stop = threading.Event()

    def upload() -> None:
        number = 1
        while not stop.is_set():
            shop.stand.upload("RING-1", picture(number))
            number += 1

    uploading = threading.Thread(target=upload)
    uploading.start()
    try:
        for _ in range(3):
            take(place_of(home), tmp_path / "backup")
    finally:
        stop.set()
        uploading.join()
    rows = sqlite3.connect(tmp_path / "backup" / "gateway.db").execute("SELECT sha256 FROM images").fetchall()
    kept = objectstore.open(f"file://{tmp_path}/backup/objects", "pictures")
    assert len(rows) > 1
    assert [sha256 for (sha256,) in rows if not kept.exists("shop", picture_key(sha256))] == []


def test_a_second_backup_copies_what_is_new_drops_what_is_gone_and_is_its_owners_alone(
    shop: Shop, home: Home, tmp_path: Path
) -> None:
    shop.put("RING-1", 1)
    _, first = take(place_of(home), tmp_path / "backup")
    shop.put("RING-2", 2)
    _, second = take(place_of(home), tmp_path / "backup")
    _, third = take(place_of(home), tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "backup" / "gateway.db").stat().st_mode) == 0o600
    assert (first, second, third) == (3, 3, 0)  # a picture, its analysis and the words of its item
    sha256 = next(shop.stand.parts.pictures.keys("shop"))
    shop.stand.parts.pictures.delete("shop", sha256)
    take(place_of(home), tmp_path / "backup")
    kept = objectstore.open(f"file://{tmp_path}/backup/objects", "pictures")
    assert list(kept.keys("shop")) == list(shop.stand.parts.pictures.keys("shop"))


def test_nothing_is_restored_over_a_shop_and_nothing_that_is_no_whole_backup(
    shop: Shop, home: Home, tmp_path: Path
) -> None:
    shop.put("RING-1", 1)
    folder = tmp_path / "backup"
    take(place_of(home), folder)
    with pytest.raises(Conflict, match="holds a shop already"):
        put_back(folder, place_of(home))
    new = Home.at(tmp_path / "new")
    with (folder / "gateway.db").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(Permanent, match="not as it was written"):
        put_back(folder, place_of(new))
    (folder / "backup.json").unlink()
    with pytest.raises(NotFound, match="no whole backup"):
        put_back(folder, place_of(new))
    assert not (new.path / "gateway.db").exists()


def test_nothing_starts_over_a_restore_that_was_cut_off_and_it_can_be_done_again(
    shop: Shop, home: Home, tmp_path: Path
) -> None:
    shop.put("RING-1", 1)
    take(place_of(home), tmp_path / "backup")
    new = Home.at(tmp_path / "new")
    where = place_of(new)
    breaks = replace(where, databases={**where.databases, "inventory": "postgresql+psycopg://nobody@127.0.0.1/none"})
    with pytest.raises(Permanent, match="another kind of database"):
        put_back(tmp_path / "backup", breaks)
    port = free_port()
    with pytest.raises(Conflict, match="did not come to its end"):
        launch.run(new, port, lambda: stack.plan(new, port), lambda _: None, lambda _: None)
    put_back(tmp_path / "backup", where)
    assert not new.restoring.exists()
    with running_shop(new.path) as restored:
        assert restored.reconcile() == {"point-missing": 1}
