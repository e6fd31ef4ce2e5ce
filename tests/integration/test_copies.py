"""Copies are found between shops that consent, told once, and decided by people; of the others nothing is known."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from PIL import ImageEnhance, ImageOps
from sqlalchemy import func, select

from services.authenticity.copies.pieces import alike, newer, seen
from services.authenticity.copies.protected import erase
from services.authenticity.copies.tables import LookalikeRow, PieceRow, TurnRow, WatchedRow
from shared.contracts.messages import ItemFields
from shared.errors import NotFound
from tests.support.copying import Market, look
from tests.support.databases import NewDatabase
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.waiting import until

RING, OTHER, THIRD = drawn_pieces(3)


def rows(market: Market, table: type) -> int:
    with market.database.read() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_copied_picture_is_told_to_both_shops_once_with_both_pictures(market: Market) -> None:
    market.consent("vienna", "graz")
    own = market.show("vienna", "RING-1", RING, look(1))
    market.settle()
    copy = market.show("graz", "R-77", RING, look(1))
    market.settle()
    to_vienna, to_graz = sorted(market.alerts(), key=lambda one: one.tenant, reverse=True)
    assert (to_vienna.degree, to_vienna.own.image_id, to_vienna.other.image_id) == ("same_picture", own, copy)
    assert (to_vienna.other.shop, to_vienna.other.sku) == ("graz", "R-77")
    assert (to_graz.tenant, to_graz.own.image_id, to_graz.other.shop) == ("graz", copy, "vienna")
    market.tell()
    market.show("graz", "R-77", jpeg(RING, 80), look(1))
    market.settle()
    assert market.alerts() == [], "another picture of the same item is the same pair of things"


def test_edited_pictures_are_found_by_the_picture_whatever_the_model_sees_in_them(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "DULL", ImageEnhance.Color(RING).enhance(0.2), look(2))
    market.show("graz", "OTHER", OTHER, look(3))
    market.settle()
    found = market.alerts("vienna")
    assert [(one.other.sku, one.degree, one.edits) for one in found] == [("DULL", "edited_picture", ["recoloured"])]


def test_another_photo_of_the_design_is_told_by_its_look_and_what_is_only_similar_is_not(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "NEAR", OTHER, look(2, look(1), 0.95))
    market.show("graz", "ALIKE", THIRD, look(3, look(1), 0.80))
    market.settle()
    assert [(one.other.sku, one.degree, one.evidence) for one in market.alerts("vienna")] == [
        ("NEAR", "same_design", "design")
    ]


def test_nobody_who_has_not_consented_is_compared_kept_or_named(market: Market) -> None:
    market.consent("vienna")
    market.consent("linz", said=False)
    for shop in ("vienna", "graz", "linz"):
        market.show(shop, "RING-1", RING, look(1))
    market.settle()
    assert market.alerts() == []
    assert rows(market, LookalikeRow) == 0
    with market.database.read() as session:
        assert set(session.scalars(select(PieceRow.tenant))) == {"vienna"}, "nothing of the others was even read"
    for shop in ("graz", "linz"):
        assert not market.consents.get(shop).consents
        assert market.queue.page(shop, 10).lookalikes == []


def test_what_came_before_the_consent_is_compared_from_then_on(market: Market) -> None:
    market.consent("vienna")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    market.consent("graz")
    assert market.consents.get("graz").waiting == 1
    market.settle()
    assert {one.tenant for one in market.alerts()} == {"vienna", "graz"}
    assert market.consents.get("graz").waiting == 0


def test_who_takes_the_consent_back_is_forgotten_at_once_and_named_by_nobody(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    known = market.queue.page("vienna", 10).lookalikes[0].lookalike_id
    market.consent("graz", said=False)
    assert market.alerts() == [], "what was not told yet is not told any more"
    for shop in ("vienna", "graz"):
        assert market.queue.page(shop, 10).lookalikes == []
    with pytest.raises(NotFound):
        market.queue.get("vienna", known)
    with market.database.read() as session:
        assert set(session.scalars(select(PieceRow.tenant))) == {"vienna"}
        assert all(
            "graz" not in str(row.other) and row.other_tenant is None for row in session.scalars(select(LookalikeRow))
        )
    market.show("vienna", "RING-2", RING, look(1))
    market.settle()
    assert market.alerts() == [], "the gallery in memory has forgotten it, too"


def test_what_was_taken_back_before_it_was_told_is_told_when_both_consent_again(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    market.consent("graz", said=False)
    market.consent("graz")
    market.settle()
    assert {one.tenant for one in market.alerts()} == {"vienna", "graz"}


def test_a_consent_that_comes_back_shows_what_was_known_and_tells_nothing_twice(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    market.tell()
    market.consent("graz", said=False)
    market.consent("graz")
    market.settle()
    assert market.alerts() == []
    assert [one.other.shop for one in market.queue.page("vienna", 10).lookalikes] == ["graz"]


def test_a_protected_design_is_watched_for_its_owner_alone(market: Market) -> None:
    market.consent("vienna", "graz")
    design = market.protect("vienna", RING, look(1))
    unprotected = market.protect("vienna", OTHER, look(2), protected=False)
    market.show("graz", "R-77", THIRD, look(3, look(1), 0.96))
    market.show("graz", "R-78", OTHER, look(2))
    market.settle()
    (found,) = market.alerts()
    assert (found.tenant, found.own.reference_id, found.own.view) == ("vienna", design, "front")
    assert found.other.sku == "R-77"
    assert unprotected not in str(market.alerts())


def test_an_erased_design_leaves_nothing_of_what_was_found_by_it(market: Market) -> None:
    market.consent("vienna", "graz")
    design = market.protect("vienna", RING, look(1))
    market.show("graz", "R-77", THIRD, look(3, look(1), 0.96))
    market.settle()
    erase(market.database, "vienna", design)
    assert rows(market, LookalikeRow) == 0
    assert market.alerts() == []
    with market.database.read() as session:
        assert set(session.scalars(select(PieceRow.tenant))) == {"graz"}


def test_two_protected_designs_are_never_held_against_each_other(market: Market) -> None:
    market.consent("vienna", "graz")
    market.protect("vienna", RING, look(1))
    market.protect("graz", RING, look(1))
    market.settle()
    assert rows(market, PieceRow) == 2
    assert market.alerts() == []


def test_a_picture_that_was_removed_is_not_found_and_what_it_was_found_by_names_nobody(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    copy = market.show("graz", "R-77", RING, look(1))
    market.settle()
    market.remove("graz", "R-77", copy)
    assert market.alerts() == []
    assert market.queue.page("vienna", 10).lookalikes == []
    market.show("vienna", "RING-2", RING, look(1))
    market.settle()
    assert market.alerts() == []


def test_what_comes_after_its_removal_is_dropped(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.item("graz", "R-77", 3, ItemFields(created_at=datetime.now(UTC)))
    market.item("graz", "R-77", 4, None)
    market.show("graz", "R-77", RING, look(1), revision=3)
    market.settle()
    assert market.alerts() == []
    market.show("graz", "R-77", RING, look(1), revision=5)
    market.settle()
    assert len(market.alerts()) == 2, "the item was put again"


def test_a_message_that_comes_twice_and_a_picture_looked_at_twice_tell_once(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    with market.database.write() as session:
        for row in session.scalars(select(WatchedRow)):
            row.state = "waiting"
    market.settle()
    assert len(market.alerts()) == 2


def test_a_stronger_degree_takes_the_weaker_ones_place_without_another_alert(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", OTHER, look(2, look(1), 0.95))
    market.settle()
    market.tell()
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    assert market.alerts() == []
    assert [one.degree for one in market.queue.page("vienna", 10).lookalikes] == ["same_picture"]


def test_alerts_are_told_once_though_whoever_looks_is_killed_again_and_again(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = new_database()
    market = Market(url, tmp_path)
    market.consent("vienna", "graz")
    pieces = drawn_pieces(12, seed=5)
    for number, piece in enumerate(pieces):
        market.show("vienna", f"V-{number}", piece, look(number))
    for number, piece in enumerate(pieces):
        market.show("graz", f"G-{number}", piece, look(number))
    told = []
    for round_ in range(6):
        fewer = partial(looked_at_some, market, waiting(market))
        with subprocess.Popen([sys.executable, "-m", "tests.support.copying", url, str(tmp_path)]) as looking:
            if round_ < 5:
                until(fewer, "some were looked at", 300)
                time.sleep(0.003 * round_)
            else:
                until(lambda: not waiting(market), "all were looked at", 300)
            looking.kill()
        told += market.tell()
        with market.database.write() as session:  # as if the killed one's turn were over
            session.get_one(TurnRow, 1).until = 0
    pairs = [(one.tenant, one.own.sku, one.other.sku) for one in told]
    assert len(set(pairs)) == len(pairs), "none twice"
    assert {pair for pair in pairs if pair[0] == "vienna"} == {("vienna", f"V-{n}", f"G-{n}") for n in range(12)}
    assert len(pairs) == 24
    market.close()


def looked_at_some(market: Market, before: int) -> bool:
    return waiting(market) < before or not waiting(market)


def waiting(market: Market) -> int:
    with market.database.read() as session:
        return session.execute(
            select(func.count()).select_from(WatchedRow).where(WatchedRow.state == "waiting")
        ).scalar_one()


def test_the_mirror_image_and_a_smaller_one_have_the_hash_that_follows_from_the_pictures(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "MIRRORED", ImageOps.mirror(RING), look(2))
    market.settle()
    with market.database.read() as session:
        ones = seen(session, [entry.number for entry in newer(session, 0)])
    how, _, _ = alike([ones[0]], [ones[1]])
    assert how.bits <= 4
