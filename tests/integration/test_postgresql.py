"""What several processes over one PostgreSQL rely on: its locks, and words for what it does to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, MetaData, String, Table, func, insert, select, text
from sqlalchemy.orm import Session

from deploy.processes import servers
from loupe.backup.places import DATABASES, Place
from loupe.backup.putting import put_back
from loupe.backup.taking import take
from services.gateway import tables as gateway_tables
from services.gateway.catalogue import Catalogue
from services.gateway.image_rows import find_places
from services.gateway.pictures import Picture
from services.gateway.tenants import add_tenant, list_tenants
from services.indexer import main as indexer
from services.indexer.state import locked_item, save_item
from shared import database, objectstore
from shared.contracts.api import ItemIn
from shared.contracts.messages import ImageRemoved, Message
from shared.contracts.routes import Service
from shared.database import Database, Outbox, Relay
from shared.errors import Conflict, Retryable
from tests.support.broker import free_port
from tests.support.databases import new_schema
from tests.support.servers import PASSWORD, RunningServer
from tests.support.waiting import until

METADATA = MetaData()
OUTBOX = Outbox(METADATA)
ROUNDS = 20
NAMES = Table("names", METADATA, Column("name", String(10), primary_key=True))


@pytest.fixture
def db(postgresql_url: str) -> Iterator[Database]:
    opened = database.open(postgresql_url)
    METADATA.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def gateway_db(postgresql_url: str) -> Iterator[Database]:
    opened = database.open(postgresql_url)
    opened.migrate(gateway_tables.MIGRATIONS)
    yield opened
    opened.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(servers.postgresql(tmp_path, free_port(), PASSWORD, ["tests"]))
    yield running
    running.stop()


class SlowWire:
    """Holds what the first relay publishes until the second has had its turn."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.first_in, self.second_done = threading.Event(), threading.Event()

    def publish_many(self, messages: Sequence[Message]) -> None:
        self.sent.extend(messages)
        if not self.first_in.is_set():
            self.first_in.set()
            assert self.second_done.wait(10)

    def idle(self, queues: Iterable[Service]) -> bool:
        return bool(queues)


def test_relays_of_several_gateways_send_each_row_once(db: Database) -> None:
    with db.write() as session:
        for number in range(100):
            message = ImageRemoved(tenant="acme", correlation_id="c", sku=f"{number}", image_id="0" * 36)
            OUTBOX.add(session, f"image.removed:{number}", message)
    wire = SlowWire()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(Relay(db, OUTBOX, wire).send_new)
        assert wire.first_in.wait(10)
        second = Relay(db, OUTBOX, wire).send_new()
        wire.second_done.set()
        assert first.result() + second == 100
    assert sorted(int(m.sku) for m in wire.sent if isinstance(m, ImageRemoved)) == list(range(100))


def test_indexers_that_meet_a_new_item_at_once_each_get_its_lock_in_turn(db: Database) -> None:
    db.migrate(Path(indexer.__file__).parent / "migrations")

    def add_one(sku: str) -> None:
        with db.write() as session:
            rows = session.connection()
            item = locked_item(rows, "acme", sku)
            item.revision += 1
            save_item(rows, item)

    _at_once(4, add_one)
    with db.write() as session:
        revisions = [locked_item(session.connection(), "acme", f"S-{n}").revision for n in range(ROUNDS)]
    assert revisions == [4] * ROUNDS


def test_gateways_that_put_a_new_item_at_once_number_its_changes_without_a_gap(gateway_db: Database) -> None:
    catalogue = Catalogue(gateway_db, lambda: None)

    def put(sku: str) -> None:
        catalogue.put_item("acme", sku, ItemIn(title=f"from {threading.get_ident()}"))

    _at_once(4, put)
    with gateway_db.read() as session:
        revisions = session.execute(select(gateway_tables.Item.revision)).scalars().all()
    assert revisions == [4] * ROUNDS


def test_an_item_is_not_removed_while_a_picture_of_it_is_being_added(gateway_db: Database) -> None:
    catalogue = Catalogue(gateway_db, lambda: None)
    catalogue.put_item("acme", "S-1", ItemIn(title="A ring"))
    picture = Picture("0" * 64, 1, "image/png", 1, 1)
    with ThreadPoolExecutor(1) as pool:
        with gateway_db.write() as session:
            assert find_places(session, "acme", [("S-1", picture.sha256)], lock=True)
            removal = pool.submit(catalogue.remove_item, "acme", "S-1")
            until(lambda: _waiting_for_a_lock(gateway_db), "the removal waits")
            assert not removal.done()
        removal.result()
    assert catalogue.add_images("acme", [("S-1", picture)]) == [None]


