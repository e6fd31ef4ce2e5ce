"""What people decide of copies that were found: it moves the threshold, and holds."""

from __future__ import annotations

import pytest

from shared.errors import NotFound
from tests.support.copying import Market, look
from tests.support.drawn_pieces import drawn_pieces, jpeg

RING, OTHER, THIRD = drawn_pieces(3)


def test_decisions_move_the_threshold_within_bounds_and_are_seen(market: Market) -> None:
    market.consent("vienna", "graz")
    market.show("vienna", "RING-1", RING, look(1))
    for number in range(6):
        market.show("graz", f"R-{number}", drawn_pieces(1, seed=100 + number)[0], look(50 + number, look(1), 0.91))
    market.settle()
    page = market.queue.page("vienna", 10)
    assert len(page.lookalikes) == 6
    for one in page.lookalikes:
        market.queue.decide("vienna", one.lookalike_id, "dismissed")
    by_look = next(one for one in market.queue.thresholds("vienna").thresholds if one.evidence == "design")
    assert (by_look.right, by_look.wrong) == (0, 6)
    assert by_look.at_first < by_look.threshold <= by_look.highest
    market.tell()
    market.show("graz", "R-9", drawn_pieces(1, seed=200)[0], look(70, look(1), 0.91))
    market.settle()
    assert [one.tenant for one in market.alerts()] == ["graz"], "graz has decided nothing"
    market.show("graz", "R-10", RING, look(1))
    market.settle()
    assert "vienna" in {one.tenant for one in market.alerts()}, "what is sure is told all the same"


def test_what_a_shop_allows_is_not_told_any_more_until_it_says_otherwise(market: Market) -> None:
    market.consent("vienna", "graz", "linz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-1", RING, look(1))
    market.show("graz", "R-2", jpeg(RING, 80), look(1))
    market.settle()
    of_vienna = market.queue.page("vienna", 10, state="open").lookalikes
    assert len(of_vienna) == 2
    market.queue.decide("vienna", of_vienna[0].lookalike_id, "allowed")
    assert market.queue.page("vienna", 10, state="open").lookalikes == [], "the other one of that shop, too"
    market.tell()
    market.show("graz", "R-3", RING, look(1))
    market.show("linz", "R-4", RING, look(1))
    market.settle()
    assert [one.other.shop for one in market.alerts("vienna")] == ["linz"]
    market.queue.decide("vienna", of_vienna[0].lookalike_id, "confirmed")
    market.tell()
    market.show("graz", "R-5", RING, look(1))
    market.settle()
    assert [one.other.sku for one in market.alerts("vienna")] == ["R-5"]


def test_no_shop_sees_or_decides_what_was_found_for_another(market: Market) -> None:
    market.consent("vienna", "graz", "linz")
    market.show("vienna", "RING-1", RING, look(1))
    market.show("graz", "R-77", RING, look(1))
    market.settle()
    known = market.queue.page("vienna", 10).lookalikes[0].lookalike_id
    for shop in ("graz", "linz"):
        with pytest.raises(NotFound):
            market.queue.get(shop, known)
        with pytest.raises(NotFound):
            market.queue.decide(shop, known, "dismissed")
