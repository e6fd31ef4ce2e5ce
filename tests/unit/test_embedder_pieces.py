"""A picture of several pieces, and a box that somebody drew: what of the picture is analysed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.embedder.analyse import Analyser
from services.embedder.batcher import Array, Batcher
from services.embedder.find import Found
from services.embedder.heads import Head, Heads
from services.embedder.manifest import HeadClasses
from shared.contracts.analysis import Analysis, Box, Piece
from shared.contracts.fields import MAX_PIECES
from shared.contracts.models import Model
from shared.errors import InvalidInput
from tests.support.trays import BLUE, GREEN, RED, find_on_white, tray

SIZE = 64
TYPES = HeadClasses(classes=["ring", "watch"], temperature=1.0, min_confidence=0.0)
ABOUT = Model(version="middle-1", dimension=3, no_match_below=0.0, look_at_least=0.0)
HEADS = Heads({"type": Head(np.eye(2, 3, dtype=np.float32), np.zeros(2, dtype=np.float32), TYPES)})


class Middle:
    """A small model: the colour in the middle of what it is given, as a unit vector of 3; keeps what that was."""

    def __init__(self) -> None:
        self.given: list[Array] = []

    def __call__(self, batch: Array) -> Array:
        self.given.extend(batch)
        colours = batch[:, :, SIZE // 2, SIZE // 2] + 1.01
        return np.asarray(colours / np.linalg.norm(colours, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def model() -> Middle:
    return Middle()


@pytest.fixture
def batcher(model: Middle) -> Iterator[Batcher]:
    made = Batcher(model, 4, lambda *_: None)
    yield made
    made.close()


@pytest.fixture
def analyse(batcher: Batcher) -> Analyser:
    return Analyser(batcher, HEADS, ABOUT, SIZE, find_on_white)


def encoded(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def shows(piece: Piece, colour: tuple[int, int, int]) -> bool:
    wanted = (np.asarray(colour) - 127) / 128 + 1.01
    return float(piece.embedding() @ (wanted / np.linalg.norm(wanted))) > 0.999


def near(box: Box, expected: tuple[float, float, float, float]) -> bool:
    return tuple(box.model_dump().values()) == pytest.approx(expected, abs=0.01)


def test_every_piece_is_analysed_by_itself_and_the_largest_is_the_first(analyse: Analyser) -> None:
    analysis = analyse(encoded(tray((RED, 0.3), (GREEN, 0.8), (BLUE, 0.5))), "ingest")
    assert [shows(*pair) for pair in zip(analysis.pieces, (GREEN, BLUE, RED), strict=True)] == [True] * 3
    assert near(analysis.pieces[0].box, (0.5 - 0.8 / 6, 0.1, 0.5 + 0.8 / 6, 0.9))
    assert all(piece.confidence == 0.9 and piece.type for piece in analysis.pieces)
    assert (analysis.width, analysis.height) == (1200, 400)


def test_what_heads_see_beside_the_vector_is_kept_of_ingested_pieces_and_told_of_none_in_a_photo(model: Middle) -> None:
    seen = np.array([1.0, 0.5, 0.25, -2.0], dtype=np.float32)
    batcher = Batcher(lambda batch: np.hstack([model(batch), np.tile(seen, (len(batch), 1))]), 4, lambda *_: None)
    heads = Heads({"type": Head(np.eye(2, 7, 6, dtype=np.float32), np.zeros(2, np.float32), TYPES)})
    analyse = Analyser(batcher, heads, ABOUT, SIZE, find_on_white)
    picture = encoded(tray((RED, 0.3), (GREEN, 0.8)))
    kept, asked = analyse(picture, "ingest"), analyse(picture, "query")
    batcher.close()
    assert [piece.seen_besides().tolist() for piece in kept.pieces] == [seen.tolist()] * 2
    assert [piece.features for piece in asked.pieces] == [None] * 2
    assert [piece.vector for piece in asked.pieces] == [piece.vector for piece in kept.pieces]
    assert {piece.type.value for piece in asked.pieces if piece.type} == {"watch"}, "by the last of the numbers"


def test_a_sure_piece_is_before_a_larger_one_that_is_doubtful(batcher: Batcher) -> None:
    found = [Found(Box(x1=0.5), 0.2), Found(Box(x0=0.6), 0.9)]
    analysis = Analyser(batcher, HEADS, ABOUT, SIZE, lambda _: found)(encoded(tray((RED, 0.5))), "ingest")
    assert [piece.confidence for piece in analysis.pieces] == [0.9, 0.2]


def test_of_very_many_pieces_the_largest_are_kept(batcher: Batcher) -> None:
    many = [Found(Box(x1=0.01 * number, y1=0.5), 0.9) for number in range(1, 31)]
    analysis = Analyser(batcher, HEADS, ABOUT, SIZE, lambda _: many)(encoded(tray((RED, 0.5))), "ingest")
    assert len(analysis.pieces) == MAX_PIECES
    assert [round(piece.box.x1, 2) for piece in analysis.pieces][::11] == [0.3, 0.19]


def test_where_no_piece_is_found_the_whole_picture_stands_for_one_without_confidence(analyse: Analyser) -> None:
    (piece,) = analyse(encoded(Image.new("RGB", (300, 300), "white")), "ingest").pieces
    assert (piece.box, piece.confidence) == (Box(), 0.0)


def test_a_drawn_box_wins_over_what_is_found(analyse: Analyser) -> None:
    box = Box(x0=0.02, y0=0.3, x1=0.3, y1=0.7)
    analysis = analyse(encoded(tray((RED, 0.3), (GREEN, 0.8), (BLUE, 0.5))), "query", box)
    (piece,) = analysis.pieces
    assert shows(piece, RED)
    assert (piece.box, piece.confidence) == (box, 1.0)
    assert (analysis.width, analysis.height) == (1200, 400), "of the picture, not of the box"


def test_a_box_is_of_the_picture_as_it_is_seen_not_as_it_lies_in_the_file(analyse: Analyser) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = tray((RED, 0.5), (GREEN, 0.5), (BLUE, 0.5))  # seen upright, red is above and blue below
    (piece,) = analyse(encoded(lying, exif=exif), "query", Box(x0=0.25, y0=0.72, x1=0.75, y1=0.95)).pieces
    assert shows(piece, BLUE)


def test_a_box_around_the_whole_picture_is_the_whole_picture(batcher: Batcher, model: Middle) -> None:
    analyse = Analyser(batcher, HEADS, ABOUT, SIZE)
    data = encoded(tray((RED, 0.3), (GREEN, 0.8), width=1600, height=1200))
    assert analyse(data, "query", Box()).pieces == analyse(data, "query").pieces
    np.testing.assert_array_equal(model.given[0], model.given[1])


def striped(side: int, left: int, stripe: int) -> Image.Image:
    """White, with a square of 128 pixels at (left, left) of black and white columns, `stripe` pixels wide."""
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    for x in range(left, left + 128, 2 * stripe):
        draw.rectangle((x, left, x + stripe - 1, left + 127), fill="black")
    return picture


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "found"])
def test_a_small_piece_of_a_large_photo_keeps_its_details(batcher: Batcher, model: Middle, drawn: bool) -> None:
    data = encoded(striped(4096, 2048, 16))
    box = Box(x0=0.5, y0=0.5, x1=0.5 + 128 / 4096, y1=0.5 + 128 / 4096)
    analyse = Analyser(batcher, HEADS, ABOUT, SIZE, lambda _: [Found(box, 0.9), Found(Box(x1=0.02, y1=0.02), 0.9)])
    analyse(data, "query", box if drawn else None)
    assert max(given.std() for given in model.given) > 0.7, "columns, not the grey that they are from afar"


@pytest.mark.parametrize("width", [15 / 1200, 1e-9, 5e-324])
def test_a_box_of_too_few_pixels_is_refused_with_what_to_do(analyse: Analyser, width: float) -> None:
    with pytest.raises(InvalidInput, match=r"1200 x 400 pixels\. Make it at least 16 wide and high") as refused:
        analyse(encoded(tray((RED, 0.5))), "query", Box(x0=0.0, x1=width))
    assert refused.value.errors[0]["path"] == "query.box"


def test_warnings_are_of_what_was_looked_at(analyse: Analyser) -> None:
    data = encoded(tray((RED, 0.5), (GREEN, 0.5)))

    def codes(analysis: Analysis) -> list[str]:
        return [warning.code for warning in analysis.warnings]

    assert codes(analyse(data, "query")) == []
    assert codes(analyse(data, "query", Box(x0=0.2, y0=0.4, x1=0.25, y1=0.6))) == ["too-small"]