def test_writers_that_wait_for_each_other_are_told_to_try_again_and_one_gets_through(db: Database) -> None:
    with db.write() as session:
        session.execute(insert(NAMES), [{"name": "a"}, {"name": "b"}])
    both_hold_one = threading.Barrier(2)

    def lock(first: str, second: str) -> str:
        try:
            with db.together():
                with db.write() as session:
                    _lock(session, first)
                both_hold_one.wait(10)
                with db.write() as session:
                    _lock(session, second)
        except Retryable as error:
            return error.detail
        return "through"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(lock, "ab", "ba"))
    assert outcomes[0].startswith("Two writers met in the database postgresql+psycopg://loupe:***@127.0.0.1")
    assert outcomes[1] == "through"


def test_a_read_sees_one_state_whatever_is_committed_meanwhile(db: Database) -> None:
    count = select(func.count()).select_from(NAMES)
    with db.read() as session:
        assert session.execute(count).scalar_one() == 0
        with db.write() as writer:
            writer.execute(insert(NAMES), {"name": "a"})
        assert session.execute(count).scalar_one() == 0


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
def test_a_server_killed_in_the_middle_of_a_write_undoes_it_and_is_used_again_when_it_is_back(
    own_server: RunningServer, together: bool
) -> None:
    db = database.open(new_schema(own_server.url))
    METADATA.create_all(db.engine)

    def write(name: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        with db.write() as session:
            session.execute(insert(NAMES), {"name": name})
            meanwhile()
            session.execute(select(NAMES))

    def in_one_unit() -> None:
        with db.together():
            write("first")
            with pytest.raises(Retryable):
                write("second", own_server.kill)
            with pytest.raises(Retryable):
                write("third")

    with pytest.raises(Retryable):
        in_one_unit() if together else write("only", own_server.kill)
    with pytest.raises(Retryable, match="did not answer") as away:
        write("away")
    assert PASSWORD not in away.value.detail
    own_server.start()
    write("after")
    with db.read() as session:
        assert session.execute(select(NAMES.c.name)).scalars().all() == ["after"]
    db.close()


def _at_once(workers: int, work: Callable[[str], None]) -> None:
    """All workers do the same work on the same SKU at the same moment, for one SKU after the other."""
    ready = threading.Barrier(workers)

    def run(_worker: int) -> None:
        for number in range(ROUNDS):
            ready.wait(10)
            work(f"S-{number}")

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, range(workers)))


def _lock(session: Session, name: str) -> None:
    session.execute(select(NAMES).where(NAMES.c.name == name).with_for_update()).one()


def _waiting_for_a_lock(db: Database) -> bool:
    with db.read() as session:
        return bool(session.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_a_deployment_on_postgresql_is_backed_up_and_restored(
    running_postgresql: RunningServer, tmp_path: Path
) -> None:
    root = running_postgresql.url.replace("+psycopg", "")
    with psycopg.connect(f"{root}/postgres", autocommit=True) as server:
        for name in (f"{kind}_{service}" for kind in ("old", "new") for service in DATABASES):
            server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type,unused-ignore]  # made here

    def deployment(kind: str) -> Place:
        urls = {service: f"{running_postgresql.url}/{kind}_{service}" for service in DATABASES}
        return Place(urls, f"file://{tmp_path}/{kind}", None)

    old, new = deployment("old"), deployment("new")
    for service in ("gateway", "indexer"):
        opened = database.open(old.databases[service])
        opened.migrate(gateway_tables.MIGRATIONS if service == "gateway" else indexer._MIGRATIONS)
        if service == "gateway":
            add_tenant(opened, "a secret of tests", "acme")
        opened.close()
    objectstore.open(old.objects, "pictures").put("acme", "a" * 64, b"bytes")
    take(old, tmp_path / "backup")
    put_back(tmp_path / "backup", new)
    opened = database.open(new.databases["gateway"])
    assert [shop.tenant for shop in list_tenants(opened)] == ["acme"]
    opened.close()
    assert objectstore.open(new.objects, "pictures").get("acme", "a" * 64) == b"bytes"
    with pytest.raises(Conflict):
        put_back(tmp_path / "backup", new)
