"""What was shown, from the answers of the gateway to the recommender's database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from services.recommender.click_through import ClickThrough
from services.recommender.experiments import Experiments
from services.recommender.impressions import Impressions, handle_impressions_shown
from services.recommender.tables import Impression
from shared import database
from shared.contracts.impressions import ImpressionsRecorded, ImpressionsShown, ShownList
from shared.contracts.internal import HitList
from shared.contracts.messages import UserEvents
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.indexing import Recorder
from tests.support.recommending import MIGRATIONS
from tests.support.upstreams import Upstreams, hit, running_upstreams
from tests.support.waiting import until

SEARCH = "0" * 32


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with running_upstreams() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase, upstreams: Upstreams) -> Iterator[Stand]:
    with running_gateway(tmp_path, upstreams, database_url=new_database()) as stand:
        hits = []
        for number in (1, 2):
            stand.put_item(f"P-{number}")
            hits.append(hit(f"P-{number}", stand.upload(f"P-{number}", picture(number))))
        upstreams.hits = HitList(hits=hits, ranking="cosine-1")
        yield stand


def search(gateway: Stand, **query: Any) -> Any:
    return gateway.client.post("/v1/search", json={"words": "twisted hoop", **query}).json()


def told(gateway: Stand) -> list[ImpressionsShown]:
    return [message for message in gateway.waiting() if isinstance(message, ImpressionsShown)]


def test_pages_are_told_with_their_places_ranking_and_shopper(gateway: Stand) -> None:
    gateway.upstreams.hits.next = "pinned.2"
    first = search(gateway, limit=2, user_id="anna")
    second = search(gateway, limit=2, user_id="anna", cursor=first["next_cursor"])
    assert told(gateway) == [], "no search waits for it"
    gateway.parts.impressions.flush()
    (message,) = told(gateway)
    assert {one.search_id for one in message.lists} == {first["search_id"], second["search_id"]}
    assert [one.first for one in message.lists] == [0, 2]
    for one in message.lists:
        assert (one.place, one.piece, one.ranking, one.user_id) == ("results", 0, "cosine-1", "anna")
        assert one.skus == ["P-1", "P-2"]
    gateway.parts.impressions.flush()
    assert told(gateway) == [message], "once"
    gateway.handle(ImpressionsRecorded(tenant="shop", correlation_id="c", batch_id=message.batch_id))
    assert told(gateway) == []


def test_every_list_that_is_shown_is_told_by_its_kind(gateway: Stand) -> None:
    gateway.upstreams.hits.no_match = True
    search(gateway)
    gateway.upstreams.hits = HitList(hits=[gateway.upstreams.hits.hits[1]])
    gateway.client.get("/v1/items/P-1/similar")
    gateway.client.get("/v1/items/P-1/completes")
    suggested = gateway.client.get("/v1/users/anna/suggestions").json()
    gateway.upstreams.hits = HitList(hits=[])
    search(gateway)
    gateway.parts.impressions.flush()
    (message,) = told(gateway)
    assert [one.place for one in message.lists] == ["suggestions", "similar", "completes", "for-you"]
    assert (message.lists[3].search_id, message.lists[3].user_id) == (suggested["search_id"], "anna")


def test_what_was_shown_is_written_within_seconds_and_at_the_end(gateway: Stand) -> None:
    stop = threading.Event()
    writing = threading.Thread(target=gateway.parts.impressions.run, args=(stop,))
    writing.start()
    search(gateway)
    until(lambda: len(told(gateway)) == 1, "it is in the outbox")
    search(gateway)
    stop.set()
    writing.join()
    assert len(told(gateway)) == 2


def test_lists_beyond_the_bound_are_dropped_and_counted(gateway: Stand) -> None:
    def lost() -> float:
        return REGISTRY.get_sample_value("loupe_impressions_lost_total") or 0.0

    before = lost()
    one = ShownList(search_id=SEARCH, place="results", ranking="", skus=["P-1"])
    for _ in range(10_003):
        gateway.parts.impressions.note("shop", one)
    assert lost() - before == 3
    gateway.parts.impressions.flush()
    assert [len(message.lists) for message in told(gateway)] == [500] * 20


def test_the_place_of_a_click_is_counted_and_told(gateway: Stand) -> None:
    def clicks() -> float:
        return REGISTRY.get_sample_value("loupe_click_position_count") or 0.0

    before = clicks()
    of = {"user_id": "anna", "sku": "P-1", "at": "2026-05-01T12:00:00Z", "search_id": SEARCH, "position": 3}
    events = [{"id": "e-1", "type": "clicked", **of}, {"id": "e-2", "type": "viewed", **of}]
    assert gateway.client.post("/v1/events", json={"events": events}).status_code == 202
    assert clicks() - before == 1
    (message,) = [one for one in gateway.waiting() if isinstance(one, UserEvents)]
    assert (message.events[0].search_id, message.events[0].position) == (SEARCH, 3)


@pytest.fixture
def history(new_database: NewDatabase) -> Iterator[database.Database]:
    opened = database.open(new_database())
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


def shown_list(first: int, at: datetime, search_id: str = SEARCH) -> ShownList:
    return ShownList(search_id=search_id, place="results", first=first, ranking="r", at=at, skus=["A", "B"])


def kept(history: database.Database) -> list[tuple[str, str, int, list[str]]]:
    with history.read() as session:
        rows = session.execute(select(Impression).order_by(Impression.tenant, Impression.first)).scalars()
        return [(row.tenant, row.search_id, row.first, row.skus) for row in rows]


def test_a_repeated_message_is_kept_once_and_answered_each_time(history: database.Database) -> None:
    recorder = Recorder()
    now = datetime.now(UTC)
    for tenant in ("shop", "shop", "other"):
        handle_impressions_shown(
            ImpressionsShown(
                tenant=tenant, correlation_id="c", batch_id="b", lists=[shown_list(0, now), shown_list(2, now)]
            ),
            impressions=Impressions(history),
            clicks=ClickThrough(history, Experiments(history)),
            publisher=recorder,
        )
    assert kept(history) == [
        ("other", SEARCH, 0, ["A", "B"]),
        ("other", SEARCH, 2, ["A", "B"]),
        ("shop", SEARCH, 0, ["A", "B"]),
        ("shop", SEARCH, 2, ["A", "B"]),
    ]
    assert [type(message) for message in recorder.published] == [ImpressionsRecorded] * 3


def test_what_is_older_than_30_days_is_forgotten(history: database.Database) -> None:
    impressions = Impressions(history)
    now = datetime.now(UTC)
    impressions.record("shop", [shown_list(0, now - timedelta(days=31)), shown_list(2, now - timedelta(days=29))])
    stop = threading.Event()
    cleaning = threading.Thread(target=impressions.clean, args=(stop,))
    cleaning.start()
    until(lambda: [first for _, _, first, _ in kept(history)] == [2], "the old one is gone")
    stop.set()
    cleaning.join()
