"""Imports over HTTP: what becomes of files, of their rows and of the pictures that they name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.gateway import limits
from services.gateway.imports.keeping import ImportKeeper
from services.gateway.imports.tables import ImportedRow, ImportJob
from shared import objectstore
from shared.contracts.imports import MAX_UNFINISHED
from tests.support.gateway import OTHER_KEY, Stand, picture, running_gateway
from tests.support.importing import ended, imported, importing, item, rows, said, send, status, zipped
from tests.support.waiting import until

OTHER = {"Authorization": f"Bearer {OTHER_KEY}"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand, importing(stand):
        yield stand


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Stand]:
    """A gateway that does no import."""
    with running_gateway(tmp_path) as stand:
        yield stand


def test_each_row_is_told_as_imported_updated_unchanged_or_rejected(gateway: Stand) -> None:
    gateway.put_item("OLD", title="Old", price=1.0)
    gateway.put_item("SAME", title="Same")
    lines = ["sku,title,price,shelf", "OLD,Old,2", "SAME,Same,", "NEW,New,3", "BAD,Bad,dear", "NEW,New,3"]
    done = imported(gateway, "\n".join(lines).encode())
    assert said(done) == {"imported": 2, "updated": 1, "unchanged": 1, "rejected": 1}
    assert (done["state"], done["format"], done["unknown_columns"]) == ("done", "csv", ["shelf"])
    told = [(row["line"], row["sku"], row["outcome"]) for row in rows(gateway, done["import_id"])]
    assert told == [
        (2, "OLD", "updated"),
        (3, "SAME", "unchanged"),
        (4, "NEW", "imported"),
        (5, "BAD", "rejected"),
        (6, "NEW", "imported"),
    ]
    assert item(gateway, "OLD")["price"] == 2.0
    assert (item(gateway, "OLD")["revision"], item(gateway, "SAME")["revision"]) == (2, 1)
    (bad,) = rows(gateway, done["import_id"], outcome="rejected")
    assert (bad["row"], bad["path"]) == (4, "price")
    assert [row["row"] for row in rows(gateway, done["import_id"], troubled="true")] == [4]


def test_a_dry_run_says_what_would_change_and_changes_nothing(gateway: Stand) -> None:
    gateway.put_item("OLD", title="Old")
    files = {"items.csv": b"sku,title,images\nOLD,Older,a.jpg\nNEW,New,b.jpg\n", "a.jpg": picture(1), "b.jpg": b"no"}
    waiting, stored = len(gateway.waiting()), gateway.pictures()
    done = imported(gateway, zipped(files), "shop.zip", dry_run="true")
    assert (done["dry_run"], said(done)) == (True, {"updated": 1, "imported": 1})
    assert done["pictures"] | {"not_fetched": 0} == {
        "stored": 1,
        "known": 0,
        "to_fetch": 0,
        "not_fetched": 0,
        "refused": 1,
    }
    assert item(gateway, "OLD")["title"] == "Old"
    assert gateway.client.get("/v1/items/NEW").status_code == 404
    assert (len(gateway.waiting()), gateway.pictures()) == (waiting, stored)
    assert said(imported(gateway, zipped(files), "shop.zip")) == {"updated": 1, "imported": 1}


def test_the_errors_file_opens_in_a_spreadsheet_and_runs_nothing(gateway: Stand) -> None:
    table = 'sku,title,price\n"=HYPERLINK(""http://x"")",a,1\n@B,b,dear\nR-1,"c, ""d""",-1\n'
    done = imported(gateway, table.encode())
    answer = gateway.client.get(f"/v1/imports/{done['import_id']}/errors.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    told = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["line"], row["sku"], row["path"]) for row in told] == [
        ("2", '\'=HYPERLINK("http://x")', "sku"),
        ("3", "'@B", "price"),
        ("4", "R-1", "price"),
    ]


def test_a_file_that_cannot_be_read_to_its_end_fails_with_its_problem_and_changes_nothing(gateway: Stand) -> None:
    done = imported(gateway, b"sku,title\nA,fine\nB,\xff\xfe\n")
    assert (done["state"], done.get("rows")) == ("failed", None)
    assert "not UTF-8" in done["problem"]["detail"]
    assert gateway.client.get("/v1/items").json()["items"] == []
    assert list(objectstore.open(f"file://{gateway.folder}/objects", "imports").keys("shop")) == []


def test_text_that_no_database_keeps_is_rejected_by_its_line(gateway: Stand) -> None:
    lines = [
        r'{"sku": "A", "title": "a\u0000b"}',
        r'{"sku": "B\ud800", "\ud800": 1}',
        r'{"sku": "C", "title": "\ud83d\udc8d"}',
    ]
    done = imported(gateway, "\n".join(lines).encode(), "a\u2028.jsonl")
    assert (said(done), done["file"]) == ({"imported": 1, "rejected": 2}, "a.jsonl")
    assert item(gateway, "C")["title"] == "\U0001f48d"


