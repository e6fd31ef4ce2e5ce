"""What the gateway keeps of pictures and of shoppers' photos: nothing that tells of people, unless the shop asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from typer.testing import CliRunner

from loupe.cli import app
from services.gateway import tenants
from services.gateway.impressions import Whose
from services.gateway.people.sweeping import Beside, Sweeper
from services.gateway.stored_pictures import strip_stored
from services.gateway.tables import OUTBOX
from services.gateway.tables import Image as ImageRow
from shared import objectstore
from shared.contracts.messages import ImageRedrawn, ImageRejected, ImageStored
from shared.objectstore import ObjectStore
from tests.support.gateway import SECRET as SECRET_OF_GATEWAY
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.telling_pictures import PICTURES, SECRET, telling
from tests.support.upstreams import CLEAN_PHOTO, running_upstreams
from tests.support.waiting import until


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stand]:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams) as stand:
        stand.put_item()
        yield stand


def bucket(shop: Stand, name: str) -> ObjectStore:
    return objectstore.open(f"file://{shop.folder}/objects", name)


def everything(shop: Stand) -> bytes:
    """All bytes of all files of the gateway: its objects, its database and what that has written ahead."""
    return b"".join(path.read_bytes() for path in sorted(shop.folder.rglob("*")) if path.is_file())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def image_stored(shop: Stand) -> ImageStored:
    return next(message for message in reversed(shop.waiting()) if isinstance(message, ImageStored))


def redrawn(shop: Stand, image_id: str, data: bytes) -> ImageRedrawn:
    told = {"tenant": "shop", "correlation_id": "c-1", "sku": "RING-1", "image_id": image_id}
    return ImageRedrawn(**told, sha256=sha256(data))


def search(shop: Stand, photo: bytes, user_id: str | None = None) -> None:
    files: dict[str, Any] = {
        "image": ("photo.jpg", photo, "image/jpeg"),
        "query": (None, json.dumps({"user_id": user_id})),
    }
    answer = shop.client.post("/v1/search", files=files)
    assert answer.status_code == 200, answer.text


def test_no_upload_leaves_a_place_a_name_or_a_camera_behind(shop: Stand) -> None:
    for kind, make in PICTURES.items():
        sent = make()
        image_id = shop.upload("RING-1", sent)
        shown = shop.client.get(f"/v1/images/{image_id}/content")
        assert SECRET not in shown.content, kind
        assert shown.headers["content-type"].startswith("image/")
        assert shop.client.get(f"/v1/images/{image_id}").json()["sha256"] == sha256(sent)
        assert shop.upload("RING-1", sent) == image_id
    put = telling("JPEG", quality=40)
    assert shop.client.put(f"/v1/items/RING-1/images/{sha256(put)}", content=put).status_code == 202

    assert SECRET not in everything(shop)


def test_an_upload_of_ones_own_is_stripped_and_is_the_same_picture_when_it_is_named_again(shop: Stand) -> None:
    sent = telling("JPEG")
    place = shop.client.post("/v1/uploads", json={"count": 1}).json()["uploads"][0]
    assert shop.client.put(place["url"], content=sent).status_code in (200, 201, 204)
    named = {"images": [{"sku": "RING-1", "object_key": place["object_key"]}]}

    ids = [shop.client.post("/v1/images:batch", json=named).json()["images"][0]["image_id"] for _ in range(2)]

    assert ids[0] == ids[1] == shop.upload("RING-1", sent)
    assert SECRET not in everything(shop)


def test_what_is_drawn_again_takes_the_place_of_the_original_even_if_its_message_is_lost(shop: Stand) -> None:
    first, second = picture(1, "PNG"), picture(2, "PNG")
    ids = [shop.upload("RING-1", data) for data in (first, second)]
    for data, drawn in ((first, picture(3)), (second, picture(4))):
        bucket(shop, "renditions").put("shop", sha256(data), drawn)

    shop.handle(redrawn(shop, ids[0], first))
    shop.handle(redrawn(shop, ids[0], first))
    shop.parts.renditions.clean()

    answers = [shop.client.get(f"/v1/images/{image_id}/content") for image_id in ids]
    assert [answer.content for answer in answers] == [picture(3), picture(4)]
    assert {answer.headers["content-type"] for answer in answers} == {"image/jpeg"}
    assert list(bucket(shop, "renditions").keys("shop")) == []


def test_a_picture_is_not_shown_before_faces_were_looked_for(shop: Stand) -> None:
    tenants.set_blur_faces(shop.catalogue, "shop", wanted=True)
    with_face, without = picture(1), picture(2)
    ids = [shop.upload("RING-1", data) for data in (with_face, without)]
    assert image_stored(shop).blur_faces
    for image_id in ids:
        waiting = shop.client.get(f"/v1/images/{image_id}/content")
        assert waiting.status_code == 503
        assert "Faces" in waiting.json()["detail"]

    bucket(shop, "renditions").put("shop", sha256(with_face), picture(3))
    bucket(shop, "renditions").put("shop", sha256(without), b"")
    shop.handle(redrawn(shop, ids[0], with_face))

    shown = [shop.client.get(f"/v1/images/{image_id}/content").content for image_id in ids]
    assert shown == [picture(3), without]
    assert with_face not in everything(shop)


def test_the_same_bytes_for_another_item_do_not_bring_a_face_back(shop: Stand) -> None:
    tenants.set_blur_faces(shop.catalogue, "shop", wanted=True)
    sent = picture(1)
    image_id = shop.upload("RING-1", sent)
    bucket(shop, "renditions").put("shop", sha256(sent), picture(3))
    shop.handle(redrawn(shop, image_id, sent))

    shop.put_item("RING-2")
    other = shop.upload("RING-2", sent)

    assert shop.client.get(f"/v1/images/{image_id}/content").content == picture(3)
    assert shop.client.get(f"/v1/images/{other}/content").status_code == 503
    assert sent not in everything(shop)


def test_a_picture_that_was_rejected_before_faces_were_looked_for_is_never_shown(shop: Stand) -> None:
    tenants.set_blur_faces(shop.catalogue, "shop", wanted=True)
    image_id = shop.upload("RING-1", picture(1))
    told = {"tenant": "shop", "correlation_id": "c-1", "sku": "RING-1", "image_id": image_id}
    shop.handle(ImageRejected(**told, code="unreadable", reason="It is damaged."))

    assert shop.client.get(f"/v1/images/{image_id}/content").status_code == 404


def test_pictures_of_before_are_stripped_and_looked_at_again(shop: Stand) -> None:
    tells, plain = telling("JPEG"), picture(2)
    for data in (tells, plain):
        shop.upload("RING-1", data)
        bucket(shop, "pictures").put("shop", sha256(data), data)  # as it was stored before

    done = strip_stored(shop.catalogue, bucket(shop, "pictures"), "shop")
    assert (done["stripped"], done["clean"], done["drawn again"]) == (1, 1, 0)
    assert SECRET not in everything(shop)

    tenants.set_blur_faces(shop.catalogue, "shop", wanted=True)
    with shop.catalogue.write() as session:
        rows = session.execute(select(ImageRow)).scalars().all()
        session.execute(delete(OUTBOX.table))  # the embedder has seen them
    assert strip_stored(shop.catalogue, bucket(shop, "pictures"), "shop")["drawn again"] == len(rows)
    assert all(message.blur_faces for message in shop.waiting() if isinstance(message, ImageStored))


def test_a_shoppers_photo_is_not_kept_unless_the_shop_asked_for_it(shop: Stand) -> None:
    photo = telling("JPEG", quality=60)
    search(shop, photo, "ada")

    assert shop.upstreams.without_faces == []
    assert list(bucket(shop, "query-photos").keys("shop")) == []
    assert SECRET not in everything(shop)
    assert photo not in everything(shop)


def test_a_shoppers_photo_is_kept_without_faces_and_goes_with_the_shopper(shop: Stand) -> None:
    tenants.set_query_photo_days(shop.catalogue, "shop", 3)
    kept = bucket(shop, "query-photos")
    for who in ("zelda", "zelda", "eve", None):
        search(shop, telling("JPEG"), who)
    until(lambda: len(list(kept.keys("shop"))) == 4, "four photos are kept")

    assert SECRET not in everything(shop)
    assert {kept.get("shop", key) for key in kept.keys("shop")} == {CLEAN_PHOTO}
    assert not any("zelda" in key for key in kept.keys("shop"))
    assert [data for _, data in shop.parts.photos.of_shopper("shop", "zelda")] == [CLEAN_PHOTO] * 2

    shop.parts.erasures.ask("shop", Whose(user_id="zelda"))
    assert Sweeper(shop.catalogue, shop.parts.erasures, Beside(shop.parts.exports, shop.parts.photos)).sweep_one()
    assert len(list(kept.keys("shop"))) == 2
    assert shop.parts.photos.forget("shop", "eve") == 1


def test_photos_go_after_the_days_that_the_shop_chose(shop: Stand) -> None:
    tenants.set_query_photo_days(shop.catalogue, "shop", 3)
    search(shop, picture(1))
    kept = bucket(shop, "query-photos")
    until(lambda: list(kept.keys("shop")), "the photo is kept")

    shop.parts.photos.clean()
    assert list(kept.keys("shop"))
    assert shop.client.get("/v1/status").json()["query_photo_days"] == 3, "so that a page can say it"
    tenants.set_query_photo_days(shop.catalogue, "shop", 0)
    shop.parts.photos.clean()
    assert list(kept.keys("shop")) == []


def test_a_picture_that_cannot_be_followed_is_refused_and_not_kept(shop: Stand) -> None:
    broken = bytearray(telling("TIFF", behind=b""))
    strips = broken.index((273).to_bytes(2, "little"), int.from_bytes(broken[4:8], "little"))
    broken[strips + 7] = 0x17  # so many strips that their table ends behind the file
    before = shop.pictures()

    answer = shop.client.post("/v1/items/RING-1/images", files={"file": ("a.tif", bytes(broken), "image/tiff")})

    assert answer.status_code == 415, answer.text
    assert shop.pictures() == before


def test_operators_choose_what_is_kept_and_clean_what_was_stored_before(shop: Stand, tmp_path: Path) -> None:
    of_deployment = {
        "GATEWAY_DATABASE_URL": f"sqlite:///{shop.folder}/gateway.db",
        "GATEWAY_SECRET": SECRET_OF_GATEWAY,
        "OBJECT_STORE_URL": f"file://{shop.folder}/objects",
    }

    def loupe(*arguments: str) -> str:
        done = CliRunner(env=of_deployment).invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return " ".join(done.stdout.split())

    told = loupe("tenant", "set", "shop", "--blur-faces", "--keep-query-photos", "2")
    assert "blurred from now on" in told
    assert "kept for 2 days" in told
    search(shop, picture(1), "ada")
    kept = bucket(shop, "query-photos")
    until(lambda: list(kept.keys("shop")), "the photo is kept")
    assert loupe("pictures", "searched", "shop", str(tmp_path / "seen")).startswith("1 photos")
    assert [path.read_bytes() for path in (tmp_path / "seen").iterdir()] == [CLEAN_PHOTO]

    assert "not kept" in loupe("tenant", "set", "shop", "--no-blur-faces", "--keep-query-photos", "0")
    sent = telling("JPEG")
    shop.upload("RING-1", sent)
    bucket(shop, "pictures").put("shop", sha256(sent), sent)
    assert loupe("pictures", "strip", "shop").startswith("1 stripped, 0 were clean")
    assert CliRunner(env=of_deployment).invoke(app, ["tenant", "set", "shop"]).exit_code != 0
