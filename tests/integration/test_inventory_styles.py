"""A shop's styles over a real database and object store: made, made again, told, and never of another shop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.inventory.child import Stopped
from services.inventory.style_tables import LookRow
from services.inventory.styles.running import StyleRuns
from services.inventory.styles.turns import Turn, Turns, When
from shared.errors import NotFound, Retryable
from tests.support.databases import NewDatabase
from tests.support.looking import LookedAt, about, looked_at

NOW = datetime.now(UTC)


@pytest.fixture
def shop(new_database: NewDatabase, tmp_path: Path) -> Iterator[LookedAt]:
    with looked_at(new_database(), tmp_path) as made:
        yield made


def two_styles(shop: LookedAt, tenant: str = "acme") -> None:
    for number in range(8):
        shop.piece(tenant, f"RING-{number}", about(0, number), price=400 + number, type="ring", metal="rose gold")
        shop.piece(tenant, f"DROP-{number}", about(5, number), price=80, type="earring", stone="pearl")
    shop.piece(tenant, "ODD", about(9, 1), type="brooch")
    shop.maker.make(tenant)


def names(shop: LookedAt, tenant: str = "acme") -> dict[str, int]:
    return {style.name: style.pieces for style in shop.telling.styles(tenant, "", 20).styles}


def test_styles_are_named_shown_and_told_with_their_pieces(shop: LookedAt) -> None:
    two_styles(shop)
    page = shop.telling.styles("acme", "", 20)
    assert {(style.name, style.pieces) for style in page.styles} == {("rose gold ring", 8), ("pearl earring", 8)}
    assert page.of_no_style == 1
    rings = next(style for style in page.styles if style.name == "rose gold ring")
    assert rings.sku.startswith("RING-")
    assert rings.image_id
    assert (rings.price_min, rings.price_max, rings.on_hand) == (400, 407, 0)
    detail = shop.telling.style("acme", rings.style_id, "", 20)
    assert sorted(piece.sku for piece in detail.members) == [f"RING-{number}" for number in range(8)]
    assert {(piece.type, piece.metal, piece.stone, piece.price_band) for piece in detail.members} == {
        ("ring", "rose gold", None, "200-500")
    }


def test_pages_of_styles_and_of_their_members_hold_each_once(shop: LookedAt) -> None:
    two_styles(shop)
    first = shop.telling.styles("acme", "", 1)
    assert first.next_cursor
    second = shop.telling.styles("acme", first.next_cursor, 1)
    assert second.next_cursor is None
    assert len({first.styles[0].style_id, second.styles[0].style_id}) == 2
    after, skus = "", []
    while True:
        page = shop.telling.style("acme", first.styles[0].style_id, after, 3)
        skus += [piece.sku for piece in page.members]
        if page.next_cursor is None:
            break
        after = page.next_cursor
    assert sorted(skus) == sorted(set(skus))
    assert len(skus) == 8


def test_a_style_keeps_its_id_and_age_when_pieces_come_and_go(shop: LookedAt) -> None:
    two_styles(shop)
    before = {style.name: (style.style_id, style.since) for style in shop.telling.styles("acme", "", 9).styles}
    shop.remove("acme", "RING-0")
    shop.piece("acme", "RING-8", about(0, 8), type="ring", metal="rose gold")
    shop.piece("acme", "RING-9", about(0, 9), type="ring", metal="rose gold")
    shop.maker.make("acme")
    after = {style.name: (style.style_id, style.since) for style in shop.telling.styles("acme", "", 9).styles}
    assert after == before
    assert names(shop) == {"rose gold ring": 9, "pearl earring": 8}


def test_a_style_whose_pieces_are_gone_ends(shop: LookedAt) -> None:
    two_styles(shop)
    drops = next(one for one in shop.telling.styles("acme", "", 9).styles if "earring" in one.name)
    for number in range(8):
        shop.remove("acme", f"DROP-{number}")
    assert names(shop) == {"rose gold ring": 8}, "before the next run"
    shop.maker.make("acme")
    assert names(shop) == {"rose gold ring": 8}
    with pytest.raises(NotFound):
        shop.telling.style("acme", drops.style_id, "", 9)


def test_a_removed_piece_is_told_of_nowhere(shop: LookedAt) -> None:
    two_styles(shop)
    shop.remove("acme", "RING-3")
    (rings,) = (one for one in shop.telling.styles("acme", "", 9).styles if "ring" in one.name.split())
    assert rings.pieces == 7
    assert "RING-3" not in {piece.sku for piece in shop.telling.style("acme", rings.style_id, "", 20).members}
    assert sum(value.pieces for value in shop.telling.dimension("acme", "type").values) == 16


def test_a_style_whose_typical_piece_was_removed_is_shown_by_another(shop: LookedAt) -> None:
    two_styles(shop)
    first = shop.telling.styles("acme", "", 1).styles[0]
    shop.remove("acme", first.sku)
    again = shop.telling.styles("acme", "", 1).styles[0]
    assert again.style_id == first.style_id
    assert again.sku not in {first.sku, ""}
    assert again.image_id is None
    assert shop.telling.style("acme", first.style_id, "", 1).sku == again.sku


def test_another_shops_pieces_are_in_no_style_and_its_ids_name_nothing(shop: LookedAt) -> None:
    two_styles(shop)
    two_styles(shop, "other")
    assert names(shop) == names(shop, "other")
    theirs = {style.style_id for style in shop.telling.styles("other", "", 9).styles}
    assert not theirs & {style.style_id for style in shop.telling.styles("acme", "", 9).styles}
    for style_id in theirs:
        with pytest.raises(NotFound):
            shop.telling.style("acme", style_id, "", 9)


def test_pieces_are_counted_by_each_dimension(shop: LookedAt) -> None:
    two_styles(shop)
    shop.item("acme", "NEW")
    by_metal = {value.value: value.pieces for value in shop.telling.dimension("acme", "metal").values}
    assert by_metal == {"rose gold": 8, None: 10}
    by_band = {value.value: value.pieces for value in shop.telling.dimension("acme", "price_band").values}
    assert by_band == {"200-500": 8, "50-100": 8, "500-1000": 1, None: 1}
    by_style = {value.name: value.pieces for value in shop.telling.dimension("acme", "style").values}
    assert by_style == {"rose gold ring": 8, "pearl earring": 8, None: 2}


def test_a_removed_picture_is_not_looked_at_any_more_and_its_look_is_forgotten(shop: LookedAt) -> None:
    two_styles(shop)
    image_id = shop.piece("acme", "ODD-2", about(11, 1), type="watch")
    assert "ODD-2" in shop.looks.pieces("acme", "looks-1").skus
    shop.remove_picture("acme", "ODD-2", image_id)
    assert "ODD-2" not in shop.looks.pieces("acme", "looks-1").skus
    with shop.books.read() as session:
        assert session.get(LookRow, ("acme", "looks-1", image_id)) is None


def test_a_shop_without_pictures_has_no_styles(shop: LookedAt) -> None:
    shop.item("acme", "BARE")
    assert shop.maker.make("acme") == 0
    page = shop.telling.styles("acme", "", 9)
    assert (page.styles, page.of_no_style, page.made_at) == ([], 0, None)


def test_a_run_notes_when_it_was_and_frees_its_turn(shop: LookedAt) -> None:
    two_styles(shop)
    runs = StyleRuns(shop.turns, lambda tenant, _go_on: shop.maker.make(tenant))
    assert runs.make("acme", 17, threading.Event()) == "made"
    turn = shop.turns.of("acme")
    assert (turn.outcome, turn.pieces) == ("made", 17)
    assert shop.telling.styles("acme", "", 9).made_at == turn.made_at
    assert Turns(shop.books).take("acme")


def test_items_whose_pictures_come_later_are_looked_at_again(shop: LookedAt) -> None:
    for number in range(17):
        shop.item("acme", f"BARE-{number}")
    assert shop.turns.shops() == {"acme": 17}
    two_styles(shop)
    assert shop.turns.shops() == {"acme": 34 + 17}
    bare = Turn(tried_at=NOW - timedelta(minutes=2), made_at=NOW - timedelta(minutes=2), pieces=17, outcome="made")
    assert When().due(bare, shop.turns.shops()["acme"], NOW)


def test_one_process_makes_a_shops_styles_at_a_time(shop: LookedAt) -> None:
    other = Turns(shop.books)
    assert other.take("acme")
    assert StyleRuns(shop.turns, lambda *_: 0).make("acme", 1, threading.Event()) == "elsewhere"


@pytest.mark.parametrize(("error", "outcome"), [(Retryable("no embedder"), "failed"), (Stopped(), "stopped")])
def test_a_run_that_fails_or_is_stopped_says_so_and_leaves_what_was(
    shop: LookedAt, error: Exception, outcome: str
) -> None:
    two_styles(shop)

    def make(_tenant: str, _go_on: Callable[[], bool]) -> int:
        raise error

    assert StyleRuns(shop.turns, make).make("acme", 17, threading.Event()) == outcome
    assert shop.turns.of("acme").outcome == outcome
    assert names(shop) == {"rose gold ring": 8, "pearl earring": 8}


def test_styles_are_due_each_night_when_asked_for_and_when_much_came() -> None:
    when = When()
    made = Turn(tried_at=NOW - timedelta(hours=1), made_at=NOW - timedelta(hours=1), pieces=1_000, outcome="made")
    assert not when.due(Turn(), 0, NOW)
    assert when.due(Turn(), 1, NOW)
    assert not when.due(made, 1_050, NOW)
    assert when.due(made, 1_100, NOW)
    assert when.due(made, 1_000, NOW + timedelta(hours=24))
    assert when.due(Turn(asked_at=NOW, tried_at=NOW - timedelta(seconds=9), outcome="made"), 1, NOW)
    slow = Turn(tried_at=NOW - timedelta(hours=1), took_seconds=600, pieces=10, outcome="made")
    assert not when.due(slow, 1_000, NOW)
    failed = Turn(tried_at=NOW - timedelta(minutes=29), outcome="failed")
    assert not when.due(failed, 1_000, NOW)
    assert when.due(failed, 1_000, NOW + timedelta(minutes=1))
