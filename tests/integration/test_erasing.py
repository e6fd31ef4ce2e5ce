"""A shopper is erased: what the gateway holds of them, all that the recommender keeps, and what comes late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.gateway.tables import DeadLetter
from services.recommender.click_through import ClickThrough
from services.recommender.erasing import Eraser
from services.recommender.experiments import Experiments
from services.recommender.handlers import handle_bundle
from services.recommender.history import History, Who
from services.recommender.impressions import Impressions
from services.recommender.retention import Retention
from services.recommender.tables import Erasure, Event, Impression, Visit
from services.recommender.telling import Telling
from shared import database
from shared.contracts.impressions import ImpressionsShown
from shared.contracts.kept import KeptOf, KeptStore
from shared.contracts.messages import ErasureAsked, Message, MessageDied, ShopperErased, UserEvents
from shared.database import Database
from tests.support.databases import NewDatabase
from tests.support.gateway import OTHER_KEY, Stand, running_gateway
from tests.support.recommending import MIGRATIONS
from tests.support.remembering import did, event, shown
from tests.support.shop_handling import AT, acts, handle

NOW = datetime.now(UTC)
BEFORE, AFTER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


@pytest.fixture
def gateway(tmp_path: Path, new_database: NewDatabase) -> Iterator[Stand]:
    with running_gateway(tmp_path, database_url=new_database()) as stand:
        stand.put_item("R")
        yield stand


@pytest.fixture
def admin(gateway: Stand) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.parts.api_keys.add('shop', 'admin', ['admin']).key}"}


@pytest.fixture
def kept(new_database: NewDatabase) -> Iterator[Database]:
    opened = database.open(new_database())
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


def tell(gateway: Stand, *shoppers: dict[str, str], **headers: str) -> None:
    """What these shoppers did, in one batch."""
    events = [{"id": f"e-{n}", "type": "viewed", "sku": "R", "at": AT} | who for n, who in enumerate(shoppers)]
    answer = gateway.client.post("/v1/events", json={"events": events}, headers=headers or None)
    assert answer.status_code == 202, answer.text


def whose(gateway: Stand) -> list[tuple[str | None, str | None]]:
    return [(act.user_id, act.session_id) for act in acts(gateway)]


def asked(gateway: Stand) -> list[tuple[str, str | None, str | None]]:
    told = [one for one in gateway.waiting() if isinstance(one, ErasureAsked)]
    return [(one.tenant, one.user_id, one.session_id) for one in told]


def test_what_waits_of_a_shopper_does_not_leave_and_the_recommender_is_told(
    gateway: Stand, admin: dict[str, str]
) -> None:
    tell(gateway, {"user_id": "anna"}, {"user_id": "anna", "session_id": "v-1"})
    tell(gateway, {"user_id": "boris"}, {"user_id": "anna"}, {"session_id": "anna"}, {"session_id": "v-2"})
    teller = {"Authorization": f"Bearer {gateway.parts.api_keys.add('shop', 'web', ['read', 'events', 'write']).key}"}
    assert gateway.client.delete("/v1/users/anna", headers=teller).status_code == 403, "it takes a key with admin"
    answer = gateway.client.delete("/v1/users/anna", headers=admin)
    assert (answer.status_code, answer.content) == (202, b"")
    assert whose(gateway) == [("boris", None), (None, "anna"), (None, "v-2")]
    assert gateway.client.delete("/v1/sessions/v-2", headers=admin).status_code == 202
    assert whose(gateway) == [("boris", None), (None, "anna")]
    assert asked(gateway) == [("shop", "anna", None), ("shop", None, "v-2")]
    assert gateway.client.delete("/v1/users/%01", headers=admin).status_code == 422


def test_by_queue_it_is_the_same_and_another_shop_keeps_its_shopper_of_that_name(gateway: Stand) -> None:
    gateway.client.put("/v1/items/R", json={"title": "R"}, headers={"Authorization": f"Bearer {OTHER_KEY}"})
    tell(gateway, {"user_id": "anna"})
    tell(gateway, {"user_id": "anna"}, Authorization=f"Bearer {OTHER_KEY}")
    assert handle(gateway, "shop.user.erase", {"user_id": "anna"}) == "handled"
    (left,) = [told for told in gateway.waiting() if isinstance(told, UserEvents)]
    assert left.tenant == "other"
    handle(gateway, "shop.user.erase", {"session_id": "v-1"})
    assert asked(gateway) == [("shop", "anna", None), ("shop", None, "v-1")]
    erasures = [told for told in gateway.waiting() if isinstance(told, ErasureAsked)]
    for told in erasures:
        gateway.handle(ShopperErased(tenant="shop", correlation_id="c", erasure_id=told.erasure_id))
    assert asked(gateway) == []


def test_dead_letters_do_not_keep_what_was_told_of_a_shopper(gateway: Stand) -> None:
    both = UserEvents(
        tenant="shop", correlation_id="c", batch_id="1", events=[event(user_id="anna"), event(user_id="boris")]
    )
    hers = ImpressionsShown(tenant="shop", correlation_id="c", batch_id="2", lists=[shown(1, "R", user_id="anna")])
    for message in (both, hers):
        payload = message.model_dump(mode="json")
        gateway.handle(
            MessageDied(
                tenant="shop",
                correlation_id="c",
                source=message.name,
                queue="recommender",
                reason="It failed.",
                payload=payload,
            )
        )
    handle(gateway, "shop.user.erase", {"user_id": "anna"})
    with gateway.catalogue.read() as session:
        (letter,) = session.scalars(select(DeadLetter)).all()
    assert [one["user_id"] for one in letter.payload["events"]] == ["boris"]


def rows(kept: Database) -> dict[str, set[str | None]]:
    """Whose rows there are in each table of the history."""
    with kept.read() as session:
        return {
            "events": set(session.scalars(select(Event.shopper))),
            "visits": set(session.scalars(select(Visit.session_id))),
            "shown": {row.user_id or row.session_id for row in session.scalars(select(Impression))},
        }


def fill(kept: Database) -> History:
    history, impressions = History(kept), Impressions(kept)
    history.record("shop", [event("LOGIN", user_id="anna", session_id="v-1"), event("OLD", user_id="anna")])
    history.record("shop", [event("THEIRS", session_id="v-1"), event("BORIS", user_id="boris", session_id="v-2")])
    history.record("shop", [event("NOBODY", session_id="v-3")])
    lists: list[dict[str, Any]] = [
        {"user_id": "anna"},
        {"session_id": "v-1"},
        {"user_id": "boris"},
        {"session_id": "v-3"},
        {},
    ]
    impressions.record("shop", [shown(n, "R", place="for-you", **who) for n, who in enumerate(lists)])
    history.record("other", [event("OTHER", user_id="anna", session_id="v-1")])
    return history


def test_all_that_is_kept_of_a_user_goes_with_their_visits_and_of_nobody_else(kept: Database) -> None:
    history, eraser = fill(kept), Eraser(kept)
    eraser.erase("shop", Who(user_id="anna"), NOW)
    assert rows(kept) == {
        "events": {"u:boris", "s:v-3", "u:anna"},
        "visits": {"v-1", "v-2"},
        "shown": {"boris", "v-3", None},
    }
    assert did(history, "shop", "anna") == did(history, "shop", None, "v-1") == []
    assert did(history, "other", "anna") == ["OTHER"], "another shop's shopper of that name is somebody else"
    with kept.read() as session:
        names = list(session.scalars(select(Erasure.shopper_hash)))
    assert not any("anna" in name or "v-1" in name for name in names)


def test_of_a_visit_goes_what_nobody_did_who_was_logged_in_and_whose_it_was(kept: Database) -> None:
    history, eraser = fill(kept), Eraser(kept)
    eraser.erase("shop", Who(session_id="v-3"), NOW)
    eraser.erase("shop", Who(session_id="v-1"), NOW)
    assert rows(kept)["events"] == {"u:anna", "u:boris"}
    assert rows(kept)["shown"] == {"anna", "boris", None}
    assert did(history, "shop", None, "v-1") == []
    assert sorted(did(history, "shop", "anna")) == ["LOGIN", "OLD", "THEIRS"]


class Heard:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def publish(self, message: Message) -> None:
        self.messages.append(message)


def batch(at: datetime, *skus: str, **who: Any) -> UserEvents:
    events = [event(sku, **who) for sku in skus]
    return UserEvents(tenant="shop", correlation_id="c", at=at, batch_id=at.isoformat(), events=events)


def clicks(kept: Database) -> ClickThrough:
    return ClickThrough(kept, Experiments(kept))


def test_what_was_told_before_and_comes_late_is_dropped_and_who_comes_again_is_somebody_new(kept: Database) -> None:
    history, eraser, heard = fill(kept), Eraser(kept), Heard()
    eraser.erase("shop", Who(user_id="anna"), NOW)
    late = batch(BEFORE, "LATE", user_id="anna"), batch(BEFORE, "LATE", session_id="v-1")
    new = batch(AFTER, "NEW", user_id="anna"), batch(AFTER, "NEWER", session_id="v-1")
    handle_bundle([*late, *new], history=history, clicks=clicks(kept), publisher=heard)
    assert len(heard.messages) == 4, "all are recorded, as far as the gateway is concerned"
    assert (did(history, "shop", "anna"), did(history, "shop", None, "v-1")) == (["NEW"], ["NEWER"])
    Impressions(kept).record("shop", [shown(9, "R", user_id="anna", minutes_ago=1)])
    assert "anna" not in rows(kept)["shown"]
    assert did(history, "shop", "anna") == ["NEW"], "nor does the search count"
    eraser.erase("shop", Who(user_id="anna"), NOW)
    assert did(history, "shop", "anna") == ["NEW"], "the same erasure again leaves what was told since"


def test_a_late_login_does_not_bring_back_whose_an_erased_visit_was(kept: Database) -> None:
    history, eraser = fill(kept), Eraser(kept)
    eraser.erase("shop", Who(session_id="v-3"), NOW)
    login = batch(BEFORE, "LOGIN", user_id="boris", session_id="v-3")
    handle_bundle([login], history=history, clicks=clicks(kept), publisher=Heard())
    assert "v-3" not in rows(kept)["visits"]
    assert "LOGIN" in did(history, "shop", "boris")


def test_that_somebody_was_erased_is_forgotten_too(kept: Database) -> None:
    Eraser(kept).erase("shop", Who(user_id="anna"), NOW)
    Retention(kept, timedelta(days=1)).forget_erasures(NOW + timedelta(days=1))
    with kept.read() as session:
        assert session.scalars(select(Erasure)).all() == []


def test_a_backup_that_came_back_is_filtered_but_what_was_told_since_the_erasure_stays(kept: Database) -> None:
    fill(kept)
    eraser = Eraser(kept)
    found = eraser.erase("shop", Who(user_id="anna"), NOW + timedelta(hours=1), restored=True)
    assert found == {"history: events": 3, "history: impressions": 2, "history: visits": 1}
    history = fill(kept)
    assert eraser.erase("shop", Who(user_id="anna"), NOW - timedelta(hours=1), restored=True) == {}, "a later one holds"
    assert eraser.erase("shop", Who(user_id="boris"), NOW - timedelta(hours=1), restored=True) == {}
    assert "BORIS" in did(history, "shop", "boris")


def test_all_that_is_kept_of_a_shopper_can_be_told_and_who_they_are(kept: Database) -> None:
    fill(kept)
    telling = Telling(kept)

    def told(store: KeptStore, **who: str) -> list[dict[str, Any]]:
        return telling.page(KeptOf(tenant="shop", store=store, **who)).kept

    assert {one["sku"] for one in told("events", user_id="anna")} == {"LOGIN", "OLD", "THEIRS"}
    assert [one["session_id"] for one in told("visits", user_id="anna")] == ["v-1"]
    assert len(told("impressions", user_id="anna")) == 2, "in their visit too"
    assert [one["sku"] for one in told("events", session_id="v-3")] == ["NOBODY"]
    names = telling.names("shop", "")
    assert (names.last, {"u:anna", "u:boris", "s:v-3", "s:v-1"} <= {*names.shoppers}) == (True, True)
    assert telling.names("shop", "u:anna").shoppers == ["u:boris"]


def test_more_than_a_page_of_events_and_impressions_is_told_page_by_page(kept: Database) -> None:
    History(kept).record("shop", [event(user_id="anna") for _ in range(501)])
    Impressions(kept).record("shop", [shown(n, "R", user_id="anna", place="for-you") for n in range(501)])
    for store in ("events", "impressions"):
        first = Telling(kept).page(KeptOf(tenant="shop", user_id="anna", store=store))
        rest = Telling(kept).page(KeptOf(tenant="shop", user_id="anna", store=store, after=str(first.next)))
        assert (len(first.kept), len(rest.kept), rest.next) == (500, 1, None)
        assert rest.kept[0] not in first.kept