def test_gateways_over_one_postgresql_share_imports_and_tell_each_row_once(tmp_path: Path, postgresql_url: str) -> None:
    def table(title: str) -> bytes:
        lines = [r'{"sku": "R/\u0007"}', *(f'{{"sku": "R-{n}", "title": "{title}"}}' for n in range(150))]
        return "\n".join(lines).encode()

    shared = {"database_url": postgresql_url, "object_store_url": f"file://{tmp_path}/objects"}
    with running_gateway(tmp_path, **shared) as one, running_gateway(tmp_path, **shared) as two:  # type: ignore[arg-type]
        begun = [send(one, table(title)) for title in ("first", "second", "third")]
        with importing(one), importing(two):
            outcomes = [said(ended(one, import_id)) for import_id in begun]
        assert outcomes == [{"imported": 150, "rejected": 1}, *[{"updated": 150, "rejected": 1}] * 2]
        assert [row["row"] for row in rows(two, begun[0])] == list(range(1, 152))
        assert item(one, "R-149")["title"] == "third"


def test_an_import_that_is_stopped_goes_no_further(idle: Stand) -> None:
    import_id = send(idle, b"sku,title\nA,fine\n")
    assert status(idle, import_id)["state"] == "waiting"
    assert idle.client.post(f"/v1/imports/{import_id}:stop").status_code == 204
    assert idle.client.post(f"/v1/imports/{import_id}:stop").status_code == 204
    with importing(idle):
        imported(idle, b"sku,title\nB,fine\n")
    assert status(idle, import_id)["state"] == "stopped"
    assert [one["sku"] for one in idle.client.get("/v1/items").json()["items"]] == ["B"]


def test_imports_of_a_shop_run_in_the_order_in_which_they_came(idle: Stand) -> None:
    first, second = (send(idle, f"sku,title\nA,{title}\n".encode()) for title in ("first", "second"))
    with importing(idle):
        ended(idle, second)
    assert item(idle, "A")["title"] == "second"
    assert status(idle, first)["started_at"] < status(idle, second)["started_at"]
    listed = idle.client.get("/v1/imports", params={"limit": 1}).json()
    assert [one["import_id"] for one in listed["imports"]] == [second]
    more = idle.client.get("/v1/imports", params={"cursor": listed["next_cursor"]}).json()
    assert [one["import_id"] for one in more["imports"]] == [first]


def test_another_shop_finds_nothing_of_an_import(gateway: Stand) -> None:
    done = imported(gateway, b"sku,title\nA,fine\n")
    for method, path in [("GET", ""), ("GET", "/rows"), ("GET", "/errors.csv"), ("POST", ":stop")]:
        answer = gateway.client.request(method, f"/v1/imports/{done['import_id']}{path}", headers=OTHER)
        assert answer.status_code == 404, path
    assert gateway.client.get("/v1/imports", headers=OTHER).json()["imports"] == []


def test_while_too_many_imports_are_unfinished_no_other_is_taken(idle: Stand) -> None:
    for _ in range(MAX_UNFINISHED):
        send(idle, b"sku\nA\n")
    refused = idle.client.post("/v1/imports", files={"file": ("a.csv", b"sku\nA\n")})
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"content": b"sku\nA\n", "headers": {"content-type": "text/csv"}}, 400),
        ({"files": {"other": ("a.csv", b"sku\nA\n")}}, 400),
        ({"data": {"file": "sku"}, "files": {"x": ("a", b"b")}}, 400),
        ({"files": {"file": ("a.csv", b"sku\nA\n")}, "data": {"format": "xlsx"}}, 422),
        ({"files": {"file": ("a.csv", b"sku\nA\n")}, "data": {"dry_run": "perhaps"}}, 422),
        ({"files": {"file": ("a.csv", b"sku\nA\n")}, "data": {"dryrun": "true"}}, 422),
        ({"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": b"", "headers": {"content-type": "multipart/form-data"}}, 400),
    ],
)
def test_a_request_that_is_no_import_is_told_so(idle: Stand, sent: dict[str, Any], answered: int) -> None:
    answer = idle.client.post("/v1/imports", **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (answered, "application/problem+json"), answer.text


def test_a_file_over_the_limit_is_refused_while_it_streams(idle: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_IMPORT_BYTES", 0)
    refused = idle.client.post("/v1/imports", files={"file": ("a.csv", b"x" * 600_000)})
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")


def test_when_the_object_store_is_away_an_import_waits_and_then_goes_on(idle: Stand) -> None:
    import_id = send(idle, zipped({"R-1.jpg": picture(1)}), "shop.zip")
    folder = idle.folder / "objects" / "pictures"
    folder.rename(idle.folder / "aside")
    folder.write_text("no folder")
    with importing(idle):
        until(lambda: item(idle, "R-1").get("sku"), "its item is there")
        folder.unlink()
        (idle.folder / "aside").rename(folder)
        assert said(ended(idle, import_id)) == {"imported": 1}, "and is told as it was when it was made"
    assert len(item(idle, "R-1")["images"]) == 1


def test_old_imports_and_files_of_no_import_are_removed(gateway: Stand) -> None:
    done = imported(gateway, b"sku\nA\n")
    files = objectstore.open(f"file://{gateway.folder}/objects", "imports")
    files.put("shop", "orphan", b"x")
    keeper = ImportKeeper(gateway.catalogue, files)
    keeper.tidy_up(datetime.now(UTC) + timedelta(hours=1))
    assert status(gateway, done["import_id"])["state"] == "done"
    assert list(files.keys("shop")) == ["orphan"]
    keeper.tidy_up(datetime.now(UTC) + timedelta(days=31))
    assert gateway.client.get(f"/v1/imports/{done['import_id']}").status_code == 404
    assert list(files.keys("shop")) == []
    with gateway.catalogue.read() as session:
        assert session.query(ImportedRow).count() == session.query(ImportJob).count() == 0
