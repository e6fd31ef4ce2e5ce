"""Styles: pieces that look alike, named by what they share, the same from night to night."""

from __future__ import annotations

import numpy as np
import pytest

from services.inventory.styles.bands import band_of
from services.inventory.styles.grouping import grouped, neighbours, shares, typical
from services.inventory.styles.matching import matched
from services.inventory.styles.naming import Traits, names
from shared.contracts.fields import Vector

SIDE = 32


def similar(cosines: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-(20 * cosines - 12))), np.float32)


def clouds(*sizes: int, spread: float = 0.35, seed: int = 3) -> Vector:
    """So many unit vectors about each of some directions."""
    random = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        middle = random.standard_normal(SIDE)
        middle /= np.linalg.norm(middle)
        rows.append(middle + spread * random.standard_normal((size, SIDE)) / np.sqrt(SIDE))
    found = np.concatenate(rows)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def test_pieces_that_look_alike_are_of_one_style_and_those_like_nothing_of_none() -> None:
    looks = np.concatenate([clouds(12, 8, 20), clouds(1, 1, seed=9)])
    labels = grouped(looks, ["ring"] * len(looks), smallest=4)
    assert sorted(np.bincount(labels[labels >= 0])) == [8, 12, 20]
    assert list(labels[-2:]) == [-1, -1]


def test_equal_looks_of_two_types_are_of_two_styles() -> None:
    looks = clouds(20)
    types = ["ring", "pendant"] * 10
    labels = grouped(looks, types, smallest=6)
    assert len({(kind, label) for kind, label in zip(types, labels, strict=True) if label >= 0}) == 2


def test_a_shop_of_hardly_any_pieces_has_no_styles() -> None:
    assert set(grouped(clouds(5), ["ring"] * 5)) == {-1}
    assert grouped(np.zeros((0, SIDE), np.float32), []).shape == (0,)


def test_a_piece_between_two_styles_is_told_to_be_of_both() -> None:
    looks = clouds(10, 10, spread=0.2)
    between = looks[0] + looks[10]
    all_looks = np.vstack([looks, between / np.linalg.norm(between)]).astype(np.float32)
    labels = np.array([0] * 10 + [1] * 10 + [-1])
    told = shares(all_looks, ["ring"] * 21, labels, similar)
    assert {share.group for share in told[-1]} == {0, 1}
    assert sum(share.share for share in told[-1]) == pytest.approx(1)
    assert [share.group for share in told[0]] == [0]
    assert told[0][0].share == 1


def test_what_is_like_no_style_is_of_none_and_another_type_has_no_say() -> None:
    looks = np.vstack([clouds(10), clouds(1, seed=8)]).astype(np.float32)
    labels = np.array([0] * 10 + [-1])
    assert shares(looks, ["ring"] * 11, labels, similar)[-1] == []
    alike = np.vstack([looks[:10], looks[:1]]).astype(np.float32)
    assert shares(alike, ["ring"] * 10 + ["pendant"], labels, similar)[-1] == []
    assert shares(alike, ["ring"] * 10 + [None], labels, similar)[-1][0].group == 0


def test_a_style_is_shown_by_its_most_typical_piece() -> None:
    looks = clouds(9, spread=0.5)
    middle = looks.mean(axis=0)
    all_looks = np.vstack([looks, middle / np.linalg.norm(middle)]).astype(np.float32)
    assert typical(all_looks, np.arange(10)) == 9


def test_neighbours_are_the_nearest_first_with_how_likely_they_are_alike() -> None:
    looks = clouds(6, 6)
    places, likely = neighbours(looks, looks[:2], 4, similar)
    assert places.shape == (2, 4)
    assert list(places[:, 0]) == [0, 1]
    assert (np.diff(likely, axis=1) <= 0).all()
    assert (places < 6).all()
    assert neighbours(looks[:0], looks[:2], 4, similar)[0].shape == (2, 0)


def test_a_style_keeps_its_id_while_its_pieces_come_and_go() -> None:
    before = {"s1": ["A", "B", "C", "D"], "s2": ["E", "F", "G"]}
    assert matched([["E", "F", "X", "Y", "Z"], ["A", "B", "C"], ["P", "Q"]], before) == ["s2", "s1", None]


def test_a_style_that_falls_apart_leaves_its_id_to_the_larger_part() -> None:
    before = {"s1": list("ABCDEFGH")}
    assert matched([list("AB"), list("CDEFGH")], before) == [None, "s1"]
    assert matched([], before) == []
    assert matched([["A"]], {}) == [None]


def test_a_style_that_has_hardly_anything_of_an_old_one_is_new() -> None:
    assert matched([list("AXYZ")], {"s1": list("ABCD"), "s2": list("XYZW")}) == ["s2"]
    assert matched([list("ABWXYZ")], {"s1": list("ABCDEF"), "s2": list("WX"), "s3": list("YZ")}) == ["s1"]


def test_a_name_tells_what_its_pieces_share_and_others_lack() -> None:
    halo = Traits({"type": "ring", "metal": "rose gold", "stone": "diamond", "cut": "oval"}, ["halo", "ring", "gold"])
    band = Traits({"type": "ring", "metal": "yellow gold", "stone": "none"}, ["band", "gold"])
    signet = Traits({"type": "ring", "metal": "yellow gold", "stone": "onyx"}, ["signet", "gold"])
    first, second = names([[halo] * 5, [band] * 5], [signet] * 10)
    assert first == "rose gold, diamond, oval ring"
    assert second == "band ring"


def test_no_two_styles_have_the_same_name_and_one_without_anything_in_common_says_so() -> None:
    ring = Traits({"type": "ring", "metal": "silver"})
    mixed = [Traits({"type": kind}) for kind in ("ring", "watch", "brooch", "pendant", "bracelet")]
    assert names([[ring] * 4, [ring] * 4, mixed, [Traits()]]) == [
        "silver ring",
        "silver ring 2",
        "mixed pieces",
        "piece",
    ]


def test_a_style_of_two_kinds_says_both() -> None:
    halves = [Traits({"type": kind, "metal": "silver"}) for kind in ("ring", "ring", "pendant", "pendant", "watch")]
    assert names([halves], [Traits({"type": "ring", "metal": "gold"})] * 9) == ["silver pendant and ring"]


@pytest.mark.parametrize(
    ("price", "band"),
    [
        (None, None),
        (0, "0"),
        (0.5, "0-1"),
        (1, "1-2"),
        (99.99, "50-100"),
        (100, "100-200"),
        (640, "500-1000"),
        (2150, "2000-5000"),
        (1e6, "1000000-2000000"),
        (float("nan"), None),
        (-1, None),
    ],
)
def test_prices_lie_in_bands_of_round_numbers(price: float | None, band: str | None) -> None:
    assert band_of(price) == band
