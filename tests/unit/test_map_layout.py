"""Places on the map: like lies beside like, the same comes out again, and what is new does not move the rest."""

from __future__ import annotations

import numpy as np
import pytest

from services.recommender.map.gaps import FEWEST, Searched, find
from services.recommender.map.layout import Floats, beside, by_grid, exactly, kept_together, lay_out, nearest
from shared.contracts.catalogue_map import MAP_SIDE


def groups(count: int, of: int = 12, dimension: int = 24, seed: int = 3) -> tuple[Floats, np.ndarray]:
    """Unit vectors about `of` middles, and the number of each one's middle."""
    dice = np.random.default_rng(seed)
    middles = dice.normal(size=(of, dimension))
    which = np.arange(count) % of
    vectors = middles[which] + 0.45 * dice.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), which


@pytest.fixture(scope="module")
def laid() -> tuple[Floats, np.ndarray, Floats]:
    vectors, which = groups(600)
    return vectors, which, lay_out(vectors)


def own_group(places: Floats, which: np.ndarray) -> float:
    """The share of pieces whose nearest on the map is of their group."""
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((which[apart.argmin(axis=1)] == which).mean())


def test_pieces_that_are_alike_lie_side_by_side(laid: tuple[Floats, np.ndarray, Floats]) -> None:
    vectors, which, places = laid
    assert np.isfinite(places).all()
    assert own_group(places, which) > 0.97
    assert kept_together(vectors, places) > 0.5


def test_the_same_pieces_come_to_the_same_places(laid: tuple[Floats, np.ndarray, Floats]) -> None:
    vectors, _, places = laid
    assert np.array_equal(lay_out(vectors), places)


def test_pieces_that_were_there_stay_about_where_they_were_when_others_come(
    laid: tuple[Floats, np.ndarray, Floats],
) -> None:
    vectors, _, places = laid
    more, whose = groups(660)
    start = np.concatenate([places, beside(more[600:], vectors, places)])
    again = lay_out(more, start)
    moved = np.linalg.norm(again[:600] - places, axis=1)
    across = float((places.max(axis=0) - places.min(axis=0)).max())
    assert np.median(moved) < 0.1 * across
    assert own_group(again, whose) > 0.97


def test_a_new_piece_is_put_amid_its_like(laid: tuple[Floats, np.ndarray, Floats]) -> None:
    vectors, which, places = laid
    more, whose = groups(660)
    put = beside(more[600:], vectors, places)
    nearby = ((put[:, None] - places[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (which[nearby] == whose[600:]).mean() > 0.95


def test_the_repulsion_read_from_a_grid_is_that_of_all_by_all() -> None:
    places = np.random.default_rng(1).normal(size=(400, 2)) * 12
    exact = exactly(places)
    error = np.linalg.norm(by_grid(places) - exact, axis=1)
    assert np.median(error) < 0.12 * np.median(np.linalg.norm(exact, axis=1))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 17])
def test_few_pieces_have_places_too(count: int) -> None:
    vectors, _ = groups(max(count, 1))
    places = lay_out(vectors[:count])
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_pieces_that_are_all_the_same_have_places(laid: object) -> None:
    assert np.isfinite(lay_out(np.ones((30, 8), dtype=np.float32) / np.float32(np.sqrt(8)))).all()


def test_nearest_are_those_of_the_highest_cosine_without_oneself() -> None:
    vectors, _ = groups(50)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2)
    assert np.array_equal(nearest(vectors, 5)[:, 0], alike.argmax(axis=1))


def crowd() -> dict[str, tuple[float, float]]:
    """300 pieces in one quarter of the map, one alone in the opposite one."""
    dice = np.random.default_rng(2)
    places = {f"MANY-{n}": (float(x), float(y)) for n, (x, y) in enumerate(dice.uniform(0, MAP_SIDE / 2, (300, 2)))}
    return {**places, "LONELY": (0.8 * MAP_SIDE, 0.8 * MAP_SIDE)}


def test_a_gap_is_where_many_search_and_little_lies() -> None:
    searches = [Searched([f"MANY-{n}"], False) for n in range(60)] + [Searched(["LONELY", "MANY-1"], True)] * 12
    found = find(searches, crowd())
    assert found.searches == 72
    (gap,) = [gap for gap in found.gaps if "LONELY" in gap.skus]
    assert gap == found.gaps[0]
    assert (gap.searches, gap.unmatched, gap.pieces) == (12, 12, 1)
    assert abs(gap.x - 0.8 * MAP_SIDE) < gap.radius
    assert gap.lift > 2


def test_of_few_searches_nothing_is_told() -> None:
    assert find([Searched(["LONELY"], True)] * (FEWEST - 1), crowd()).gaps == []
    few = [Searched([f"MANY-{n}"], False) for n in range(60)] + [Searched(["LONELY"], True)] * 4
    assert not any("LONELY" in gap.skus for gap in find(few, crowd()).gaps)


def test_what_left_the_shop_leads_nowhere() -> None:
    assert find([Searched(["GONE"], True)] * 50, crowd()) == find([], crowd())
