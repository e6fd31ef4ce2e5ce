"""A shopper is erased, or told what is kept of them, wherever it is: with a receipt, and for good."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import delete, select

from services.gateway.people.block_list import BlockList, entries_of
from services.gateway.people.exporting import Exporter
from services.gateway.people.keeping import Keeper, Terms
from services.gateway.people.replaying import Replaying
from services.gateway.people.sweeping import Beside, Sweeper
from services.gateway.people.tables import ErasureRow, ExportRow, Forgotten
from services.gateway.tables import DeadLetter, KeptAnswer
from services.gateway.upstream import Recommender
from shared import database, objectstore
from shared.contracts.messages import ErasureAsked, ShopperErased
from shared.database import Compaction
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, SECRET, Stand, running_gateway
from tests.support.shop_handling import acts, handle, news
from tests.support.shops import Shop
from tests.support.upstreams import running_upstreams
from tests.support.waiting import until

MAIL = "anna@example.com"
OTHER = {"Authorization": f"Bearer {OTHER_KEY}"}


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        stand.put_item("R")
        yield stand


@pytest.fixture
def admin(gateway: Stand) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.parts.api_keys.add('shop', 'admin', ['admin']).key}"}


def sweep(stand: Stand, shop: Shop | None = None) -> None:
    """What the loop does, until there is nothing to do."""
    bus = shop.bus() if shop else None
    while Sweeper(
        stand.catalogue, stand.parts.erasures, Beside(stand.parts.exports, stand.parts.photos, bus)
    ).sweep_one():
        pass


def answered(stand: Stand, **found: int) -> None:
    """The recommender has erased everybody whom it was asked to."""
    for one in stand.waiting():
        if isinstance(one, ErasureAsked):
            stand.handle(ShopperErased(tenant=one.tenant, correlation_id="c", erasure_id=one.erasure_id, found=found))


def tell(stand: Stand, at: datetime, **who: str) -> int:
    event = {"id": f"e-{time.monotonic_ns()}", "type": "viewed", "sku": "R", "at": at.isoformat()} | who
    return stand.client.post("/v1/events", json={"events": [event]}).status_code


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by a name that few libraries know yet
def test_an_erasure_ends_with_a_receipt_that_anybody_can_check_and_with_no_name_left(
    gateway: Stand, admin: dict[str, str]
) -> None:
    tell(gateway, datetime.now(UTC), user_id="anna")
    asked = gateway.client.post("/v1/users/anna:erase", headers=admin, json={"also": [MAIL]})
    assert (asked.status_code, asked.json()["state"]) == (202, "running")
    address = asked.headers["location"]
    sweep(gateway)
    assert gateway.client.get(address, headers=admin).json()["state"] == "running", "the history has not answered"
    answered(gateway, **{"history: events": 3})
    sweep(gateway)
    done = gateway.client.get(address, headers=admin).json()
    assert done["state"] == "done"
    assert done["found"] == {"history: events": 3, "outbox": 1}
    keys = gateway.client.get("/.well-known/jwks.json", headers={"Authorization": ""}).json()
    claims = json.loads(
        jws.deserialize_compact(done["receipt"], KeySet.import_key_set(keys), algorithms=["EdDSA"]).payload
    )
    assert (claims["jti"], claims["found"], claims["tenant"]) == (done["erasure_id"], done["found"], "shop")
    with gateway.catalogue.read() as session:
        (row,) = session.scalars(select(ErasureRow)).all()
    assert (row.user_id, row.also) == (None, None)
    assert "anna" not in done["receipt"] + json.dumps([done, claims]) + json.dumps(news(gateway))
    (told,) = news(gateway)
    assert (told["type"], told["data"]["receipt"]) == ("loupe.user.erased", done["receipt"])
    assert gateway.client.get(address, headers=OTHER).status_code in (403, 404)


def test_by_queue_the_shop_hears_which_of_its_events_it_was(gateway: Stand) -> None:
    handle(gateway, "shop.user.erase", {"session_id": "v-1", "also": [MAIL]}, id="erase-1")
    answered(gateway)
    sweep(gateway)
    (told,) = news(gateway)
    assert (told["data"]["asked_by"], told["data"]["found"]) == ("erase-1", {})


def test_what_happened_before_an_erasure_and_comes_late_is_not_kept_and_what_happens_later_is(
    gateway: Stand, admin: dict[str, str]
) -> None:
    gateway.client.delete("/v1/users/anna", headers=admin)
    gateway.client.post("/v1/sessions/v-1:erase", headers=admin)
    before, after = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(seconds=5)
    assert [tell(gateway, before, user_id="anna"), tell(gateway, before, session_id="v-1")] == [202, 202]
    assert acts(gateway) == []
    tell(gateway, before, user_id="boris", session_id="v-1")
    tell(gateway, after, user_id="anna")
    assert [(act.user_id, act.session_id) for act in acts(gateway)] == [("boris", None), ("anna", None)]


def test_an_answer_kept_for_a_repeat_does_not_tell_the_address_that_named_the_shopper(
    gateway: Stand, admin: dict[str, str]
) -> None:
    for user, key in (("anna", "1"), ("anna-2", "2")):
        path = f"/v1/users/{user}:export"
        gateway.client.post(path, headers=admin | {"Idempotency-Key": key}, json=1)
        body = json.dumps({"instance": path}, separators=(",", ":")).encode()
        with gateway.catalogue.write() as session:
            session.get_one(KeptAnswer, ("shop", key)).body = body
    gateway.client.delete("/v1/users/anna", headers=admin)
    with gateway.catalogue.read() as session:
        assert session.scalars(select(KeptAnswer.key)).all() == ["2"]


@pytest.mark.parametrize("any_shop", ["redis_shop"], indirect=True)  # what is read of RabbitMQ is gone from it
def test_nothing_of_an_erased_shopper_is_left_in_the_lines_of_the_shop(
    shop_gateway: Stand, redis_shop: Shop, admin_of: dict[str, str]
) -> None:
    waits = {"id": "c-1", "type": "clicked", "sku": "NOT-YET", "user_id": "anna", "at": "2026-05-01T12:00:00Z"}
    redis_shop.tell("shop", "shop.user.event", waits)
    redis_shop.tell("shop", "shop.user.event", waits | {"email": MAIL})
    redis_shop.tell("shop", "shop.order.placed", {"order_id": "1", "customer": MAIL})
    redis_shop.tell("shop", "shop.user.event", waits | {"user_id": "boris", "mail": "boris@example.com"})
    redis_shop.tell("shop", "shop.item.upserted", {"sku": "anna", "title": "Anna", "price": -1})
    until(lambda: len(redis_shop.read("shop", "dead")) == 4, "four died")
    until(lambda: redis_shop.waiting("shop") == 1, "one is held for its item")
    bus = redis_shop.bus()
    bus.publish("shop", [b'{"type":"loupe.suggestions.changed","data":{"user_id":"anna"}}', b'{"type":"loupe.x"}'])
    shop_gateway.client.post("/v1/users/anna:erase", json={"also": [MAIL]}, headers=admin_of)
    until(lambda: redis_shop.waiting("shop") == 0, "the held event is void")
    sweep(shop_gateway, redis_shop)
    answered(shop_gateway)
    sweep(shop_gateway, redis_shop)
    left = b"".join(redis_shop.read("shop", "dead") + redis_shop.read("shop", "out"))
    assert MAIL.encode() not in left
    assert b'"anna' not in left.replace(b'\\"sku\\": \\"anna\\"', b"")
    assert len(redis_shop.read("shop", "dead")) == 2, "Boris' letter and the item's are nobody else's business"
    with shop_gateway.catalogue.read() as session:
        found = session.scalars(select(ErasureRow.found)).one()
    assert (found["shop bus: dead"], found["shop bus: out"]) == (2, 1)
    redis_shop.tell("shop", "shop.item.upserted", {"sku": "NOT-YET", "title": "Now"})
    until(lambda: shop_gateway.client.get("/v1/items/NOT-YET").status_code == 200, "its item came")
    assert acts(shop_gateway) == []


@pytest.fixture
def admin_of(shop_gateway: Stand) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop_gateway.parts.api_keys.add('shop', 'admin', ['admin']).key}"}


def exporter(stand: Stand) -> Exporter:
    objects = objectstore.open(f"file://{stand.folder}/objects", "exports")
    url = stand.upstreams.recommender_url
    photos = stand.parts.photos
    return Exporter(stand.catalogue, stand.parts.exports, objects, photos, lambda: Recommender("recommender", url))


def test_an_export_is_one_zip_of_json_lines_and_goes_with_its_shopper(gateway: Stand, admin: dict[str, str]) -> None:
    gateway.upstreams.kept["events"] = [{"id": "old", "sku": "R"}]
    tell(gateway, datetime.now(UTC), user_id="anna")
    tell(gateway, datetime.now(UTC), user_id="boris")
    asked = gateway.client.post("/v1/users/anna:export", headers=admin)
    address = asked.headers["location"]
    assert gateway.client.get(f"{address}/data", headers=admin).status_code == 409
    assert exporter(gateway).export_one()
    shown = gateway.client.get(address, headers=admin).json()
    assert (shown["state"], shown["found"]["events"], shown["found"]["outbox"]) == ("done", 1, 1)
    answer = gateway.client.get(shown["data_url"], headers=admin)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        lines: dict[str, list[Any]] = {
            name: [json.loads(line) for line in archive.read(name).splitlines()] for name in archive.namelist()
        }
    assert lines["about.json"][0]["user_id"] == "anna"
    assert (lines["events.jsonl"], lines["outbox.jsonl"][0]["user_id"]) == ([{"id": "old", "sku": "R"}], "anna")
    assert "boris" not in str(lines)
    assert [told["type"] for told in news(gateway)] == ["loupe.user.exported"]
    gateway.client.delete("/v1/users/anna", headers=admin)
    sweep(gateway)
    assert gateway.client.get(address, headers=admin).json()["state"] == "gone"
    assert gateway.client.get(shown["data_url"], headers=admin).status_code == 404
    assert not [path for path in (gateway.folder / "objects" / "exports").rglob("*") if path.is_file()]


def test_an_export_by_queue_is_gone_after_its_time(gateway: Stand) -> None:
    handle(gateway, "shop.user.export", {"user_id": "anna"}, id="export-1")
    exporter(gateway).export_one()
    (told,) = news(gateway)
    assert told["data"]["asked_by"] == "export-1"
    with gateway.catalogue.write() as session:
        session.get_one(ExportRow, told["data"]["export_id"]).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    gateway.parts.exports.clean()
    assert gateway.parts.exports.get("shop", told["data"]["export_id"]).state == "gone"


def test_a_backup_from_before_an_erasure_is_filtered_when_its_gateway_starts(
    gateway: Stand, admin: dict[str, str], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    block_list = BlockList(SECRET, tmp_path / "forgotten.jsonl")
    replaying = Replaying(
        gateway.catalogue, block_list, lambda: Recommender("recommender", gateway.upstreams.recommender_url)
    )
    gateway.client.delete("/v1/users/anna", headers=admin)
    assert replaying.replay_block_list() == 0, "the file learns of what the table has"
    with gateway.catalogue.write() as session:  # a backup comes back: it never heard of the erasure
        session.execute(delete(Forgotten))
    answered(gateway)
    tell(gateway, now, user_id="anna")
    tell(gateway, now, user_id="boris")
    assert len(acts(gateway)) == 2
    gateway.upstreams.shoppers = ["u:anna", "u:boris", "s:anna"]
    assert replaying.replay_block_list() == 1
    assert [act.user_id for act in acts(gateway)] == ["boris"]
    (again,) = [one for one in gateway.waiting() if isinstance(one, ErasureAsked)]
    assert (again.user_id, again.restored) == ("anna", True)
    with gateway.catalogue.read() as session:
        assert [entry.shopper for entry in entries_of(session)] == [one.shopper for one in block_list.written()]
    assert replaying.replay_block_list() == 0, "once is enough"


def test_each_thing_is_kept_for_as_long_as_its_setting_says(gateway: Stand, admin: dict[str, str]) -> None:
    gateway.client.delete("/v1/users/anna", headers=admin)
    answered(gateway)
    sweep(gateway)
    now = datetime.now(UTC)
    letter: dict[str, Any] = {"tenant": "shop", "queue": "recommender", "reason": "r", "path": None, "payload": {}}
    with gateway.catalogue.write() as session:
        session.add(DeadLetter(id="1", at=now, source="user.events", **letter))
        session.add(DeadLetter(id="2", at=now, source="image.stored", **letter))
    keeper = Keeper(gateway.catalogue, gateway.parts.exports, Terms(*[timedelta(days=1)] * 3))
    keeper.tidy_up(now)
    assert kept(gateway) == (["1", "2"], 1, 1)
    keeper.tidy_up(now + timedelta(days=1, seconds=5))
    assert kept(gateway) == (["2"], 0, 0)


def kept(stand: Stand) -> tuple[list[str], int, int]:
    with stand.catalogue.read() as session:
        letters = list(session.scalars(select(DeadLetter.id).order_by(DeadLetter.id)))
        return letters, len(session.scalars(select(ErasureRow)).all()), len(entries_of(session))


def test_after_compaction_the_file_of_a_database_does_not_hold_what_was_erased(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand:
        stand.put_item("R")
        for number in range(200):
            tell(stand, datetime.now(UTC), user_id="anna-of-the-test" if number % 2 else f"somebody-{number}")
        files = [path for path in tmp_path.glob("gateway.db*") if not path.name.endswith("shm")]
        assert any(b"anna-of-the-test" in path.read_bytes() for path in files)
        handle(stand, "shop.user.erase", {"user_id": "anna-of-the-test"})
        answered(stand)
        sweep(stand)
        stand.catalogue.compact()
        assert not [path.name for path in files if b"anna-of-the-test" in path.read_bytes()]
        assert len(acts(stand)) == 100


def test_compaction_waits_for_an_erasure_and_is_not_done_again_for_the_same() -> None:
    done: list[int] = []
    last: list[datetime | None] = [None]
    compaction = Compaction(lambda: done.append(1), lambda: last[0])
    now = datetime.now(UTC)
    assert not compaction.look(now)
    last[0] = now
    assert compaction.look(now + timedelta(hours=2))
    assert not compaction.look(now + timedelta(hours=15)), "nobody was erased since"
    last[0] = now + timedelta(hours=3)
    assert not compaction.look(now + timedelta(hours=4)), "twice a day is enough"
    assert compaction.look(now + timedelta(hours=15))


def test_an_error_that_holds_a_row_is_logged_without_it(tmp_path: Path) -> None:
    opened = database.open(f"sqlite:///{tmp_path}/a.db")
    with opened.engine.connect() as connection, pytest.raises(Exception, match="no such table") as caught:
        connection.exec_driver_sql("SELECT * FROM missing WHERE user_id = ?", ("anna",))
    assert "anna" not in str(caught.value)
    opened.close()
