"""A piece is cut out of its picture: what is the piece stays, what is not is nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.embedder.cutout import SIDE, CutOuts, refined, without_ground
from services.embedder.decoding import decode_here
from services.embedder.manifest import SHIPPED
from shared.errors import NotFound, UnsupportedPicture
from tests.support.pictures import drawing

PHOTOS = Path(__file__).parents[1] / "fixtures" / "query_photos"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.fixture(scope="module")
def cut_out() -> CutOuts:
    return CutOuts(SHIPPED, decode_here)


def test_of_a_ring_the_ground_beside_it_and_within_it_is_gone(cut_out: CutOuts) -> None:
    photo = sorted(PHOTOS.glob("RING*.jpg"))[0]
    ring = opened(cut_out(photo.read_bytes()))
    assert (ring.format, ring.mode) == ("PNG", "RGBA")
    assert max(ring.size) <= SIDE
    share = np.asarray(ring)[..., 3] / 255
    corners = [share[0, 0], share[0, -1], share[-1, 0], share[-1, -1]]
    assert max(corners) < 0.1
    assert 0.1 < (share > 0.9).mean() < 0.9
    assert ((share > 0.1) & (share < 0.9)).mean() < 0.2, "an edge, not a haze"


def test_where_no_piece_is_there_is_nothing_to_cut_out(cut_out: CutOuts) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (300, 300), (200, 200, 200)).save(plain, "PNG")
    with pytest.raises(NotFound, match="another of the item's pictures"):
        cut_out(plain.getvalue())


def test_a_model_that_finds_no_pieces_cuts_none_out_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="finds no pieces"):
        CutOuts(tmp_path, decode_here)(drawing(1))


def test_bytes_that_are_no_picture_are_told_as_such(cut_out: CutOuts) -> None:
    with pytest.raises(UnsupportedPicture):
        cut_out(b"no picture")


def test_the_mask_of_few_pixels_follows_the_edge_of_the_picture() -> None:
    grey = np.ones((80, 80), np.float32)
    grey[:, 43:] = 0.1
    ramp = np.clip((np.arange(80) - 36) / 12, 0, 1).astype(np.float32)
    coarse = ramp[None].repeat(80, axis=0)
    share = refined(coarse, grey)
    assert share[40, 36] < 0.2
    assert share[40, 50] > 0.8
    assert share[40, 44] - share[40, 41] > coarse[40, 44] - coarse[40, 41], "it is steepest where the picture is"


def test_the_ground_that_shone_through_the_edge_is_taken_out_of_it() -> None:
    share = np.zeros((40, 40), np.float32)
    share[:, 20:] = 1
    share[:, 20] = 0.5
    gold, white = np.array([0.8, 0.6, 0.2]), np.ones(3)
    pixels = (share[..., None] * gold + (1 - share[..., None]) * white).astype(np.float32)
    own = without_ground(pixels, share)
    assert own[20, 20] == pytest.approx(gold, abs=0.05)
    assert own[20, 30] == pytest.approx(gold, abs=1e-5)
