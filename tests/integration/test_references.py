"""References through the gateway: registered, changed, published and erased, with records that anybody can check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loupe.cli import app
from services.gateway import quotas
from services.gateway.quotas import Quotas
from shared.pictures import strip
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY
from tests.support.pictures import drawing
from tests.support.registering import DRAWN, House, files, running_house

OTHERS = {"Authorization": f"Bearer {OTHER_KEY}"}


@pytest.fixture
def house(tmp_path: Path, new_database: NewDatabase) -> Iterator[House]:
    with running_house(tmp_path, new_database()) as running:
        yield running


def checked(house: House, folder: Path, record: object, *pictures: bytes) -> tuple[int, str]:
    """What `loupe check-reference` says of a file."""
    (folder / "keys.json").write_text(house.client.get("/v1/signing-keys").text)
    (folder / "record.json").write_text(json.dumps(record))
    said = ["check-reference", str(folder / "record.json"), "--keys", str(folder / "keys.json")]
    for number, picture in enumerate(pictures):
        (folder / f"{number}.jpg").write_bytes(picture)
        said += ["--picture", str(folder / f"{number}.jpg")]
    done = CliRunner().invoke(app, said)
    return done.exit_code, done.output


def test_a_registered_piece_is_shown_as_it_was_said_with_what_is_missing(house: House) -> None:
    made = house.register(DRAWN, drawing(2), views=["front", "serial"], sku="RING-1", owner="Atelier")
    assert (made["version"], made["sku"], made["owner"]) == (1, "RING-1", "Atelier")
    assert [picture["view"] for picture in made["pictures"]] == ["front", "serial"]
    missing = {(one["code"], one["view"]) for one in made["guidance"]}
    assert missing == {
        ("view-missing", "side"),
        ("view-missing", "back"),
        ("scale-missing", "scale"),
        ("text-missing", "serial"),
    }
    for one in made["guidance"]:
        assert one["words"]["en"]
        assert one["words"]["zh"]
    content = house.client.get(made["pictures"][0]["url"], headers={"Authorization": ""})
    assert content.status_code == 200
    assert hashlib.sha256(content.content).hexdigest() == made["pictures"][0]["sha256"]
    assert house.client.get(f"/v1/references/{made['reference_id']}").json()["title"] == "Halo ring"
    assert [one["reference_id"] for one in house.client.get("/v1/references").json()["references"]] == [
        made["reference_id"]
    ]


def test_lists_go_on_behind_a_cursor(house: House) -> None:
    made = [house.register(drawing(number), sku="RING-1")["reference_id"] for number in range(3)]
    first = house.client.get("/v1/references", params={"limit": 2}).json()
    rest = house.client.get("/v1/references", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    listed = [one["reference_id"] for one in first["references"] + rest["references"]]
    assert sorted(listed) == sorted(made)
    assert not house.client.get("/v1/references", params={"sku": "RING-2"}).json()["references"]


def test_a_change_is_another_version_which_names_the_one_before(house: House, tmp_path: Path) -> None:
    made = house.register()
    path = f"/v1/references/{made['reference_id']}"
    assert house.client.patch(path, json={"title": "Halo ring"}).json()["version"] == 1, "nothing new"
    changed = house.client.patch(path, json={"title": "Ring", "size_mm": {"width": 17.5}}).json()
    assert (changed["version"], changed["title"], changed["size_mm"]["width"]) == (2, "Ring", 17.5)
    added = house.client.post(f"{path}/pictures", files=files(drawing(3)), data={"views": '["side"]'}).json()
    assert (added["version"], len(added["pictures"])) == (3, 2)
    removed = house.client.delete(f"{path}/pictures/{added['pictures'][0]['sha256']}").json()
    assert (removed["version"], len(removed["pictures"])) == (4, 1)
    assert house.client.delete(f"{path}/pictures/{removed['pictures'][0]['sha256']}").status_code == 409
    record = house.client.get(f"{path}/file").json()
    assert [version["document"]["version"] for version in record["versions"]] == [1, 2, 3, 4]
    status, said = checked(house, tmp_path, record, DRAWN, drawing(3))
    assert status == 0, said


def test_whatever_was_tampered_with_is_named(house: House, tmp_path: Path) -> None:
    made = house.register(serial_text="A-1")
    path = f"/v1/references/{made['reference_id']}"
    house.client.patch(path, json={"serial_text": "A-2"})
    whole = house.client.get(f"{path}/file").text

    def told(tampered: dict[str, object], *pictures: bytes) -> str:
        status, said = checked(house, tmp_path, tampered, *pictures)
        assert status != 0, said
        return " ".join(said.split())

    record = json.loads(whole)
    record["versions"][1]["document"]["serial_text"] = "A-3"
    assert "version 2: /serial_text was changed" in told(record)
    record = json.loads(whole)
    record["versions"][1]["document"]["pictures"][0]["sha256"] = "0" * 64
    assert "version 2: /pictures/0/sha256 was changed" in told(record)
    record = json.loads(whole)
    del record["versions"][0]
    assert "a version is missing" in told(record)
    record = json.loads(whole)
    record["versions"][0]["seal"]["digests"]["/title"] = "0" * 64
    assert "version 1: the seal was changed" in told(record)
    assert "0.jpg is none of the pictures" in told(json.loads(whole), drawing(9))
    record = json.loads(whole)
    record["versions"][0]["seal"]["kid"] = "another"
    assert "none of those that you trust" in told(record)


def test_a_published_record_is_there_for_who_was_told_its_address(house: House) -> None:
    made = house.register(title="Ring <b>", owner="Atelier & Co", serial_text="A-1")
    path = f"/v1/references/{made['reference_id']}"
    public = house.client.post(f"{path}:publish").json()["public"]
    assert house.client.post(f"{path}:publish").json()["public"] == public
    anybody = {"Authorization": ""}
    shown = house.client.get(public["url"], headers=anybody | {"Accept-Language": "zh-CN"})
    assert shown.headers["content-type"].startswith("text/html")
    assert "Ring &lt;b&gt;" in shown.text
    assert "登记记录" in shown.text
    told = house.client.get(public["url"], headers=anybody | {"Accept": "application/json"}).json()
    assert told["sealed"]["document"]["serial_text"] == "A-1"
    assert "shop" not in json.dumps(told["sealed"]["document"])
    assert house.client.get(told["pictures"][0]["url"], headers=anybody).status_code == 200
    code = house.client.get(public["qr_url"], headers=anybody)
    assert code.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in code.content
    assert "public" not in house.client.post(f"{path}:unpublish").json()
    for url in (public["url"], public["qr_url"], told["pictures"][0]["url"]):
        assert house.client.get(url, headers=anybody).status_code == 404
    assert house.client.post(f"{path}:publish").json()["public"]["public_id"] != public["public_id"]


def test_what_is_erased_is_gone_with_its_pictures_and_only_its_own_shop_can_do_it(house: House) -> None:
    made, twin = house.register(DRAWN), house.register(DRAWN, drawing(2))
    verified = house.verify(drawing(3), reference_id=made["reference_id"])
    path = f"/v1/references/{made['reference_id']}"
    assert house.client.delete(path, headers=OTHERS).status_code == 404
    assert house.client.delete(path).status_code == 204
    for gone in (path, f"{path}/file", f"/v1/verifications/{verified['verification_id']}", made["pictures"][0]["url"]):
        assert house.client.get(gone).status_code == 404
    assert house.client.get(twin["pictures"][0]["url"]).status_code == 200, "another reference has the picture too"
    house.client.delete(f"/v1/references/{twin['reference_id']}")
    kept = [path for path in (house.stand.folder / "objects" / "references").rglob("*") if path.is_file()]
    assert kept == []


def test_no_shop_reaches_what_another_registered(house: House) -> None:
    made = house.register()
    path = f"/v1/references/{made['reference_id']}"
    sha256 = made["pictures"][0]["sha256"]

    def asked(method: str, at: str, **sent: Any) -> Any:
        return house.client.request(method, at, headers=OTHERS, **sent)

    assert asked("GET", path).status_code == 404
    assert asked("PATCH", path, json={"title": "Mine"}).status_code == 404
    assert asked("POST", f"{path}:publish").status_code == 404
    assert asked("POST", f"{path}/pictures", files=files(drawing(4))).status_code == 404
    assert asked("GET", f"{path}/pictures/{sha256}/content").status_code == 404
    assert asked("GET", "/v1/references").json() == {"references": []}
    claimed = {"query": json.dumps({"reference_id": made["reference_id"]})}
    assert asked("POST", "/v1/verify", files=files(drawing(3)), data=claimed).status_code == 404


def test_pictures_of_references_count_as_the_shops_pictures_do(house: House) -> None:
    def used() -> tuple[int, int]:
        usage = house.client.get("/v1/usage").json()
        return usage["pictures"]["used"], usage["storage_bytes"]["used"]

    two = [strip(DRAWN), strip(drawing(2))]
    made = house.register(DRAWN, drawing(2))
    path = f"/v1/references/{made['reference_id']}"
    assert used() == (2, sum(map(len, two)))
    house.client.post(f"{path}/pictures", files=files(DRAWN)).raise_for_status()
    assert used() == (2, sum(map(len, two))), "it has that one already"
    house.client.delete(f"{path}/pictures/{hashlib.sha256(two[1]).hexdigest()}").raise_for_status()
    assert used() == (1, len(two[0]))
    assert house.client.post("/v1/references", files=files(DRAWN), data={"record": "{}"}).status_code == 422
    unknown = f"/v1/references/ref_{'0' * 32}"
    assert house.client.post(f"{unknown}/pictures", files=files(DRAWN)).status_code == 404
    assert used() == (1, len(two[0]))
    house.client.delete(path)
    assert (house.client.delete(path).status_code, used()) == (404, (0, 0))


def test_of_many_registered_at_once_no_more_fit_than_the_quota_has_room_for(house: House) -> None:
    Quotas(house.stand.catalogue).set("shop", {"pictures": 3})

    def register(number: int) -> int:
        sent = {"files": files(drawing(30 + number)), "data": {"record": '{"title": "Ring"}'}}
        return house.client.post("/v1/references", **sent).status_code

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(register, range(6)))
    assert told == [201, 201, 201, 403, 403, 403]
    assert len(house.client.get("/v1/references").json()["references"]) == 3
    refused = house.client.post("/v1/references", files=files(DRAWN), data={"record": '{"title": "Ring"}'}).json()
    assert refused["quota"] == {"name": "pictures", "used": 3, "limit": 3}


def test_pictures_that_the_service_refuses_are_not_counted(house: House) -> None:
    house.looking.unreadable.add(strip(DRAWN))
    assert house.client.post("/v1/references", files=files(DRAWN), data={"record": '{"title": "R"}'}).status_code == 422
    assert house.client.get("/v1/usage").json()["pictures"]["used"] == 0


def test_what_a_shop_has_is_counted_anew_with_its_references(house: House) -> None:
    house.register(DRAWN, drawing(2))
    with house.stand.catalogue.write() as session:
        quotas.count(session, "shop", {"pictures": 5})
    parts = house.stand.parts
    with house.stand.catalogue.write() as session:
        quotas.recount(session, "shop", parts.authenticity.kept("shop"))
    assert house.client.get("/v1/usage").json()["pictures"]["used"] == 2
    with house.stand.catalogue.write() as session:
        quotas.recount(session, "shop", None)
    assert house.client.get("/v1/usage").json()["pictures"]["used"] == 2, "what is not known stays as it was counted"


@pytest.mark.parametrize(
    ("record", "views", "path"),
    [
        ({"title": ""}, None, "record.title"),
        ({"title": "a\0b"}, None, "record.title"),
        ({"title": "Ring", "genuine": True}, None, "record.genuine"),
        ({"title": "Ring", "size_mm": {"width": -1}}, None, "record.size_mm.width"),
        ({"title": "Ring"}, ["front", "back"], "views"),
        ({"title": "Ring"}, ["inside"], "views.0"),
    ],
)
def test_what_breaks_the_contract_is_told_by_its_path(
    house: House, record: dict[str, object], views: list[str] | None, path: str
) -> None:
    data = {"record": json.dumps(record)} | ({"views": json.dumps(views)} if views else {})
    answer = house.client.post("/v1/references", files=files(DRAWN), data=data)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]
