"""What completes a piece: the other half of a pair, then a matching set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from shared.contracts.fields import Vector
from tests.support.recommending import DIMENSION, FACTS, Shop, Shops, shops, skus, towards

FORM = 12
GOLDEN, SILVERY = 0, 1


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("completes")
    model = FACTS.model_copy(update={"form_dimension": FORM})
    with shops(folder, f"sqlite:///{folder}/recommender.db", model) as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    return parts.new()


def look(form: int, colour: int, nearness: float = 1.0) -> Vector:
    """A vector of one form and one colour; `nearness` is the cosine of its form to that form."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[form], vector[(form + 1) % FORM] = nearness * np.sqrt(0.7), np.sqrt(0.7 * (1 - nearness**2))
    vector[FORM + colour] = np.sqrt(0.3)
    return vector


def test_the_other_earring_is_first_by_its_mirror_image(shop: Shop) -> None:
    shop.piece("LEFT", look(0, GOLDEN), type="earring")
    shop.piece("RIGHT", look(1, GOLDEN), type="earring")
    shop.piece("LIKE-LEFT", look(0, GOLDEN, 0.95), type="earring")
    shop.piece("RING", look(1, GOLDEN), type="ring")
    found = shop.completes("LEFT", mirrored=look(1, GOLDEN))
    assert skus(found) == ["RIGHT", "RING"]
    assert [reason.kind for reason in found.hits[0].reasons] == ["pair"]
    assert found.hits[0].source.sku == "LEFT"
    assert found.hits[0].score >= found.hits[1].score


def test_what_is_no_earring_or_too_far_is_no_other_half(shop: Shop) -> None:
    shop.piece("RING", look(0, GOLDEN), type="ring")
    shop.piece("LEFT", look(0, GOLDEN), type="earring")
    shop.piece("FAR", look(5, SILVERY), type="earring")
    assert skus(shop.completes("LEFT", mirrored=look(2, GOLDEN))) == ["RING"]
    pairs = [hit.sku for hit in shop.completes("RING", mirrored=look(0, GOLDEN)).hits if hit.reasons[0].kind == "pair"]
    assert pairs == []


def test_a_set_is_of_other_types_in_the_same_colours_metal_and_stone(shop: Shop) -> None:
    shop.piece("NECKLACE", look(0, GOLDEN), type="necklace", metal="gold", stone="green")
    shop.piece("SAME-TYPE", look(0, GOLDEN), type="necklace", metal="gold", stone="green")
    shop.piece("GOLDEN", look(3, GOLDEN), type="earring")
    shop.piece("SILVERY", look(3, SILVERY), type="earring")
    shop.piece("GOLD-GREEN", look(5, GOLDEN), type="ring", metal="gold", stone="green")
    shop.piece("GOLD", look(5, GOLDEN), type="bracelet", metal="gold", stone="red")
    shop.piece("LOOSE", look(0, GOLDEN), type="loose-stone", stone="green")
    found = shop.completes("NECKLACE")
    assert skus(found) == ["GOLD-GREEN", "GOLD", "GOLDEN", "SILVERY"]
    kinds = {hit.sku: {reason.kind for reason in hit.reasons if not reason.differs} for hit in found.hits}
    assert kinds["GOLD-GREEN"] >= {"colour", "metal", "stone"}
    assert kinds["GOLD"] >= {"colour", "metal"}
    assert "form" not in kinds["GOLDEN"]
    assert [(reason.kind, reason.value) for reason in found.hits[1].reasons if reason.differs] == [("stone", "red")]
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


def test_the_same_colours_count_for_more_than_the_same_form(shop: Shop) -> None:
    shop.piece("NECKLACE", look(0, GOLDEN), type="necklace")
    shop.piece("OTHER-COLOUR", look(0, SILVERY), type="ring")
    shop.piece("OTHER-FORM", look(6, GOLDEN), type="ring")
    assert skus(shop.completes("NECKLACE")) == ["OTHER-FORM", "OTHER-COLOUR"]


def test_a_like_form_counts_among_pieces_of_the_same_colour(shop: Shop) -> None:
    shop.piece("NECKLACE", look(0, GOLDEN), type="necklace")
    shop.piece("LIKE", look(0, GOLDEN, 0.8), type="ring")
    shop.piece("UNLIKE", look(6, GOLDEN), type="ring")
    assert skus(shop.completes("NECKLACE")) == ["LIKE", "UNLIKE"]


def test_a_piece_without_a_picture_is_not_found(shop: Shop) -> None:
    answer = shop.ask("/completes", sku="NOWHERE")
    assert answer.status_code == 404
    assert "NOWHERE" in answer.json()["detail"]


def test_no_more_than_asked_for_and_nothing_of_another_shop(parts: Shops) -> None:
    ours, theirs = parts.new(), parts.new()
    for shop in (ours, theirs):
        shop.piece("NECKLACE", look(0, GOLDEN), type="necklace")
    for number in range(5):
        ours.piece(f"RING-{number}", look(number, GOLDEN), type="ring")
    assert len(ours.completes("NECKLACE", limit=3).hits) == 3
    assert theirs.completes("NECKLACE").hits == []


def test_a_model_that_does_not_tell_colours_apart_completes_by_the_whole_look(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("undivided")
    with shops(folder, f"sqlite:///{folder}/recommender.db") as made:
        shop = made.new()
        shop.piece("NECKLACE", towards(0, 1.0, 1), type="necklace")
        shop.piece("NEAR", towards(0, 0.9, 1), type="ring")
        shop.piece("FAR", towards(0, 0.5, 1), type="ring")
        assert skus(shop.completes("NECKLACE")) == ["NEAR", "FAR"]
