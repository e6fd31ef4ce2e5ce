"""Pictures in the width that a page has room for: for who may see them whole, and for nobody else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from services.gateway.renditions import BUCKET
from shared import objectstore
from shared.contracts.messages import ImageRedrawn
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, Stand, running_gateway
from tests.support.pictures import drawing
from tests.support.rings import encoded
from tests.support.upstreams import Upstreams, served

WHOLE = drawing(1, side=1_000)


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    made = Upstreams()
    with served(made.embedder()) as made.embedder_url:
        yield made


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        stand.put_item()
        yield stand


def size(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def test_it_is_made_once_and_kept_by_who_got_it(gateway: Stand, upstreams: Upstreams) -> None:
    image_id = gateway.upload("RING-1", WHOLE)
    address = gateway.client.get(f"/v1/images/{image_id}").json()["image_url"] + "&width=240"
    first, again = (gateway.client.get(address, headers={"Authorization": ""}) for _ in range(2))
    assert (first.status_code, first.headers["content-type"], size(first.content)) == (200, "image/webp", (240, 240))
    assert "immutable" in first.headers["cache-control"]
    assert again.content == first.content
    assert upstreams.made_smaller == [240]
    known = gateway.client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    whole = gateway.client.get(f"/v1/images/{image_id}/content", headers={"If-None-Match": first.headers["etag"]})
    assert (whole.status_code, whole.content) == (200, WHOLE)
    assert whole.headers["etag"] != first.headers["etag"]


def test_nobody_else_sees_it_and_a_removed_picture_has_none(gateway: Stand) -> None:
    path = f"/v1/images/{gateway.upload('RING-1', WHOLE)}/content?width=240"
    assert gateway.client.get(path).status_code == 200
    assert gateway.client.get(path, headers={"Authorization": f"Bearer {OTHER_KEY}"}).status_code == 404
    assert gateway.client.get(path, headers={"Authorization": ""}).status_code == 401
    assert gateway.client.delete(path.replace("/content?width=240", "")).status_code == 204
    assert gateway.client.get(path).status_code == 404


def test_a_picture_that_was_drawn_again_without_faces_is_not_shown_as_it_was(gateway: Stand) -> None:
    image_id = gateway.upload("RING-1", WHOLE)
    path = f"/v1/images/{image_id}/content?width=120"
    before = gateway.client.get(path)
    sha256 = hashlib.sha256(WHOLE).hexdigest()
    objectstore.open(f"file://{gateway.folder}/objects", BUCKET).put("shop", sha256, drawing(2, side=1_000))
    gateway.handle(ImageRedrawn(tenant="shop", correlation_id="c", sku="RING-1", image_id=image_id, sha256=sha256))
    after = gateway.client.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.content != before.content


def test_there_are_few_widths(gateway: Stand, upstreams: Upstreams) -> None:
    image_id = gateway.upload("RING-1", WHOLE)
    for width in ("241", "0", "-1", "all", ""):
        assert gateway.client.get(f"/v1/images/{image_id}/content?width={width}").status_code == 422, width
    assert upstreams.made_smaller == []


def test_what_would_not_be_less_stays_as_it_is_and_is_not_tried_again(gateway: Stand, upstreams: Upstreams) -> None:
    small = io.BytesIO()
    Image.open(io.BytesIO(WHOLE)).save(small, "WEBP", quality=1)
    image_id = gateway.upload("RING-1", small.getvalue())
    for _ in range(2):
        assert gateway.client.get(f"/v1/images/{image_id}/content?width=960").content == small.getvalue()
    assert upstreams.made_smaller == [960]


def test_what_browsers_do_not_show_is_shown_as_a_webp_even_where_that_is_more(gateway: Stand) -> None:
    striped = Image.new("1", (960, 960))
    for left in range(-960, 960, 60):
        ImageDraw.Draw(striped).line((left, 0, left + 960, 960), fill=1, width=20)
    sent = encoded(striped, "TIFF", compression="group4")
    image_id = gateway.upload("RING-1", sent)
    answer = gateway.client.get(f"/v1/images/{image_id}/content?width=960")
    assert answer.headers["content-type"] == "image/webp"
    assert len(answer.content) > len(sent)


def test_while_none_can_be_made_the_whole_one_is_shown_and_not_kept(gateway: Stand, upstreams: Upstreams) -> None:
    image_id = gateway.upload("RING-1", WHOLE)
    upstreams.too_busy = True
    meanwhile = gateway.client.get(f"/v1/images/{image_id}/content?width=240")
    assert meanwhile.content == WHOLE
    assert meanwhile.headers["cache-control"] == "private, no-store"
    upstreams.too_busy = False
    assert size(gateway.client.get(f"/v1/images/{image_id}/content?width=240").content) == (240, 240)


def test_a_picture_of_a_board_can_be_had_smaller_too(gateway: Stand, upstreams: Upstreams) -> None:
    upstreams.clean = WHOLE
    board = gateway.client.post("/v1/boards", json={"title": "Spring"}).json()["board_id"]
    sent = gateway.client.post(f"/v1/boards/{board}/pictures", files={"image": ("one.jpg", WHOLE, "image/jpeg")})
    answer = gateway.client.get(sent.json()["image_url"] + "&width=120", headers={"Authorization": ""})
    assert (answer.headers["content-type"], size(answer.content)) == ("image/webp", (120, 120))
