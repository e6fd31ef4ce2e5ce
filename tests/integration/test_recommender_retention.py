"""What is kept of shoppers, for how long, and what is read of it to learn from."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, update

from services.recommender.history import History, Who
from services.recommender.impressions import Impressions
from services.recommender.popularity import Popularity
from services.recommender.recording import number_of
from services.recommender.retention import Retention
from services.recommender.tables import Event, Visit
from shared import database
from shared.database import Database
from tests.support.databases import NewDatabase
from tests.support.recommending import MIGRATIONS, SETTINGS
from tests.support.remembering import NOW, did, event, shown
from tests.support.waiting import until

KEPT = timedelta(days=30)


@pytest.fixture
def kept(new_database: NewDatabase) -> Iterator[Database]:
    opened = database.open(new_database())
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


def came_in(kept: Database, ago: timedelta) -> None:
    """As if all that is there had come in so long ago."""
    then = number_of(datetime.now(UTC) - ago)
    with kept.write() as session:
        session.execute(update(Event).values(recorded_at=then))
        session.execute(update(Visit).values(seen_at=then))


def forgotten(kind: str) -> float:
    return REGISTRY.get_sample_value("loupe_recommender_forgotten_total", {"kind": kind}) or 0.0


def test_events_are_forgotten_in_steps_when_they_were_kept_long_enough_whenever_they_happened(kept: Database) -> None:
    history = History(kept)
    history.record("shop", [event(f"S-{n}", user_id="ann") for n in range(2_500)])
    came_in(kept, KEPT + timedelta(days=1))
    history.record("shop", [event("OLD-ACT", user_id="ann", minutes_ago=3 * 365 * 24 * 60)])
    retention, until_then = Retention(kept, KEPT), datetime.now(UTC) - KEPT
    before = forgotten("event")
    assert [retention.forget(until_then) for _ in range(4)] == [True, True, False, False]
    assert did(history, "shop", "ann") == ["OLD-ACT"]
    assert history.changed("shop") == 2_501, "what was recorded is counted for good"
    assert forgotten("event") - before == 2_500


def test_it_goes_by_itself_and_leaves_who_a_visit_that_is_heard_of_belongs_to(kept: Database) -> None:
    history = History(kept)
    history.record("shop", [event(user_id="ann", session_id=visit) for visit in ("quiet", "busy")])
    came_in(kept, KEPT + timedelta(days=1))
    history.record("shop", [event("NEW", session_id="busy")])
    stop = threading.Event()
    running = threading.Thread(target=Retention(kept, KEPT).run, args=(stop,))
    running.start()

    def left() -> int:
        with kept.read() as session:
            return session.scalar(select(func.count()).select_from(Visit)) or 0

    until(lambda: (left(), did(history, "shop", "ann")) == (1, ["NEW"]), "what is old is gone")
    stop.set()
    running.join()
    history.record("shop", [event("LATER", session_id="busy"), event("NOBODYS", session_id="quiet")])
    assert sorted(did(history, "shop", "ann")) == ["LATER", "NEW"]


def test_what_was_shown_is_read_in_order_with_all_that_is_to_be_learned_from_it(kept: Database) -> None:
    impressions, history = Impressions(kept), History(kept)
    pages = [shown(n, f"S-{n}", minutes_ago=2_000 - n, user_id="ann") for n in range(1_200)]
    impressions.record("shop", pages)
    told: dict[str, Any] = {
        "place": "for-you",
        "variant": "explore",
        "propensities": [0.9, 0.05],
        "features": [[1.0, 0.5], [0.25, 0]],
    }
    impressions.record("shop", [shown(5_000, "A", "B", session_id="v", **told), shown(5_001, "C")])
    impressions.record("other", [shown(1, "OTHERS")])
    history.record("shop", [event(user_id="bob", session_id="v")])
    logged = list(impressions.logged("shop", NOW - timedelta(minutes=1_900)))
    assert [page.skus for page in logged] == [*([f"S-{n}"] for n in range(100, 1_200)), ["A", "B"], ["C"]]
    first, suggested, nobodys = logged[0], logged[-2], logged[-1]
    assert (first.shopper, first.propensities, first.features, first.variant) == ("u:ann", (), (), "")
    assert (suggested.shopper, suggested.user_id, suggested.session_id) == ("u:bob", None, "v")
    assert (suggested.variant, suggested.propensities, suggested.features) == (
        "explore",
        [0.9, 0.05],
        [[1.0, 0.5], [0.25, 0]],
    )
    assert (nobodys.shopper, nobodys.at) == ("", NOW)


def test_a_count_of_what_is_popular_follows_soon_when_it_takes_long_to_make(kept: Database) -> None:
    history, popularity = History(kept), Popularity(kept, SETTINGS.weights)
    history.record("shop", [event("ONE", user_id=uuid.uuid4().hex) for _ in range(5_000)])
    assert [one.shoppers for one in popularity.most("shop")] == [5_000]
    history.record("shop", [event("TWO", user_id="ann", type="purchased")])
    until(lambda: [one.sku for one in popularity.most("shop")] == ["ONE", "TWO"], "the purchase is counted")


def test_a_shopper_with_nothing_but_forgotten_acts_is_new(kept: Database) -> None:
    history = History(kept)
    history.record("shop", [event(user_id="ann", type="purchased")])
    came_in(kept, KEPT + timedelta(days=1))
    Retention(kept, KEPT).forget(datetime.now(UTC) - KEPT)
    shopper = history.shopper("shop", Who("ann"))
    assert (list(shopper.recent), shopper.never) == ([], frozenset())
