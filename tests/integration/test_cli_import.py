"""`loupe import` on a served gateway: files and folders of a shop's own machine, and what is said of them."""

from __future__ import annotations

import csv
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from loupe.cli import app
from services.gateway.tables import Image as ImageRow
from shared.contracts.messages import ImageStored
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.importing import importing
from tests.support.selling import indexed
from tests.support.shopify_export import export
from tests.support.upstreams import served


@contextmanager
def indexing(stand: Stand) -> Iterator[None]:
    """Every stored picture is told to be indexed."""
    stop = threading.Event()

    def index() -> None:
        while not stop.wait(0.1):
            for message in stand.waiting():
                if isinstance(message, ImageStored):
                    stand.handle(indexed(message))

    thread = threading.Thread(target=index)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True)
class Shop:
    stand: Stand
    address: str

    def loupe(self, *arguments: str) -> Result:
        environment = {"LOUPE_URL": self.address, "LOUPE_API_KEY": KEY, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["import", *arguments], env=environment)

    def images(self) -> list[str]:
        with self.stand.catalogue.read() as session:
            return sorted(row.sku for row in session.query(ImageRow))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with (
        running_gateway(tmp_path_factory.mktemp("gateway")) as stand,
        importing(stand),
        indexing(stand),
        served(stand.service.http) as address,
    ):
        yield Shop(stand, address)


def with_pictures(folder: Path, names: Sequence[str], first: int) -> None:
    for number, name in enumerate(names, first):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture(number))


def test_a_table_is_imported_with_the_pictures_beside_it_and_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    with_pictures(tmp_path, ["a.jpg", "b.jpg"], 10)
    file = tmp_path / "shop.csv"
    file.write_text(
        "sku,title,price,images,shelf\nT-1,One,1,a.jpg|b.jpg,x\nT-1,,,a.jpg,\nT-2,Two,dear,,\nT-3,Three,3,lost.jpg,\n"
    )
    errors = tmp_path / "errors.csv"
    tried = shop.loupe(str(file), "--dry-run")
    assert "A dry run: 4 rows: 3 imported, 0 updated, 0 unchanged, 1 rejected, 0 skipped" in tried.stdout
    assert "2 pictures to send" in tried.stdout
    assert shop.images() == []
    done = shop.loupe(str(file), "--errors", str(errors))
    assert done.exit_code == 1
    assert "4 rows: 3 imported, 0 updated, 0 unchanged, 1 rejected, 0 skipped" in done.stdout
    assert "2 pictures: 2 indexed, 0 rejected; 0 not fetched, 1 refused" in done.stdout
    assert "line 4: price:" in done.stderr
    assert "line 5: there is no picture" in done.stderr
    assert "Columns not used: shelf" in done.stderr
    with errors.open(encoding="utf-8-sig") as opened:
        assert [(row["line"], row["sku"], row["path"]) for row in csv.DictReader(opened)] == [("4", "T-2", "price")]
    again = shop.loupe(str(file))
    assert "0 imported, 0 updated, 3 unchanged, 1 rejected" in again.stdout
    assert shop.images() == ["T-1", "T-1"]
    file.write_text("sku,title,price,images,shelf\nT-1,One,9,a.jpg,x\nT-3,Three,3,,y\n")
    assert "1 rows: 0 imported, 1 updated" in shop.loupe(str(file), "--where", "shelf=x").stdout


def test_a_folder_of_pictures_leaves_what_is_known_of_its_items_as_it_is(shop: Shop, tmp_path: Path) -> None:
    shop.stand.put_item("F-1", title="A title of its own")
    with_pictures(tmp_path, ["F-1.jpg", "F-1-2.jpg", "F-9.jpg"], 20)
    done = shop.loupe(str(tmp_path))
    assert done.exit_code == 0, done.stderr
    assert "3 rows: 1 imported, 0 updated, 2 unchanged" in done.stdout
    assert [sku for sku in shop.images() if sku.startswith("F-")] == ["F-1", "F-1", "F-9"]
    assert shop.stand.client.get("/v1/items/F-1").json()["title"] == "A title of its own"


def test_a_zip_goes_as_it_is(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "shop.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("Z-1.jpg", picture(30))
        packed.writestr("Z-2.jpg", b"not a picture")
    done = shop.loupe(str(file))
    assert done.exit_code == 1
    assert "2 rows: 2 imported" in done.stdout
    assert "1 pictures: 1 indexed, 0 rejected; 0 not fetched, 1 refused" in done.stdout
    assert "Z-2.jpg: Picture Z-2.jpg: The bytes are no picture" in done.stderr


def test_the_totals_of_a_shopify_export_add_up_to_its_rows(shop: Shop, tmp_path: Path) -> None:
    made = export(110, seed=8)
    file = tmp_path / "products_export.csv"
    file.write_bytes(made.csv())
    done = shop.loupe(str(file))
    expected = made.expected
    assert (
        f"{len(made.rows)} rows: {expected['imported']} imported, 0 updated, 0 unchanged, "
        f"{expected['rejected']} rejected, {expected['skipped']} skipped" in done.stdout
    )
    assert f"{made.pictures} not fetched" in done.stdout
    assert "GATEWAY_FETCH_HOSTS" in done.stderr
    assert "--errors FILE has all of them" in done.stderr


def test_what_cannot_be_imported_is_said_in_words(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("name;price\nA;1\n")
    refused = shop.loupe(str(file))
    assert (refused.exit_code, "neither a `sku` nor an `images` column" in refused.stderr) == (1, True)
    file.write_text("sku\nA\n")
    assert "has no column set" in shop.loupe(str(file), "--where", "set=1").stderr
    assert shop.loupe(str(tmp_path / "missing.csv")).exit_code == 2
