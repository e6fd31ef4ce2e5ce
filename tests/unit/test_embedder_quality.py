"""Warnings on pictures that were drawn to deserve them, and on good ones."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter

from services.embedder.prepare import scale
from services.embedder.quality import warnings_of


def piece(size: int = 400, ground: str = "white") -> Image.Image:
    picture = Image.new("RGB", (size, size), ground)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((size * 0.2, size * 0.2, size * 0.8, size * 0.8), outline=(212, 175, 55), width=max(2, size // 20))
    for step in range(12):
        x = size * (0.25 + 0.04 * step)
        draw.line((x, size * 0.48, x, size * 0.52), fill=(120, 90, 20), width=2)
    return picture


def codes(picture: Image.Image) -> list[str]:
    return [warning.code for warning in warnings_of(scale(picture, 260), *picture.size)]


@pytest.mark.parametrize("ground", ["white", "black", "gray"])
def test_a_sharp_bright_picture_has_no_warning(ground: str) -> None:
    assert codes(piece(ground=ground)) == []


def test_a_blurred_picture_is_called_blurred() -> None:
    assert codes(piece().filter(ImageFilter.GaussianBlur(6))) == ["blurred"]


def test_a_dark_picture_is_called_too_dark() -> None:
    assert codes(piece().point([level // 4 for level in range(256)] * 3)) == ["too-dark"]


def test_a_small_picture_is_called_too_small_and_not_blurred_as_well() -> None:
    assert codes(piece(100)) == ["too-small"]


def test_an_even_picture_is_not_an_error() -> None:
    assert codes(Image.new("RGB", (300, 300), "black")) == ["blurred", "too-dark"]
    assert codes(Image.new("RGB", (3000, 1), "white")) == ["too-small"]


def test_every_warning_says_what_to_do() -> None:
    picture = Image.new("RGB", (90, 90), "black")
    for warning in warnings_of(scale(picture, 260), 90, 90):
        assert any(word in warning.message for word in ("Use", "Take it again", "take it again"))
