"""Two squares held against each other: what lies a little aside does not differ, what is another thing does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from services.embedder.compare.features import bent
from services.embedder.compare.photo import SIDE, Canvas, Mask, blown
from services.embedder.compare.places import CELLS, Places, held, palette
from services.embedder.compare.points import Floats

GOLD, RUBY, SAPPHIRE, GROUND = (208, 170, 90), (150, 20, 40), (30, 50, 150), (200, 196, 190)
MASK: Mask = np.zeros((SIDE, SIDE), np.float32)
MASK[80:300, 80:300] = 1.0
DENSE = np.full((64, SIDE // 8, SIDE // 8), 0.125, np.float32)


def piece(stones: tuple[tuple[int, int, int], ...], aside: int = 0, wide: int = 30) -> Canvas:
    """A square of gold with a row of square stones."""
    canvas = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
    canvas[80:300, 80:300] = GOLD
    for number, colour in enumerate(stones):
        left = 100 + 45 * number + aside
        canvas[170 : 170 + wide, left : left + wide] = colour
    return canvas


def compared(one: Canvas, other: Canvas) -> Places:
    return held((one, MASK, DENSE), (other, MASK, DENSE))


def worst(places: Places) -> float:
    return float(places.tints_near[places.piece].max())


def test_stones_a_few_pixels_aside_are_of_the_same_colour_and_a_swapped_one_is_not() -> None:
    own = piece((RUBY, RUBY, RUBY, RUBY))
    assert worst(compared(piece((RUBY, RUBY, RUBY, RUBY), aside=8), own)) < 8
    assert worst(compared(piece((RUBY, RUBY, SAPPHIRE, RUBY)), own)) > 30


@pytest.mark.parametrize("missing", [0, 1])
def test_a_stone_that_either_photo_lacks_is_a_colour_that_the_other_has_not(missing: int) -> None:
    photos = piece((RUBY, RUBY, RUBY), wide=16), piece((RUBY, RUBY), wide=16)
    assert worst(compared(photos[missing], photos[1 - missing])) > 25


def test_lines_that_moved_a_little_are_found_again_and_lines_that_are_gone_are_not() -> None:
    own = piece((RUBY, RUBY, RUBY, RUBY))
    moved, gone = compared(piece((RUBY, RUBY, RUBY, RUBY), aside=8), own), compared(piece((RUBY, RUBY)), own)
    assert moved.lines_near[moved.piece].min() > gone.lines_near[gone.piece].min() + 0.1


def test_a_palette_is_the_same_wherever_the_colours_lie() -> None:
    own = piece((RUBY, SAPPHIRE))
    assert palette(compared(piece((SAPPHIRE, RUBY)), own)) > 0.99
    assert palette(compared(piece((SAPPHIRE, SAPPHIRE)), own)) < palette(compared(piece((SAPPHIRE, RUBY)), own)) - 0.01


def seen(points: npt.NDArray[np.float64], turned: float) -> Floats:
    """A stiff thing (N, 3) from far away, turned about the vertical axis by so many radians."""
    turn = np.array([[np.cos(turned), 0, np.sin(turned)], [0, 1, 0]])
    return np.asarray(points @ turn.T, np.float32)


def test_a_stiff_thing_seen_from_the_side_is_not_bent_and_one_whose_parts_moved_is() -> None:
    random = np.random.default_rng(3)
    points = random.uniform(0, SIDE, (60, 3))
    assert bent(seen(points, 0.0), seen(points, 0.15)) < 1e-6
    points[:20, 1] += 12
    other = points.copy()
    other[:20, 1] -= 12
    assert bent(seen(points, 0.0), seen(other, 0.15)) > 0.005
    assert bent(seen(points[:5], 0.0), seen(other[:5], 0.15)) == 0.0


def test_gold_in_a_flash_is_blown_out_though_its_blue_is_not() -> None:
    lit = np.clip(np.full((SIDE, SIDE, 3), GOLD, np.float32) * 1.3, 0, 255).astype(np.uint8)
    assert blown(lit, MASK) == 1.0
    assert blown(piece((RUBY,)), MASK) < 0.05
    assert blown(lit, np.zeros_like(MASK)) == 0.0


def test_every_map_is_of_the_frame() -> None:
    places = compared(piece((RUBY,)), piece((RUBY,)))
    assert {each.shape for each in (places.piece, places.lines_near, places.dense_near, places.tints_near)} == {
        (CELLS, CELLS)
    }
