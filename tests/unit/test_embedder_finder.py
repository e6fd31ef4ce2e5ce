"""Finding the pieces: maps to pieces, pieces to crops, and a folder that is whole."""

from __future__ import annotations

import numpy as np
import pytest

from services.embedder.crop import windows, with_context
from services.embedder.find import Floats, Found
from services.embedder.finder import box_of
from services.embedder.grouping import group
from shared.contracts.analysis import Box

SIDE = 64
CELLS = SIDE // 4


def maps(*pieces: tuple[int, int, int, int]) -> tuple[Floats, Floats, Floats]:
    """What a perfect network says of boxes (x0, y0, x1, y1) in pixels, drawn one over the other."""
    foreground = np.full((SIDE, SIDE), -6, np.float32)
    centres = np.full((CELLS, CELLS), -6, np.float32)
    offsets = np.zeros((2, CELLS, CELLS), np.float32)
    at = (np.arange(CELLS) + 0.5) / CELLS
    for x0, y0, x1, y1 in pieces:
        foreground[y0:y1, x0:x1] = 6
        x, y = (x0 + x1) / 2 / SIDE, (y0 + y1) / 2 / SIDE
        cells = np.s_[y0 // 4 : -(-y1 // 4), x0 // 4 : -(-x1 // 4)]
        offsets[0][cells] = np.broadcast_to(x - at[None], (CELLS, CELLS))[cells]
        offsets[1][cells] = np.broadcast_to(y - at[:, None], (CELLS, CELLS))[cells]
        centres[int(y * CELLS), int(x * CELLS)] = 4
    return foreground, centres, offsets


def boxes_of(maps: tuple[Floats, Floats, Floats]) -> list[list[int]]:
    found = [box_of(one.mask > 0.5) for one in group(*maps)]
    return sorted([round(SIDE * part) for part in box.model_dump().values()] for box in found if box is not None)


def test_pieces_that_touch_are_told_apart() -> None:
    assert boxes_of(maps((8, 8, 32, 32), (32, 8, 56, 32))) == [[8, 8, 32, 32], [32, 8, 56, 32]]


def test_the_two_halves_of_a_pair_that_point_to_one_centre_are_one_piece() -> None:
    foreground, centres, offsets = maps((8, 16, 56, 40))
    foreground[:, 24:40] = -6
    assert boxes_of((foreground, centres, offsets)) == [[8, 16, 56, 40]]


def test_two_peaks_of_one_piece_are_one_piece() -> None:
    foreground, centres, offsets = maps((8, 8, 56, 56))
    centres[7, 6] = centres[7, 9] = 2
    centres[8, 8] = -6
    offsets[0, :, :8] -= 0.03
    offsets[0, :, 8:] += 0.03
    assert boxes_of((foreground, centres, offsets)) == [[8, 8, 56, 56]]


def test_a_long_piece_whose_halves_point_to_centres_of_their_own_is_one_piece() -> None:
    foreground, centres, offsets = maps((24, 0, 40, 64))
    centres[8, 7:9] = -6
    centres[5, 8] = centres[11, 8] = 2
    at = (np.arange(CELLS) + 0.5) / CELLS
    offsets[1] = ((0.35 + 0.3 * at) - at)[:, None]  # from the upper third to the lower third, little by little
    assert boxes_of((foreground, centres, offsets)) == [[24, 0, 40, 64]]


def test_a_peak_without_foreground_is_no_piece() -> None:
    foreground, centres, offsets = maps((8, 8, 24, 24))
    centres[12, 12] = 5
    assert boxes_of((foreground, centres, offsets)) == [[8, 8, 24, 24]]


def test_foreground_that_points_to_no_centre_is_no_piece() -> None:
    foreground, centres, offsets = maps((8, 8, 24, 24))
    foreground[44:60, 44:60] = 6
    assert boxes_of((foreground, centres, offsets)) == [[8, 8, 24, 24]]


def test_nothing_is_found_where_nothing_is() -> None:
    assert group(*maps()) == []


def test_context_ends_where_the_picture_does() -> None:
    box = with_context(Box(x0=0.0, y0=0.5, x1=0.2, y1=1.0), 200, 100, 0.12)
    assert box.model_dump() == pytest.approx({"x0": 0.0, "y0": 0.44, "x1": 0.23, "y1": 1.0})


def test_a_lone_piece_is_cut_out_unless_its_box_is_so_small_that_it_may_be_wrong() -> None:
    small, large = Found(Box(x0=0.1, y0=0.1, x1=0.2, y1=0.2), 0.9), Found(Box(x0=0.3, y0=0.3, x1=0.7, y1=0.7), 0.9)
    assert windows([small], 100, 100) == [Box()]
    (window,) = windows([large], 100, 100)
    assert window.model_dump() == pytest.approx({"x0": 0.168, "y0": 0.168, "x1": 0.832, "y1": 0.832})


def test_each_of_several_pieces_is_cut_out_however_small() -> None:
    found = [Found(Box(x1=0.1, y1=0.1), 0.9), Found(Box(x0=0.5, x1=0.6, y1=0.1), 0.9)]
    assert all(window.area < 0.03 for window in windows(found, 100, 100))
