"""The calls by which whole shops come in and hear of it: patches, uploads, imports, webhooks, erasing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loupe.client import (
    ItemIn,
    ItemPatch,
    ItemPut,
    NoAnswer,
    NotFound,
    PreconditionFailed,
    Refused,
    Unauthorized,
    WebhookPatch,
)
from tests.support.clients import Caller
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.importing import importing
from tests.support.losing import losing
from tests.support.receiving import Receiver, dispatching
from tests.support.scripted import Said, scripted
from tests.support.shops import running
from tests.support.upstreams import served
from tests.support.waiting import until

CATALOGUE = b"sku,title,price\nRING-1,A ring,490\nRING-2,Another,90\nRING-3,A third,a lot\n"


@dataclass(frozen=True)
class Served:
    stand: Stand
    call: Caller
    admin: Caller


BOTH = pytest.mark.parametrize("gateway", ["blocking", "awaited"], indirect=True)


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """One that imports and sends to webhooks."""
    with (
        running_gateway(tmp_path / "gateway", outward_allow=["127.0.0.0/8"]) as stand,
        importing(stand),
        running(dispatching(stand)),
        served(stand.service.http) as address,
    ):
        kind = getattr(request, "param", "blocking")
        admin = stand.parts.api_keys.add("shop", "admin", ["admin"]).key
        yield Served(stand, Caller(kind, address, KEY), Caller(kind, address, admin))


def test_fields_of_an_item_change_and_only_at_the_revision_that_was_read(gateway: Served) -> None:
    call = gateway.call
    read = call("put_item", "RING-1", ItemIn(title="A ring", price=490, brand="Ours", attributes={"metal": "gold"}))
    patch = ItemPatch(price=450, brand=None, attributes={"stone": "ruby"})
    changed = call("patch_item", "RING-1", patch, if_match=read.revision)
    assert (changed.title, changed.price, changed.brand) == ("A ring", 450, None)
    assert changed.attributes == {"metal": "gold", "stone": "ruby"}
    for late in ("patch_item", "put_item"):
        with pytest.raises(PreconditionFailed):
            call(late, "RING-1", patch if late == "patch_item" else changed, if_match=read.revision)
    with pytest.raises(PreconditionFailed):
        call("remove_item", "RING-1", if_match=read.revision)
    with pytest.raises(PreconditionFailed):
        call("put_item", "RING-1", changed, only_new=True)
    call("remove_item", "RING-1", if_match=changed.revision)
    assert call("put_item", "RING-1", changed, only_new=True).price == 450


def test_a_picture_goes_by_its_hash(gateway: Served, tmp_path: Path) -> None:
    gateway.stand.put_item()
    (tmp_path / "ring.jpg").write_bytes(picture(1))
    accepted = gateway.call("put_image", "RING-1", tmp_path / "ring.jpg")
    assert gateway.call("image", accepted.image_id).sha256 == hashlib.sha256(picture(1)).hexdigest()


@BOTH
def test_many_pictures_go_by_way_of_the_object_store(gateway: Served, tmp_path: Path) -> None:
    gateway.stand.put_item()
    (tmp_path / "ring.jpg").write_bytes(picture(1))
    pictures = [("RING-1", tmp_path / "ring.jpg"), ("RING-1", picture(2)), ("RING-1", b"a text"), ("NONE", picture(3))]
    one, two, text, lost = gateway.call("upload_images", pictures)
    assert gateway.call("image_content", one) == picture(1)
    assert gateway.call("image_content", two) == picture(2)
    assert isinstance(text, Refused)
    assert isinstance(lost, NotFound)
    place = gateway.call("make_uploads", 1)[0]
    with pytest.raises(Unauthorized):
        gateway.call("upload", place.model_copy(update={"url": place.url[:-3] + "000"}), picture(4))


def test_the_object_store_does_not_see_the_key(gateway: Served) -> None:
    place = gateway.call("make_uploads", 1)[0]
    with scripted(Said(503, "<Error/>"), Said(200)) as store:
        elsewhere = place.model_copy(
            update={"url": f"{store.address}/incoming/a?signature=s%2Bs", "headers": {"x-a": "1"}}
        )
        gateway.call("upload", elsewhere, b"picture")
    assert [(asked.method, asked.path, asked.body) for asked in store.asked] == [
        ("PUT", "/incoming/a?signature=s%2Bs", b"picture")
    ] * 2
    assert all("authorization" not in asked.headers and asked.headers["x-a"] == "1" for asked in store.asked)


@BOTH
def test_a_catalogue_is_imported_and_each_row_told(gateway: Served, tmp_path: Path) -> None:
    call = gateway.call
    (tmp_path / "shop.csv").write_bytes(CATALOGUE)
    tried = call("wait_for_import", call("start_import", io.BytesIO(CATALOGUE), dry_run=True).import_id)
    assert (tried.state, tried.dry_run, tried.imported, call("items")) == ("done", True, 2, [])
    started = call("start_import", tmp_path / "shop.csv", format="csv")
    done = call("wait_for_import", started.import_id)
    assert (done.rows, done.imported, done.rejected) == (3, 2, 1)
    assert call("import_status", started.import_id) == done
    assert [row.sku for row in call("import_rows", started.import_id, page=1)] == ["RING-1", "RING-2", "RING-3"]
    (row,) = call("import_rows", started.import_id, outcome="rejected")
    assert (row.sku, row.path) == ("RING-3", "price")
    assert call("import_rows", started.import_id, troubled=True) == [row]
    assert b"RING-3" in call("import_errors", started.import_id)
    assert {one.import_id for one in call("imports", page=1)} == {tried.import_id, done.import_id}
    call("stop_import", started.import_id)


def test_a_file_that_can_be_read_once_only_is_refused_before_it_is_sent(gateway: Served) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(ValueError, match="once only"):
        gateway.call("start_import", Pipe(CATALOGUE))


def test_an_import_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand, served(stand.service.http) as address:
        call = Caller("blocking", address, KEY)
        with pytest.raises(NoAnswer, match="still waiting"):
            call("wait_for_import", call("start_import", CATALOGUE).import_id, seconds=0)


def test_a_webhook_is_made_tried_changed_and_removed(gateway: Served, receiver: Receiver) -> None:
    admin = gateway.admin
    made = admin("add_webhook", f"{receiver.url}/hook", ["loupe.image.indexed"], description="stock")
    assert made.secret not in repr(made)
    assert [one.webhook_id for one in admin("webhooks")] == [made.webhook_id]

    tested = admin("test_webhook", made.webhook_id)
    until(lambda: admin("delivery", made.webhook_id, tested.delivery_id).state == "delivered", "the test arrives")
    assert receiver.got[0].verified(made.secret)["type"] == "loupe.webhook.test"
    assert [one.delivery_id for one in admin("deliveries", made.webhook_id, state="delivered")] == [tested.delivery_id]

    fresh = admin("new_webhook_secret", made.webhook_id)
    admin("redeliver", made.webhook_id, tested.delivery_id)
    until(lambda: len(receiver.got) == 2, "it is sent again")
    receiver.got[1].verified(fresh.secret)

    changed = admin("change_webhook", made.webhook_id, WebhookPatch(enabled=False))
    assert (changed.enabled, changed.description) == (False, "stock")
    assert admin("webhook", made.webhook_id).enabled is False
    admin("remove_webhook", made.webhook_id)
    with pytest.raises(NotFound):
        admin("webhook", made.webhook_id)


def test_a_shopper_is_erased_as_a_user_and_as_a_visit(gateway: Served) -> None:
    assert gateway.admin("erase_user", "anna") is None
    assert gateway.admin("erase_session", "visit-1") is None


@BOTH
def test_what_was_done_and_whose_answer_was_lost_is_told_and_not_done_again(gateway: Served) -> None:
    with losing(gateway.call.address) as address:
        call = gateway.call.at(address)
        done = call("put_items", [ItemPut(sku="RING-1", title="A ring")])
        assert (done.created, done.unchanged) == (1, 0), "the first answer, not that of a repeat"
        assert call("patch_item", "RING-1", ItemPatch(price=450), if_match=1).revision == 2
        image_id = call("add_image", "RING-1", picture(1)).image_id
        assert [image.image_id for image in call("images")] == [image_id]
        started = call("start_import", CATALOGUE)
        assert [one.import_id for one in call("imports")] == [started.import_id]
        call("remove_image", image_id)
        assert call("images") == []
