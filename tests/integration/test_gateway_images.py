"""The way of a picture as the gateway sees it: accepted, its outcome, its bytes, its corrections."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.gateway.tables import CorrectionEntry
from shared.contracts.analysis import Attribute, QualityWarning
from shared.contracts.messages import (
    CorrectionIndexed,
    ImageCorrected,
    ImageIndexed,
    ImageRejected,
    ImageRemoved,
    ImageStored,
    ImageUnindexed,
)
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.rings import encoded, heic, ring

PICTURE = picture(1)
SHA256 = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        stand.put_item()
        yield stand


def indexed(image_id: str, **fields: object) -> ImageIndexed:
    given = {"type": Attribute(value="ring", confidence=0.8), "model_version": "model-1"} | fields
    return ImageIndexed.model_validate(
        {"tenant": "shop", "correlation_id": "c", "sku": "RING-1", "image_id": image_id} | given
    )


def test_an_accepted_picture_is_kept_and_told_of(gateway: Stand) -> None:
    response = gateway.client.post(
        "/v1/items/RING-1/images",
        files={"file": ("a.jpg", PICTURE, "image/jpeg")},
        headers={"X-Request-ID": "from-the-shop"},
    )
    image_id = response.json()["image_id"]
    assert response.status_code == 202
    assert response.headers["location"] == response.json()["status_url"] == f"/v1/images/{image_id}"
    told = gateway.waiting()[-1]
    assert isinstance(told, ImageStored)
    assert (told.sku, told.image_id, told.sha256, told.item_revision) == ("RING-1", image_id, SHA256, 1)
    assert told.correlation_id == "from-the-shop"
    assert gateway.parts.pictures.get("shop", SHA256) == PICTURE
    image = gateway.client.get(response.json()["status_url"]).json()
    assert image["state"] == "stored"
    assert (image["bytes"], image["width"], image["height"]) == (len(PICTURE), 48, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_format_is_taken_whatever_image_type_is_declared(gateway: Stand, kind: str) -> None:
    image_id = gateway.upload("RING-1", picture(3, kind), "image/x-something")
    content = gateway.client.get(f"/v1/images/{image_id}/content")
    assert content.headers["content-type"] == f"image/{kind.lower()}"


def test_what_phones_send_is_taken_and_told_by_its_type(gateway: Stand) -> None:
    two_in_one = encoded(ring(), "MPO", save_all=True, append_images=[ring()])
    for data, kind, size in ((heic("turned"), "image/heif", (300, 400)), (two_in_one, "image/jpeg", (400, 300))):
        image_id = gateway.upload("RING-1", data)
        image = gateway.client.get(f"/v1/images/{image_id}").json()
        assert (image["width"], image["height"]) == size
        assert gateway.client.get(f"/v1/images/{image_id}/content").headers["content-type"] == kind


def test_a_heic_of_too_many_pixels_is_refused_before_it_is_stored(gateway: Stand) -> None:
    size = struct.pack(">4sIII", b"ispe", 0, 400, 300)
    data = heic("ring").replace(size, struct.pack(">4sIII", b"ispe", 0, 20_000, 20_000))
    response = gateway.client.post("/v1/items/RING-1/images", files={"file": ("a.heic", data, "image/heic")})
    assert response.status_code == 413
    assert "50 megapixels" in response.json()["detail"]


def test_a_part_needs_neither_a_file_name_nor_a_type(gateway: Stand) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + PICTURE + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert gateway.client.post("/v1/items/RING-1/images", content=body, headers=headers).status_code == 202


def send_batch(gateway: Stand, skus: list[str], files: list[bytes]) -> Any:
    parts: Any = [("skus", (None, json.dumps(skus))), *(("file", ("a.jpg", data, "image/jpeg")) for data in files)]
    return gateway.client.post("/v1/images:batch", files=parts)


def test_in_a_batch_each_picture_is_accepted_or_refused_for_itself(gateway: Stand) -> None:
    gateway.put_item("RING-2")
    first, second = picture(1), picture(2)
    response = send_batch(
        gateway, ["RING-1", "NOBODY", "RING-2", "RING-2", "RING-2"], [first, first, second, b"no picture", second]
    )
    assert response.status_code == 202
    sent = response.json()["images"]
    assert [image["sku"] for image in sent] == ["RING-1", "NOBODY", "RING-2", "RING-2", "RING-2"]
    assert [image.get("problem", {}).get("status") for image in sent] == [None, 404, None, 415, None]
    assert sent[2]["image_id"] == sent[4]["image_id"], "the same picture of the same item twice is one picture"
    told = [message for message in gateway.waiting() if isinstance(message, ImageStored)]
    assert [(message.sku, message.image_id) for message in told] == [
        ("RING-1", sent[0]["image_id"]),
        ("RING-2", sent[2]["image_id"]),
    ]
    for image, data in ((sent[0], first), (sent[2], second)):
        assert gateway.client.get(f"{image['status_url']}/content").content == data
    assert send_batch(gateway, ["RING-1"], [first]).json()["images"] == [sent[0]]


def test_a_batch_whose_skus_and_pictures_do_not_match_is_refused_whole(gateway: Stand) -> None:
    before = gateway.pictures()
    for skus in (["RING-1"], ["RING-1"] * 3, ["RING-1", "a/b"]):
        response = send_batch(gateway, skus, [picture(1), picture(2)])
        assert response.status_code == 422
        assert "skus" in response.json()["detail"]
    assert send_batch(gateway, ["RING-1"] * 33, [PICTURE] * 33).status_code == 400
    assert gateway.pictures() == before


def test_the_same_bytes_again_are_the_same_picture(gateway: Stand) -> None:
    first = gateway.upload("RING-1", PICTURE)
    assert gateway.upload("RING-1", PICTURE) == first
    gateway.handle(indexed(first))
    assert gateway.upload("RING-1", PICTURE) == first
    assert gateway.client.get(f"/v1/images/{first}").json()["state"] == "indexed"
    assert len(gateway.waiting()) == 1  # the item alone
    gateway.put_item("RING-2")
    assert gateway.upload("RING-2", PICTURE) != first


def test_a_rejected_picture_says_why_and_is_tried_again_when_it_comes_again(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", PICTURE)
    rejected = ImageRejected(
        tenant="shop", correlation_id="c", sku="RING-1", image_id=image_id, code="x", reason="It is cut off."
    )
    for _ in range(2):
        gateway.handle(rejected)
    image = gateway.client.get(f"/v1/images/{image_id}").json()
    assert (image["state"], image["reason"]) == ("rejected", "It is cut off.")
    assert [i["image_id"] for i in gateway.client.get("/v1/images?state=rejected").json()["images"]] == [image_id]
    assert not any(isinstance(m, ImageStored) for m in gateway.waiting())

    gateway.put_item(price=5)
    assert gateway.upload("RING-1", PICTURE) == image_id
    image = gateway.client.get(f"/v1/images/{image_id}").json()
    assert image["state"] == "stored"
    assert "reason" not in image
    told = gateway.waiting()[-1]
    assert isinstance(told, ImageStored)
    assert told.item_revision == 2
    assert told.attempt == 1, "it may be what killed a worker: it is to be analysed alone"


def test_the_state_goes_from_stored_over_analysed_to_indexed(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", PICTURE)
    gateway.analysed(SHA256)
    assert gateway.client.get(f"/v1/images/{image_id}").json()["state"] == "analysed"
    warning = QualityWarning(code="blurred", message="Hold still.")
    for _ in range(2):
        gateway.handle(indexed(image_id, warnings=[warning]))
    image = gateway.client.get(f"/v1/images/{image_id}").json()
    assert image["state"] == "indexed"
    assert image["type"] == {"value": "ring", "confidence": 0.8}
    assert "metal" not in image
    assert image["warnings"] == [warning.model_dump()]
    assert not any(isinstance(m, ImageStored) for m in gateway.waiting())


def test_a_removed_picture_stays_gone_whatever_outcome_comes_late(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", PICTURE)
    assert gateway.client.delete(f"/v1/images/{image_id}").status_code == 204
    gateway.handle(indexed(image_id))
    assert gateway.client.get(f"/v1/images/{image_id}").status_code == 404
    assert gateway.client.delete(f"/v1/images/{image_id}").status_code == 404
    assert [m.name for m in gateway.waiting()] == ["item.changed", ImageRemoved.name]
    for _ in range(2):
        gateway.handle(ImageUnindexed(tenant="shop", correlation_id="c", sku="RING-1", image_id=image_id))
    assert [m.name for m in gateway.waiting()] == ["item.changed"]
    assert gateway.upload("RING-1", PICTURE) != image_id


def test_the_bytes_come_back_by_key_or_signed_address_and_by_nothing_else(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", PICTURE)
    signed = gateway.client.get(f"/v1/images/{image_id}").json()["image_url"]
    keyless = {"Authorization": ""}
    for response in (
        gateway.client.get(f"/v1/images/{image_id}/content"),
        gateway.client.get(signed, headers=keyless),
    ):
        assert response.content == PICTURE
        assert response.headers["content-type"] == "image/jpeg"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in response.headers["cache-control"]
    other = gateway.upload("RING-1", picture(2))
    for forged in (
        f"/v1/images/{image_id}/content",
        signed.replace("expires=1", "expires=2"),
        signed.replace("signature=shop", "signature=other"),
        signed.replace(image_id, other),
        f"/v1/images/{image_id}/content?expires=99999999999&signature=ü",
    ):
        assert gateway.client.get(forged, headers=keyless).status_code == 401, forged


def test_a_correction_shows_at_once_survives_a_new_analysis_and_can_be_taken_back(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", PICTURE)
    gateway.analysed(SHA256)
    gateway.handle(indexed(image_id))
    path = f"/v1/images/{image_id}/analysis"

    image = gateway.client.patch(path, json={"type": "pendant", "stone": "emerald"}).json()
    assert image["type"] == {"value": "pendant", "confidence": 1.0}
    assert image["corrected"] == ["stone", "type"]
    gateway.client.patch(path, json={"type": "pendant"})  # says nothing new
    gateway.handle(indexed(image_id))
    assert gateway.client.get(f"/v1/images/{image_id}").json()["type"]["value"] == "pendant"

    image = gateway.client.patch(path, json={"type": None}).json()
    assert image["type"] == {"value": "ring", "confidence": pytest.approx(0.8)}
    assert image["stone"]["value"] == "emerald"
    told = [m for m in gateway.waiting() if isinstance(m, ImageCorrected)]
    assert [(m.revision, m.corrections) for m in told] == [
        (1, {"type": "pendant", "stone": "emerald"}),
        (2, {"stone": "emerald"}),
    ]
    for revision in (2, 1):
        gateway.handle(CorrectionIndexed(tenant="shop", correlation_id="c", image_id=image_id, revision=revision))
    assert not any(isinstance(m, ImageCorrected) for m in gateway.waiting())


@pytest.mark.parametrize("correction", [{"type": ""}, {"colour": "red"}, {"metal": "x" * 65}, {"stone": 5}])
def test_a_bad_correction_is_refused(gateway: Stand, correction: dict[str, Any]) -> None:
    image_id = gateway.upload("RING-1", picture())
    assert gateway.client.patch(f"/v1/images/{image_id}/analysis", json=correction).status_code == 422
    assert gateway.client.get(f"/v1/images/{image_id}").json()["corrected"] == []


def test_a_truncated_picture_is_taken_because_only_decoding_it_tells(gateway: Stand) -> None:
    whole = picture(5, size=(400, 300))
    gateway.upload("RING-1", whole[: len(whole) // 2])


def test_the_history_of_corrections_outlives_the_picture(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", PICTURE)
    for said in ("pendant", "brooch", None):
        gateway.client.patch(f"/v1/images/{image_id}/analysis", json={"type": said})
    gateway.client.delete("/v1/items/RING-1")
    with gateway.catalogue.read() as session:
        rows = session.execute(select(CorrectionEntry).order_by(CorrectionEntry.id)).scalars().all()
    assert [(row.sha256, row.attribute, row.value, row.revision) for row in rows] == [
        (SHA256, "type", "pendant", 1),
        (SHA256, "type", "brooch", 2),
        (SHA256, "type", None, 3),
    ]


def test_the_status_counts_this_shops_pictures(gateway: Stand) -> None:
    gateway.handle(indexed(gateway.upload("RING-1", PICTURE)))
    gateway.upload("RING-1", picture(2))
    status = gateway.client.get("/v1/status").json()
    assert status == {
        "items": 1,
        "images": {"stored": 1, "indexed": 1, "rejected": 0},
        "outbox": 2,
        "queues": {},
        "query_photo_days": 0,
    }
