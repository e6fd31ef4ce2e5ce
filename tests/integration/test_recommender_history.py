"""Whose an event is: users, visits of who is not logged in, and what a login makes of them."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.recommender.history import Act, History, Who
from services.recommender.impressions import Impressions
from services.recommender.popularity import Popularity
from shared import database
from shared.database import Database
from tests.support.databases import NewDatabase
from tests.support.recommending import MIGRATIONS, SETTINGS
from tests.support.remembering import NOW, did, event, search, shown


@pytest.fixture(scope="module")
def kept(new_database: NewDatabase) -> Iterator[Database]:
    opened = database.open(new_database())
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


@pytest.fixture
def history(kept: Database) -> History:
    return History(kept)


@pytest.fixture
def shop() -> str:
    return f"t-{uuid.uuid4().hex}"


def test_what_was_done_in_a_visit_before_and_after_a_login_is_then_the_users(history: History, shop: str) -> None:
    history.record(shop, [event("BEFORE", session_id="v-1", minutes_ago=9), event("ELSEWHERE", session_id="v-2")])
    assert did(history, shop, session_id="v-1") == ["BEFORE"]
    assert did(history, shop, "ann") == []
    history.record(shop, [event("LOGIN", session_id="v-1", user_id="ann", minutes_ago=5)])
    history.record(shop, [event("AFTER", session_id="v-1", minutes_ago=1)])
    history.record(shop, [event("LATE", session_id="v-1", minutes_ago=7)])
    assert did(history, shop, "ann") == ["AFTER", "LOGIN", "LATE", "BEFORE"]
    assert did(history, shop, session_id="v-1") == did(history, shop, "ann"), "the visit is the user's"
    assert did(history, shop, session_id="v-2") == ["ELSEWHERE"]


def test_a_second_person_on_the_device_has_what_they_did_and_inherits_nothing(history: History, shop: str) -> None:
    history.record(shop, [event("ANONYMOUS", session_id="v", minutes_ago=9)])
    history.record(shop, [event("ANNS", session_id="v", user_id="ann", minutes_ago=8)])
    history.record(shop, [event("BOBS", session_id="v", user_id="bob", minutes_ago=7)])
    history.record(shop, [event("AGAIN", session_id="v", minutes_ago=6)])
    assert did(history, shop, "bob") == ["BOBS"]
    assert did(history, shop, "ann") == ["AGAIN", "ANNS", "ANONYMOUS"]


def test_of_two_logins_in_one_batch_the_earlier_one_has_the_visit(history: History, shop: str) -> None:
    visit: dict[str, Any] = {"session_id": "v"}
    history.record(
        shop,
        [
            event("BOBS", user_id="bob", minutes_ago=1, **visit),
            event("ANNS", user_id="ann", minutes_ago=2, **visit),
            event("ANONYMOUS", **visit),
        ],
    )
    assert (did(history, shop, "ann"), did(history, shop, "bob")) == (["ANONYMOUS", "ANNS"], ["BOBS"])


def test_a_visit_and_a_user_of_the_same_name_are_two_and_so_are_those_of_two_shops(history: History, shop: str) -> None:
    history.record(shop, [event("VISIT", session_id="ann"), event("USER", user_id="ann")])
    history.record(f"{shop}-2", [event("OTHER", session_id="ann", user_id="bob")])
    assert did(history, shop, session_id="ann") == ["VISIT"]
    assert did(history, shop, "ann") == ["USER"]
    assert did(history, f"{shop}-2", session_id="ann") == ["OTHER"]


def test_what_a_visit_bought_is_never_suggested_to_its_user(history: History, shop: str) -> None:
    history.record(shop, [event("BOUGHT", session_id="v", type="purchased", minutes_ago=5)])
    history.record(shop, [event("SEEN", session_id="v", user_id="ann", type="viewed")])
    assert history.shopper(shop, Who("ann")).never == {"BOUGHT"}


_SAID = st.lists(
    st.tuples(
        st.sampled_from([None, "ann", "bob"]),
        st.sampled_from([None, "v-1", "v-2"]),
        st.integers(0, 3),
    ).filter(lambda said: said[0] or said[1]),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_SAID, order=st.randoms(use_true_random=False), size=st.integers(1, 5))
def test_in_whatever_order_and_however_often_events_come_each_counts_once_for_the_right_shopper(
    history: History, said: list[tuple[str | None, str | None, int]], order: object, size: int
) -> None:
    tenant = f"t-{uuid.uuid4().hex}"
    events = [
        event(f"S-{number}", id=f"e-{number}", user_id=user, session_id=visit, minutes_ago=minutes)
        for number, (user, visit, minutes) in enumerate(said)
    ]
    sent = events + events
    order.shuffle(sent)  # type: ignore[attr-defined]
    owners: dict[str, str] = {}
    known: set[str] = set()
    recorded = 0
    for start in range(0, len(sent), size):
        batch = sent[start : start + size]
        recorded += history.record(tenant, batch)
        for one in sorted(batch, key=lambda one: one.at):
            if one.id not in known and one.user_id and one.session_id:
                owners.setdefault(one.session_id, one.user_id)
        known |= {one.id for one in batch}
    assert recorded == len(events)
    assert history.changed(tenant) == len(events)
    for shopper in ("ann", "bob"):
        theirs = {one.sku for one in events if (one.user_id or owners.get(one.session_id or "")) == shopper}
        found = did(history, tenant, shopper)
        assert (len(found), set(found)) == (len(theirs), theirs)
    for visit in {"v-1", "v-2"} - owners.keys():
        theirs = {one.sku for one in events if one.session_id == visit}
        assert set(did(history, tenant, session_id=visit)) == theirs


def test_workers_that_record_logins_and_acts_of_the_same_visits_at_once_lose_and_double_none(
    history: History, shop: str
) -> None:
    visits = [f"v-{number}" for number in range(10)]
    acts = {visit: [event(f"{visit}-{n}", session_id=visit) for n in range(6)] for visit in visits}
    logins = [event("LOGIN", session_id=visit, user_id=f"of-{visit}") for visit in visits]
    ready = threading.Barrier(4)

    def work(worker: int) -> int:
        told = [
            [*(acts[visit][number] for visit in visits), *(logins if number == worker else [])]
            for number in (worker, worker + 1, worker + 2)
        ]
        ready.wait(10)
        return sum(history.record(shop, batch) for batch in told)

    with ThreadPoolExecutor(4) as pool:
        recorded = sum(pool.map(work, range(4)))
    assert recorded == history.changed(shop) == 70
    for visit in visits:
        expected = Counter([*(one.sku for one in acts[visit]), "LOGIN"])
        assert Counter(did(history, shop, f"of-{visit}")) == expected


@pytest.mark.parametrize("login_first", [True, False])
def test_a_login_and_an_act_of_its_visit_that_are_recorded_at_one_moment_meet(
    kept: Database, history: History, shop: str, login_first: bool
) -> None:
    history.record(shop, [event(user_id="bob")])
    login, act = event("LOGIN", user_id="ann", session_id="v", minutes_ago=1), event("ACT", session_id="v")
    first, second = (login, act) if login_first else (act, login)
    with ThreadPoolExecutor(1) as pool:
        with kept.together():
            history.record(shop, [first])
            other = pool.submit(history.record, shop, [second])
            with pytest.raises(TimeoutError):
                other.result(0.3)
        assert other.result(20) == 1
    assert did(history, shop, "ann") == ["ACT", "LOGIN"]


def test_a_search_stands_for_the_first_items_that_it_found_and_counts_once_however_it_is_told(
    kept: Database, history: History, shop: str
) -> None:
    impressions = Impressions(kept)
    history.record(shop, [search(1, user_id="ann", minutes_ago=3)])
    assert did(history, shop, "ann") == [], "its list is not here yet"
    found = [f"R-{number}" for number in range(8)]
    impressions.record(shop, [shown(1, *found, user_id="ann", minutes_ago=3), shown(1, "NEXT", first=8)])
    history.record(shop, [event("R-4", user_id="ann", minutes_ago=1)])
    history.record(shop, [search(1, user_id="ann", minutes_ago=3)])
    at = NOW - timedelta(minutes=3)
    assert history.shopper(shop, Who("ann")).recent == [
        Act("R-4", "clicked", NOW - timedelta(minutes=1)),
        *(Act(f"R-{place}", "searched", at, place) for place in range(5)),
    ]


def test_searches_with_a_user_or_a_visit_count_without_an_event_and_a_login_takes_them_along(
    kept: Database, history: History, shop: str
) -> None:
    impressions = Impressions(kept)
    lists = [
        shown(1, "OF-USER", user_id="ann", place="suggestions", minutes_ago=5),
        shown(2, "OF-VISIT", session_id="v", minutes_ago=6),
        shown(3, "OF-NOBODY"),
        shown(4, "PROPOSED", user_id="ann", place="for-you"),
        shown(5, "SECOND-PAGE", user_id="ann", first=20),
    ]
    for _ in range(2):
        impressions.record(shop, lists)
    assert did(history, shop, session_id="v") == ["OF-VISIT"]
    history.record(shop, [event("LOGIN", user_id="ann", session_id="v", minutes_ago=9)])
    assert did(history, shop, "ann") == ["OF-USER", "OF-VISIT", "LOGIN"]
    assert history.changed(shop) == 1, "no search is an event on an item"


def test_of_several_pieces_in_a_photo_a_search_stands_for_the_best_of_each(
    kept: Database, history: History, shop: str
) -> None:
    lists = [shown(1, *(f"{piece}-{n}" for n in range(5)), piece=piece, user_id="ann") for piece in (0, 1)]
    Impressions(kept).record(shop, lists)
    assert did(history, shop, "ann") == ["0-0", "1-0", "0-1", "1-1", "0-2"]


def test_popular_counts_visits_as_shoppers_and_a_user_with_their_visits_once_and_no_search(
    kept: Database, history: History, shop: str
) -> None:
    Impressions(kept).record(shop, [shown(1, "SEARCHED", user_id="ann")])
    history.record(shop, [event(session_id="v-1"), event(session_id="v-2"), event(user_id="ann")])
    assert [(one.sku, one.shoppers) for one in Popularity(kept, SETTINGS.weights).most(shop)] == [("RING-1", 3)]
    history.record(shop, [event("OTHER", session_id="v-1", user_id="ann", type="dismissed")])
    assert [(one.sku, one.shoppers) for one in Popularity(kept, SETTINGS.weights).most(shop)] == [("RING-1", 2)]


def test_baskets_are_each_shoppers_acts_in_order_with_the_last_of_one_who_did_very_much(
    history: History, shop: str
) -> None:
    crowd = [event(f"S-{n % 3}", user_id=f"u-{n // 3:04}", minutes_ago=9 - n % 3) for n in range(4_500)]
    robot = [event(f"S-{n}", user_id="u-0700-robot", minutes_ago=20_000 - n) for n in range(10_100)]
    history.record(shop, [*crowd, *robot, event("OLD", user_id="u-0001", minutes_ago=50_000), search(9, user_id="a")])
    baskets = dict(history.baskets(shop, NOW - timedelta(minutes=30_000)))
    assert len(baskets) == 1_501
    assert [act.sku for act in baskets.pop("u:u-0700-robot")] == [f"S-{n}" for n in range(100, 10_100)]
    assert all([act.sku for act in acts] == ["S-0", "S-1", "S-2"] for acts in baskets.values())
    assert history.changed(shop) == 14_601
    assert shop in history.tenants()


def test_events_from_before_visits_were_known_are_kept_with_their_users_and_times(new_database: NewDatabase) -> None:
    opened = database.open(new_database())
    opened.migrate(MIGRATIONS)
    opened.revert(MIGRATIONS, "0003")
    old = "INSERT INTO events VALUES ('shop', :id, 'ann', :sku, 'purchased', :at, :recorded)"
    with opened.write() as session:
        for number, (at, recorded) in enumerate([("10:00:00.123000", "10:00:01"), ("23:00:00", "11:00:00")]):
            moments = {"at": f"2026-05-01 {at}", "recorded": f"2026-05-01 {recorded}"}
            session.execute(text(old), {"id": f"e-{number}", "sku": f"S-{number}"} | moments)
    opened.migrate(MIGRATIONS)
    history = History(opened)
    told = [(act.sku, act.type, act.at.isoformat()) for act in history.shopper("shop", Who("ann")).recent]
    assert told == [
        ("S-1", "purchased", "2026-05-01T11:00:00+00:00"),
        ("S-0", "purchased", "2026-05-01T10:00:00.123000+00:00"),
    ]
    assert (history.changed("shop"), history.tenants()) == (2, ["shop"])
    assert history.record("shop", [event(id="e-0", user_id="bob")]) == 0
    opened.revert(MIGRATIONS, "0003")
    with opened.read() as session:
        rows = session.execute(text("SELECT user_id, sku FROM events ORDER BY sku")).all()
    assert [tuple(row) for row in rows] == [("ann", "S-0"), ("ann", "S-1")]
    opened.close()
