"""The photo of a tray: many small pieces, each found once and seen alone."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from services.embedder.analyse import Analyser
from services.embedder.batcher import Array, Batcher
from services.embedder.find import Found, whole_picture
from services.embedder.heads import Heads
from services.embedder.tray import in_rows, on_tray, windows_on_tray
from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_TRAY_PIECES
from shared.contracts.models import Model

ABOUT = Model(version="mean-1", dimension=3, no_match_below=0.0, look_at_least=0.0)


def find_islands(picture: Image.Image) -> Sequence[Found]:
    """What stands apart on white, as sure as it is large; no more than twelve, as of any picture."""
    labels, _ = ndimage.label((np.asarray(picture) < 235).any(axis=2))
    found = [
        Found(
            Box(
                x0=columns.start / picture.width,
                y0=rows.start / picture.height,
                x1=columns.stop / picture.width,
                y1=rows.stop / picture.height,
            ),
            0.9,
        )
        for rows, columns in ndimage.find_objects(labels)
    ]
    return found[:12]


def tray(across: int, down: int, side: int = 60, cell: int = 120) -> tuple[Image.Image, list[tuple[int, int, int]]]:
    """Squares of as many colours in rows, and the colours as one reads them."""
    random = np.random.default_rng(5)
    picture = Image.new("RGB", (across * cell, down * cell), "white")
    colours = []
    for place in range(across * down):
        red, green, blue = (int(level) for level in random.integers(0, 200, 3))
        colour = red, green, blue
        left, upper = place % across * cell + 20 + int(random.integers(20)), place // across * cell + 25
        picture.paste(colour, (left, upper, left + side, upper + side))
        colours.append(colour)
    return picture, colours


def middle(box: Box) -> tuple[float, float]:
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


@pytest.mark.parametrize(("across", "down"), [(4, 3), (6, 5), (2, 7)])
def test_every_piece_of_a_full_tray_is_found_once_and_told_as_one_reads(across: int, down: int) -> None:
    picture, colours = tray(across, down)
    found = on_tray(find_islands, picture)
    places = [middle(one.box) for one in found]
    assert [picture.getpixel((int(x * picture.width), int(y * picture.height))) for x, y in places] == colours


def test_an_empty_tray_has_no_pieces() -> None:
    assert on_tray(find_islands, Image.new("RGB", (400, 300), "white")) == []


def test_a_finder_that_takes_all_for_one_piece_finds_one() -> None:
    (found,) = on_tray(whole_picture, tray(3, 3)[0])
    assert found.box == Box()


def test_of_far_too_many_the_surest_are_told() -> None:
    found = on_tray(find_islands, tray(9, 9, side=30, cell=80)[0])
    assert len(found) <= MAX_TRAY_PIECES


def test_rows_are_read_from_the_left_though_pieces_lie_a_little_askew() -> None:
    def at(x: float, y: float) -> Found:
        return Found(Box(x0=x, y0=y, x1=x + 0.1, y1=y + 0.1), 0.9)

    first, second, third, fourth = at(0.1, 0.12), at(0.4, 0.1), at(0.7, 0.13), at(0.1, 0.4)
    assert in_rows([fourth, third, second, first]) == [first, second, third, fourth]


def test_the_model_sees_each_piece_without_its_neighbours() -> None:
    picture, colours = tray(3, 1, side=60, cell=100)
    found = on_tray(find_islands, picture)
    for window, colour in zip(windows_on_tray(found, picture), colours, strict=True):
        pixels = np.asarray(window).reshape(-1, 3)
        seen = {tuple(int(level) for level in pixel) for pixel in pixels}
        assert colour in seen
        assert not seen & (set(colours) - {colour})


def test_a_tray_is_analysed_piece_by_piece() -> None:
    def mean(batch: Array) -> Array:
        colours = batch[:, :, 16:48, 16:48].mean(axis=(2, 3)) + 1.01
        return np.asarray(colours / np.linalg.norm(colours, axis=1, keepdims=True), dtype=np.float32)

    batcher = Batcher(mean, 4, lambda *_: None)
    analyse = Analyser(batcher, Heads({}), ABOUT, 64, find_islands)
    picture, colours = tray(6, 4)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    analysis = analyse.tray(buffer.getvalue())
    batcher.close()
    assert (analysis.width, analysis.height, len(analysis.pieces)) == (720, 480, 24)
    wanted = (np.array(colours, float) - 127) / 128 + 1.01
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    seen = np.stack([piece.embedding() for piece in analysis.pieces])
    assert (np.argmax(seen @ wanted.T, axis=1) == np.arange(24)).mean() > 0.9
    assert all(piece.features is None for piece in analysis.pieces)
