"""Attempts to pass a registered picture off as a photo of a piece, against the shipped model: each is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image

from lab.authenticity.edits import edited
from services.authenticity.comparing import Embedder
from services.embedder.main import build
from services.embedder.settings import Settings
from shared import messaging
from tests.support.compared import RING, opened, photo_of, saved
from tests.support.gateway import NOBODY
from tests.support.registering import House, running_house
from tests.support.upstreams import served

REFERENCE = photo_of(RING)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Its embedder is the real one. The decision is one that would tell matches: that is what is to be fooled."""
    folder = tmp_path_factory.mktemp("fooling")
    broker = messaging.open(NOBODY, "embedder")
    embedder = build(Settings(broker_url=NOBODY, object_store_url=f"file://{folder}/objects", threads=2), broker)
    with served(embedder.http) as address:
        comparing = Embedder(address, None)
        with running_house(folder, comparing=comparing) as running:
            yield running
    embedder.close()
    broker.close()


@pytest.fixture(scope="module")
def reference_id(house: House) -> str:
    return str(house.register(REFERENCE, kind="design")["reference_id"])


def pasted(picture: Image.Image) -> Image.Image:
    """All of it, as a part of another picture."""
    ground = Image.new("RGB", (round(1.6 * picture.width), round(1.3 * picture.height)), "linen")
    ground.paste(picture, (picture.width // 3, picture.height // 6))
    return ground


def attempts() -> dict[str, bytes]:
    picture = opened(REFERENCE)
    return {
        "sent again": REFERENCE,
        "saved again": saved(edited("JPEG 30", picture, 1), 60),
        "mirrored": saved(edited("mirror", picture, 1)),
        "cut": saved(edited("crop", picture, 1)),
        "pasted into another picture": saved(pasted(picture)),
        "printed and photographed": saved(edited("re-photographed print", picture, 1)),
        "photographed from a screen": saved(edited("re-photographed screen", picture, 1)),
        "with words over it": saved(edited("watermark", picture, 1)),
    }


@pytest.mark.parametrize("attempt", list(attempts()))
def test_a_registered_picture_passed_off_as_a_photo_proves_nothing(
    house: House, reference_id: str, attempt: str
) -> None:
    made = house.verify(attempts()[attempt], reference_id=reference_id)
    assert (made["design"], made["piece"]) == ({"outcome": "cannot_tell"}, {"outcome": "cannot_tell"})
    assert [reason["code"] for reason in made["reasons"]] == ["same-picture"]
    assert made["same_picture"] > 0.5
    assert made["retakes"][0]["code"] == "own-photo"


def test_the_same_photo_twice_counts_once(house: House, reference_id: str) -> None:
    own = photo_of(RING, second=True)
    once = house.verify(own, reference_id=reference_id)
    twice = house.verify(own, own, reference_id=reference_id)
    assert twice["design"] == once["design"]
    assert twice["compared"]["photos"] == once["compared"]["photos"]


def test_another_photo_of_the_piece_is_not_taken_for_the_registered_picture(house: House, reference_id: str) -> None:
    made = house.verify(photo_of(RING, second=True), reference_id=reference_id)
    assert made["same_picture"] < 0.5
    assert "same-picture" not in [reason["code"] for reason in made["reasons"]]


def test_a_forged_photo_beside_an_own_one_adds_nothing(house: House, reference_id: str) -> None:
    own = photo_of(RING, second=True)
    alone = house.verify(own, reference_id=reference_id)
    helped = house.verify(own, attempts()["printed and photographed"], reference_id=reference_id)
    assert helped["design"] == alone["design"]
