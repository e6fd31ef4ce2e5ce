"""A drawn ring as the decoder's tests take it, in any mode and format."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

RED = (200, 30, 40)
_HEIC = Path(__file__).parents[1] / "fixtures" / "heic"


def ring(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """A red ring on white, its left upper corner blue so that turning shows."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((width * 0.3, height * 0.2, width * 0.8, height * 0.9), outline=RED, width=18)
    draw.rectangle((0, 0, width // 5, height // 5), fill=(0, 0, 255))
    return picture.convert(mode)


def encoded(picture: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def heic(name: str) -> bytes:
    """A picture of tests/fixtures/heic, of which its README tells."""
    return (_HEIC / f"{name}.heic").read_bytes()


def near(picture: Image.Image, place: tuple[int, int], expected: tuple[int, ...]) -> bool:
    levels = np.asarray(picture)[place[1], place[0]]
    return int(np.abs(levels.astype(int) - expected).max()) < 60
