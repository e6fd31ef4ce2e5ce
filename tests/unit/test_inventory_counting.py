"""From photos of trays to counts: what is told of each piece and item, and what a confirmation saves."""

from __future__ import annotations

import numpy as np

from services.inventory.looks import Pieces, View
from services.inventory.stocktake.counting import Counted, OnTray, counted, counts_of
from services.inventory.stocktake.sureness import Sureness
from shared.contracts.analysis import Box
from shared.contracts.fields import Vector
from shared.contracts.models import Model, Sameness
from shared.contracts.stocktakes import CountedItem

MODEL = Model(version="m-1", dimension=4, no_match_below=0.5, look_at_least=0.4, same=Sameness(slope=16, offset=-11))
SURE = Sureness.of(MODEL)


def axis(number: int, towards: int | None = None) -> Vector:
    """A unit vector along an axis, or half-way to another one."""
    vector = np.zeros(4, np.float32)
    vector[number] = 1
    if towards is not None:
        vector[towards] = 1
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


SHOP = Pieces(
    [
        View("A", "a1", axis(0), {}),
        View("A", "a2", axis(0, 3), {}),
        View("B", "b1", axis(1), {}),
        View("C", "c1", axis(2), {}),
    ]
)


def tray(*looks: Vector, photo: int = 0) -> list[OnTray]:
    return [OnTray(photo, Box(x0=0.1 * n, x1=0.1 * n + 0.1), look[None]) for n, look in enumerate(looks)]


def told(found: Counted) -> list[tuple[str, str | None]]:
    return [(piece.outcome, piece.sku) for piece in found.pieces]


def test_the_piece_of_any_view_of_an_item_is_that_item() -> None:
    found = counted(tray(axis(0, 3), axis(1)), SHOP, {"A": 1, "B": 1}, SURE)
    assert told(found) == [("present", "A"), ("present", "B")]
    assert found.words.startswith("2 pieces seen, 2 expected: 2 of those are there.")


def test_what_is_missing_astray_and_unsure_is_told_in_words() -> None:
    found = counted(tray(axis(2), axis(0, 1)), SHOP, {"A": 1, "B": 1}, SURE)
    assert told(found) == [("unexpected", "C"), ("unsure", None)]
    assert [(item.sku, item.expected, item.seen, item.missing, item.unsure) for item in found.items] == [
        ("A", 1, 0, 0, 1),
        ("B", 1, 0, 0, 1),
        ("C", 0, 1, 0, 0),
    ]
    assert "Lying there, though not expected: C." in found.words
    assert "Nobody is sure of piece 1: send a closer photo" in found.words
    assert found.words.endswith("Nothing is counted until somebody confirms it.")


def test_a_closer_photo_of_a_piece_decides_what_it_is() -> None:
    doubtful, *others = tray(axis(0, 1), axis(2))
    nearer = OnTray(0, doubtful.box, np.stack([*doubtful.looks, axis(1)]))
    found = counted([nearer, *others], SHOP, {"A": 1, "B": 1}, SURE)
    assert told(found)[0] == ("present", "B")
    assert [item.missing for item in found.items] == [1, 0, 0]


def test_by_a_model_that_nobody_has_measured_nothing_is_sure_and_nothing_is_counted() -> None:
    unmeasured = Sureness.of(MODEL.model_copy(update={"same": None}))
    found = counted(tray(axis(0)), SHOP, {"A": 1}, unmeasured)
    assert told(found) == [("unsure", None)]
    assert counts_of(found.items, []) == []


def test_a_confirmation_counts_what_was_sure_and_what_a_person_says_and_nothing_else() -> None:
    found = counted(tray(axis(2), axis(0, 1)), SHOP, {"A": 1, "B": 1, "C": 3}, SURE)
    assert counts_of(found.items, []) == [CountedItem(sku="C", quantity=1)]
    said = [CountedItem(sku="A", quantity=1), CountedItem(sku="C", quantity=2), CountedItem(sku="Z", quantity=5)]
    assert counts_of(found.items, said) == said


def test_a_missing_item_counts_as_gone_once_confirmed() -> None:
    found = counted(tray(axis(0)), SHOP, {"A": 1, "B": 2}, SURE)
    assert counts_of(found.items, []) == [CountedItem(sku="A", quantity=1), CountedItem(sku="B", quantity=0)]


def test_pieces_have_the_middle_of_their_views_and_what_most_of_them_show() -> None:
    shop = Pieces(
        [
            View("A", "1", axis(0), {"type": "ring"}),
            View("A", "2", axis(1), {"type": "ring", "metal": "silver"}),
            View("A", "3", axis(0, 1), {"type": "brooch"}),
        ]
    )
    assert np.allclose(shop.vectors[0], axis(0, 1))
    assert shop.best_view(0).image_id == "3"
    assert shop.known(0) == {"type": "ring", "metal": "silver"}
    assert Pieces([]).vectors.shape == (0, 0)
    assert Pieces([]).cosines(np.zeros((2, 4), np.float32)).shape == (2, 0)
