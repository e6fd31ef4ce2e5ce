"""Verifications through the gateway: what is answered of photos, what is kept of it, and its reports."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loupe.cli import app
from services.authenticity.renewing import Renewing
from shared import database, objectstore
from shared.contracts.analysis import picture_key
from shared.pictures import strip
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY
from tests.support.pictures import drawing
from tests.support.registering import DRAWN, House, files, running_house

PHOTO, ANOTHER = drawing(20), drawing(21)
OTHERS = {"Authorization": f"Bearer {OTHER_KEY}"}


@pytest.fixture
def house(tmp_path: Path, new_database: NewDatabase) -> Iterator[House]:
    with running_house(tmp_path, new_database()) as running:
        yield running


def codes(made: dict[str, object]) -> list[str]:
    reasons = made["reasons"]
    assert isinstance(reasons, list)
    return [reason["code"] for reason in reasons]


def test_a_design_that_agrees_is_no_answer_about_the_very_piece(house: House) -> None:
    reference = house.register(DRAWN, sku="RING-1", serial_text="A-1")
    made = house.verify(PHOTO, sku="RING-1")
    assert made["reference_id"] == reference["reference_id"]
    assert made["design"]["outcome"] == "match"
    assert made["design"]["probability"] > 0.9
    assert made["piece"] == {"outcome": "cannot_tell"}
    assert codes(made) == ["alike", "no-individual-mark"]
    assert [retake["code"] for retake in made["retakes"]] == ["serial"]
    assert "appraisal" in made["not_claimed"]["en"]
    (picture,) = made["pictures"]
    assert house.client.get(picture["url"], headers={"Authorization": ""}).headers["content-type"] == "image/jpeg"


def test_a_detail_that_differs_is_a_mismatch_and_is_shown(house: House) -> None:
    house.looking.how[strip(PHOTO)] = "unlike"
    reference = house.register()
    made = house.verify(ANOTHER, PHOTO, reference_id=reference["reference_id"])
    assert (made["design"]["outcome"], made["piece"]["outcome"]) == ("mismatch", "mismatch")
    (reason,) = made["reasons"]
    assert (reason["code"], reason["photo"]) == ("structure-differs", 1)
    assert reason["regions"][0]["kind"] == "differs"


def test_a_photo_is_held_against_the_picture_that_shows_its_side(house: House) -> None:
    house.looking.of[strip(PHOTO), strip(drawing(2))] = "other side"
    reference = house.register(DRAWN, drawing(2), views=["front", "back"])
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    assert made["design"]["outcome"] == "match", "that it differs from the back says nothing"
    assert [reason.get("view") for reason in made["reasons"]] == ["front", None]


def test_quite_another_piece_is_told_where_none_of_the_pictures_looks_like_it(house: House) -> None:
    house.looking.of[strip(PHOTO), strip(DRAWN)] = "another"
    reference = house.register(DRAWN, drawing(2), views=["front", "back"])
    assert house.verify(PHOTO, reference_id=reference["reference_id"])["design"]["outcome"] == "match", "by its back"
    house.looking.how[strip(PHOTO)] = "another"
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    assert (made["design"]["outcome"], made["piece"]["outcome"]) == ("mismatch", "mismatch")
    (reason,) = made["reasons"]
    assert reason["code"] == "structure-differs"
    assert reason["words"]["en"] == "The piece in the photo looks quite different from the registered one."


def test_that_one_reference_differs_says_nothing_while_another_may_be_meant(house: House) -> None:
    house.looking.of |= {(strip(PHOTO), strip(DRAWN)): "unlike", (strip(PHOTO), strip(drawing(2))): "blurred"}
    for picture in (DRAWN, drawing(2)):
        house.register(picture, sku="RING-1")
    assert house.verify(PHOTO, sku="RING-1")["design"]["outcome"] == "cannot_tell"


def test_a_poor_photo_cannot_tell_and_says_which_would_help(house: House) -> None:
    house.looking.how[strip(PHOTO)] = "blurred"
    reference = house.register()
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    assert (made["design"], made["piece"]) == ({"outcome": "cannot_tell"}, {"outcome": "cannot_tell"})
    assert codes(made) == ["blurred"]
    assert [retake["code"] for retake in made["retakes"]] == ["sharper"]


def test_what_is_neither_likely_nor_unlikely_is_told_with_its_probability(house: House) -> None:
    house.looking.how[strip(PHOTO)] = "between"
    made = house.verify(PHOTO, reference_id=house.register()["reference_id"])
    assert made["design"]["outcome"] == "cannot_tell"
    assert 0.1 < made["design"]["probability"] < 0.9
    assert codes(made) == ["unsure"]


def test_a_registered_picture_sent_again_proves_nothing(house: House) -> None:
    reference = house.register()
    made = house.verify(DRAWN, DRAWN, reference_id=reference["reference_id"])
    assert (made["design"], made["piece"]) == ({"outcome": "cannot_tell"}, {"outcome": "cannot_tell"})
    assert codes(made) == ["same-picture"]
    assert made["same_picture"] > 0.9
    assert made["retakes"][0]["code"] == "own-photo"
    assert len(made["compared"]["photos"]) == 1, "the same photo twice counts once"
    with_own = house.verify(DRAWN, PHOTO, reference_id=reference["reference_id"])
    assert with_own["design"]["outcome"] == "match", "by the other photo"
    assert codes(with_own)[0] == "same-picture"


@pytest.mark.parametrize(
    ("read", "outcome", "code"), [("A-1", "match", "text-agrees"), ("B-7", "mismatch", "text-differs")]
)
def test_a_serial_that_is_read_tells_one_piece_from_another(house: House, read: str, outcome: str, code: str) -> None:
    house.looking.read[strip(PHOTO)] = read
    reference = house.register(DRAWN, drawing(2), views=["front", "serial"], serial_text="A-1")
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    assert (made["design"]["outcome"], made["piece"]["outcome"]) == ("match", outcome)
    assert code in codes(made)
    assert "A-1" in next(reason["words"]["zh"] for reason in made["reasons"] if reason["code"] == code)


def test_a_hallmark_in_a_close_up_of_the_serial_is_no_serial(house: House) -> None:
    house.looking.read[strip(PHOTO)] = "750"
    said = {"serial_text": "A-1", "hallmark_text": "750"}
    for told in (said, {"hallmark_text": "750"}):
        reference = house.register(DRAWN, drawing(2), views=["front", "serial"], **told)
        made = house.verify(PHOTO, reference_id=reference["reference_id"])
        assert (made["design"]["outcome"], made["piece"]) == ("match", {"outcome": "cannot_tell"})
        assert codes(made) == ["alike", "no-individual-mark"]
        asked = ["serial"] if "serial_text" in told else []
        assert [retake["code"] for retake in made["retakes"]] == asked, "no serial helps where none is registered"


def test_a_photo_of_the_whole_piece_is_not_blamed_for_showing_no_text(house: House) -> None:
    reference = house.register(DRAWN, drawing(2), views=["front", "serial"], serial_text="A-1")
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    assert codes(made) == ["alike", "no-individual-mark"]
    assert [retake["code"] for retake in made["retakes"]] == ["serial"]


def test_a_close_up_of_one_mark_says_nothing_of_the_other(house: House) -> None:
    house.looking.read[strip(PHOTO)] = "A-1"
    said = {"serial_text": "A-1", "hallmark_text": "750"}
    reference = house.register(DRAWN, drawing(2), drawing(3), views=["front", "serial", "hallmark"], **said)
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    assert made["piece"]["outcome"] == "match"
    assert codes(made) == ["alike", "text-agrees"]


def test_that_a_photo_would_help_is_said_only_where_one_is_named(house: House) -> None:
    nothing = house.verify(PHOTO)
    assert (nothing["retakes"], nothing["words"]["en"]) == ([], "These photos cannot tell.")
    house.looking.how[strip(PHOTO)] = "blurred"
    made = house.verify(PHOTO, reference_id=house.register()["reference_id"])
    assert made["retakes"]
    assert made["words"] == {
        "en": "These photos cannot tell. Below is which photo would help.",
        "zh": "这些照片无法判断。下面说明哪种照片会有帮助。",
    }


def test_without_a_claim_a_shops_own_references_are_searched_and_no_others(house: House) -> None:
    house.looking.vectors |= {strip(DRAWN): (1, 0, 0, 0), strip(drawing(2)): (0, 1, 0, 0), strip(PHOTO): (0.1, 1, 0, 0)}
    house.register(DRAWN)
    near = house.register(drawing(2))
    assert house.verify(PHOTO)["reference_id"] == near["reference_id"]
    others = house.client.post("/v1/verify", files=files(PHOTO), headers=OTHERS).json()
    assert "reference_id" not in others
    assert codes(others) == ["nothing-found"]
    assert house.client.post(f"/v1/references/{near['reference_id']}:publish").status_code == 200
    probed = house.client.post("/v1/verify", files=files(PHOTO), headers=OTHERS).json()
    assert probed["reasons"] == others["reasons"], "published or not, it is not found from another shop"


def test_vectors_are_made_anew_once_their_model_is_no_longer_loaded(house: House) -> None:
    reference = house.register(DRAWN)
    house.looking.version = "newer"
    assert codes(house.verify(PHOTO)) == ["nothing-found"]
    books = database.open(house.books)
    pictures = objectstore.open(f"file://{house.stand.folder}/objects", "references")
    renewing = Renewing(books, pictures, house.looking)
    assert renewing.renew(threading.Event()) == 1
    assert renewing.renew(threading.Event()) == 0, "those of a loaded model stay"
    assert house.verify(PHOTO)["reference_id"] == reference["reference_id"]
    books.close()


def test_a_picture_that_cannot_be_read_holds_up_no_other(house: House) -> None:
    house.register(drawing(2))
    house.register(drawing(3))
    house.looking.version = "newer"
    books = database.open(house.books)
    pictures = objectstore.open(f"file://{house.stand.folder}/objects", "references")
    pictures.delete("shop", picture_key(hashlib.sha256(strip(drawing(2))).hexdigest()))
    assert Renewing(books, pictures, house.looking).renew(threading.Event()) == 1
    books.close()


def test_a_verification_is_kept_for_its_shop_until_it_is_over(tmp_path: Path) -> None:
    with running_house(tmp_path, verification_days=3 / 86_400) as house:
        reference = house.register()
        made = house.verify(PHOTO, reference_id=reference["reference_id"])
        path = f"/v1/verifications/{made['verification_id']}"
        assert house.client.get(path).json()["words"] == made["words"]
        assert house.client.get(path, headers=OTHERS).status_code == 404
        assert house.client.get(f"{path}/pictures/{made['pictures'][0]['name']}", headers=OTHERS).status_code == 404
        listed = house.client.get("/v1/verifications").json()["verifications"]
        assert [one["verification_id"] for one in listed] == [made["verification_id"]]
        time.sleep(3.2)
        assert house.client.get(path).status_code == 404
        assert house.client.get("/v1/verifications").json()["verifications"] == []


def test_a_claim_that_nobody_registered_is_told(house: House) -> None:
    for claimed in ({"sku": "RING-9"}, {"reference_id": "ref_" + "0" * 32}):
        answer = house.client.post("/v1/verify", files=files(PHOTO), data={"query": json.dumps(claimed)})
        assert answer.status_code == 404
    both = json.dumps({"sku": "RING-9", "reference_id": "ref_" + "0" * 32})
    assert house.client.post("/v1/verify", files=files(PHOTO), data={"query": both}).status_code == 422


def test_reports_are_checked_without_a_network_and_tampering_is_named(house: House, tmp_path: Path) -> None:
    reference = house.register()
    made = house.verify(PHOTO, reference_id=reference["reference_id"])
    path = f"/v1/verifications/{made['verification_id']}"
    keys, report, pdf, photo = (tmp_path / name for name in ("keys.json", "report.json", "report.pdf", "photo.jpg"))
    keys.write_text(house.client.get("/v1/signing-keys").text)
    report.write_text(house.client.get(f"{path}/report.json").text)
    pdf.write_bytes(house.client.get(f"{path}/report.pdf").content)
    photo.write_bytes(PHOTO)

    def said(file: Path, *more: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["check-report", str(file), "--keys", str(keys), *more])
        return done.exit_code, " ".join(done.output.split())

    assert said(report, "--picture", str(photo))[0] == 0, said(report)
    assert said(pdf)[0] == 0, said(pdf)
    photo.write_bytes(ANOTHER)
    assert "photo.jpg is none of the pictures" in said(report, "--picture", str(photo))[1]
    chinese = house.client.get(f"{path}/report.pdf", params={"language": "zh"}).content
    (tmp_path / "chinese.pdf").write_bytes(chinese)
    assert b"NotoSansSC" in chinese, "it carries the letters that it needs"
    assert len(chinese) < 200_000
    assert said(tmp_path / "chinese.pdf")[0] == 0
    told = json.loads(report.read_text())
    told["document"]["piece"] = {"outcome": "match", "probability": 0.99}
    report.write_text(json.dumps(told))
    status, words = said(report)
    assert status != 0
    assert "/piece/outcome was changed" in words
    whole = pdf.read_bytes()
    middle = len(whole) // 2
    pdf.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "was changed after it was signed" in said(pdf)[1]
    pdf.write_bytes(whole[: whole.index(b"%loupe-signature")])
    assert "no signature" in said(pdf)[1]
    pdf.write_bytes(whole + b"% and more")
    assert "behind the signature" in said(pdf)[1]
