"""A picture is drawn again in fewer pixels, whole and upright."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from services.embedder.decoding import decode_here
from services.embedder.smaller import Smaller
from shared.errors import UnsupportedPicture
from tests.support.pictures import drawing

smaller = Smaller(decode_here)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def saved(picture: Image.Image, **how: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=95, **how)
    return written.getvalue()


def test_it_is_as_wide_as_asked_and_the_same_picture() -> None:
    whole = drawing(3, side=1_200)
    made = opened(smaller(whole, 240))
    assert (made.format, made.size) == ("WEBP", (240, 240))
    like = opened(whole).convert("RGB").resize((240, 240))
    assert np.abs(np.asarray(made, np.float32) - np.asarray(like, np.float32)).mean() < 8


def test_one_that_is_less_wide_stays_as_wide_as_it_is() -> None:
    assert opened(smaller(drawing(3, side=100), 240)).size == (100, 100)


def test_a_strip_is_bounded_in_height_too() -> None:
    assert opened(smaller(saved(Image.new("RGB", (300, 6_000))), 120)).size == (24, 480)


def test_it_is_upright_whatever_the_original_says_and_says_nothing_itself() -> None:
    turned = Image.Exif()
    turned[0x0112], turned[0x010F] = 6, "a camera"
    made = opened(smaller(saved(Image.new("RGB", (600, 300)), exif=turned), 120))
    assert made.size == (120, 240)
    assert not made.getexif()


def test_bytes_that_are_no_picture_are_told_as_such() -> None:
    with pytest.raises(UnsupportedPicture):
        smaller(b"no picture", 240)
