"""Faces: found, and gone where they were found. The one photograph is of scikit-image's package, by NASA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from services.embedder.faces import Face, Faces, without_faces
from tests.support.drawn_pieces import drawn_pieces

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample" / "pictures"


@pytest.fixture(scope="module")
def faces() -> Faces:
    return Faces()


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    """256 x 256 pixels; the face is about 45 wide and 60 high, its middle at (113, 59)."""
    return Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png").convert("RGB").resize((256, 256))


def test_a_face_is_found_and_nobody_is_known_by_what_is_left(faces: Faces, portrait: Image.Image) -> None:
    (face,) = faces.find(portrait)
    assert face.x0 < 113 < face.x1
    assert face.y0 < 59 < face.y1
    assert face.confidence > 0.8

    blurred = without_faces(portrait, [face])

    assert faces.find(blurred) == []
    before, after = (np.asarray(one, int) for one in (portrait, blurred))
    assert np.array_equal(before[140:], after[140:])
    inside = np.s_[int(face.y0) + 12 : int(face.y1) - 12, int(face.x0) + 10 : int(face.x1) - 10]
    coarse = [np.abs(np.diff(one[inside], axis=1)).mean() for one in (before, after)]
    assert coarse[1] < coarse[0] / 3


def test_a_face_that_fills_the_picture_is_found(faces: Faces, portrait: Image.Image) -> None:
    assert faces.find(portrait.crop((85, 25, 145, 95)).resize((480, 560)))


def test_a_face_at_the_edge_is_blurred_up_to_the_edge() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8))

    blurred = without_faces(picture, [Face(-20, -20, 15, 15, 0.9), Face(60, 60, 90, 90, 0.9)])

    assert np.abs(np.asarray(blurred, int)[:5, :5] - np.asarray(picture, int)[:5, :5]).max() > 20
    assert np.array_equal(np.asarray(blurred)[25:, 25:], np.asarray(picture)[25:, 25:])


def test_pieces_of_jewelry_are_no_faces(faces: Faces) -> None:
    shown = [Image.open(path).convert("RGB") for path in sorted(SAMPLE.glob("*-2.jpg"))[::30]]
    assert len(shown) >= 3
    assert [faces.find(one.resize((256, 256))) for one in (*shown, *drawn_pieces(1))] == [[]] * (len(shown) + 1)
